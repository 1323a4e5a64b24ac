// What one types a manifest into: a textarea at first, CodeMirror once it is there.

import type { Problem } from "./protocol";

export interface Surface {
  text: string;
  /** The caret, as an offset. */
  at: number;
  readonly focused: boolean;
  focus(): void;
  /** Marks a place, or clears the mark. */
  problem(problem: Problem | undefined): void;
  /** The cluster answers now: it may be asked for its schemas. */
  learn(): void;
  remove(): void;
}

export interface SurfaceEvents {
  changed: () => void;
  apply: () => void;
  /** What is wrong with the text as it stands; the first problems first. */
  found: (problems: Problem[]) => void;
}

/** The textarea of the page as it came. Tab indents; after Escape, Tab leaves, as in CodeMirror. */
export class PlainSurface implements Surface {
  readonly #area: HTMLTextAreaElement;

  constructor(area: HTMLTextAreaElement, events: SurfaceEvents) {
    this.#area = area;
    let leaving = false;
    area.addEventListener("input", events.changed);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") leaving = true;
      else if (event.key === "Tab" && !leaving && !event.shiftKey) {
        event.preventDefault();
        area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
        events.changed();
      } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        events.apply();
      } else if (event.key !== "Shift") leaving = false;
    });
  }

  get text(): string {
    return this.#area.value;
  }
  set text(text: string) {
    this.#area.value = text;
  }
  get at(): number {
    return this.#area.selectionStart;
  }
  set at(offset: number) {
    this.#area.setSelectionRange(offset, offset);
  }
  get focused(): boolean {
    return document.activeElement === this.#area;
  }
  focus(): void {
    this.#area.focus();
  }
  problem(problem: Problem | undefined): void {
    if (!problem) return;
    const lines = this.text.split("\n");
    const start = lines.slice(0, problem.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    this.#area.setSelectionRange(start, start + (lines[problem.line - 1]?.length ?? 0));
  }
  learn(): void {
    // A textarea has nothing to show them with.
  }
  remove(): void {
    this.#area.remove();
  }
}
