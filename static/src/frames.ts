// Console frames are numbered: each is shown once, however often the socket drops.

export class Frames {
  #last = 0;

  /** The newest frame that was shown; what `hello` says. */
  get last(): number {
    return this.#last;
  }

  /** Whether a frame is new. */
  accept(seq: number): boolean {
    if (seq <= this.#last) return false;
    this.#last = seq;
    return true;
  }

  /** The console was emptied: whatever comes is new. */
  restart(): void {
    this.#last = 0;
  }
}
