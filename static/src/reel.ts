// Long text that grows at its end and is cut at its beginning. It is kept in blocks: what is out of sight costs no layout,
// and a line more means laying out one block, not all that was ever written.

import { el } from "./dom";

/** About as many letters a block has. */
const BLOCK = 8_000;

export class Reel {
  readonly #place: HTMLElement;
  readonly #longest: number;
  #length = 0;

  /** Keeps about `longest` letters in `place`. */
  constructor(place: HTMLElement, longest: number) {
    this.#place = place;
    this.#longest = longest;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds text; `pieces` makes what is shown of it. The ends of lines stay where they are, so that it can be copied. */
  add(text: string, pieces: (text: string) => (string | Node)[] = (text) => [text]): void {
    for (const part of inBlocks(text, this.#room())) {
      const last = this.#place.lastElementChild as HTMLElement | null;
      const block = last && this.#room() > 0 ? last : this.#place.appendChild(el("div", { class: "reel" }));
      block.append(...pieces(part));
      block.dataset.length = String(Number(block.dataset.length ?? 0) + part.length);
      block.dataset.open = part.endsWith("\n") ? "" : "yes";
      this.#length += part.length;
    }
    this.#cut();
  }

  clear(): void {
    this.#place.replaceChildren();
    this.#length = 0;
  }

  /** How much the last block still takes. One that ends within a line takes the rest of that line. */
  #room(): number {
    const last = this.#place.lastElementChild as HTMLElement | null;
    if (!last) return 0;
    const room = BLOCK - Number(last.dataset.length ?? 0);
    return last.dataset.open ? Math.max(1, room) : room;
  }

  #cut(): void {
    while (this.#length > this.#longest && this.#place.childElementCount > 1) {
      const first = this.#place.firstElementChild as HTMLElement;
      this.#length -= Number(first.dataset.length ?? 0);
      first.remove();
    }
  }
}

/** Cuts text at ends of lines: what `room` there is in the block that was begun, then blocks of their own. Pure. */
export function inBlocks(text: string, room: number, size = BLOCK): string[] {
  const parts: string[] = [];
  let rest = text;
  let space = room > 0 ? room : size;
  while (rest.length > space) {
    const end = rest.indexOf("\n", space - 1);
    if (end < 0 || end + 1 === rest.length) break;
    parts.push(rest.slice(0, end + 1));
    rest = rest.slice(end + 1);
    space = size;
  }
  return rest ? [...parts, rest] : parts;
}
