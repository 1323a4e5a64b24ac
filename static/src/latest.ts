// States that come faster than anybody sees them: of each kind only the newest is drawn, once a frame.

/** Frames do not come where nobody looks; what was said is noted all the same, after this. */
const UNSEEN = 250;

export class Latest<T> {
  readonly #draw: (message: T) => void;
  readonly #next: (run: () => void) => void;
  readonly #waiting = new Map<string, T>();

  /** `next` runs something before the next frame. */
  constructor(draw: (message: T) => void, next: (run: () => void) => void = beforeFrame) {
    this.#draw = draw;
    this.#next = next;
  }

  /** Takes the place of what waits of the same kind. */
  put(kind: string, message: T): void {
    const first = this.#waiting.size === 0;
    this.#waiting.set(kind, message);
    if (first) this.#next(() => this.flush());
  }

  /** Draws what waits, now. */
  flush(): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const message of all) this.#draw(message);
  }
}

function beforeFrame(run: () => void): void {
  let done = false;
  const once = () => {
    if (done) return;
    done = true;
    run();
  };
  requestAnimationFrame(once);
  setTimeout(once, UNSEEN);
}
