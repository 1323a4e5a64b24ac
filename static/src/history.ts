// What was typed before, newest last; ↑ and ↓ walk through it and the unfinished line is kept.

const LONGEST = 200;

export class History {
  #lines: string[] = [];
  #at: number | undefined;
  #draft = "";

  add(line: string): void {
    this.#at = undefined;
    this.seen(line);
  }

  /** A command that ran, from wherever it came. */
  seen(line: string): void {
    if (line.includes("\n") || this.#lines.at(-1) === line) return;
    this.#lines.push(line);
    if (this.#lines.length > LONGEST) this.#lines.shift();
  }

  older(current: string): string | undefined {
    if (this.#at === undefined) this.#draft = current;
    const at = (this.#at ?? this.#lines.length) - 1;
    if (at < 0) return undefined;
    this.#at = at;
    return this.#lines[at];
  }

  newer(): string | undefined {
    if (this.#at === undefined) return undefined;
    this.#at += 1;
    if (this.#at < this.#lines.length) return this.#lines[this.#at];
    this.#at = undefined;
    return this.#draft;
  }
}
