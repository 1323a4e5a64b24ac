// The line one types commands in: history, completion, Ctrl-C; several lines when several were pasted.

import type { Commands } from "./commands";
import { complete, type Completion, type Known, shared } from "./completion";
import type { Connection } from "./connection";
import { el, the } from "./dom";
import { History } from "./history";

/** The cluster's own completions are waited for so long; then what the page knows has to do. */
const PATIENCE = 1_500;

export interface PromptEvents {
  run(line: string): void;
  say(text: string): void;
}

export class Prompt {
  readonly #connection: Connection;
  readonly #commands: Commands;
  readonly #events: PromptEvents;
  readonly #known: () => Known;
  readonly #input = the<HTMLTextAreaElement>("cmd");
  readonly #choices = el("div", { class: "choices", hidden: true });
  readonly #answers = new Map<string, (options: string[]) => void>();
  readonly history = new History();
  #leaving = false;
  #asked = 0;

  constructor(connection: Connection, commands: Commands, known: () => Known, events: PromptEvents) {
    this.#connection = connection;
    this.#commands = commands;
    this.#known = known;
    this.#events = events;
    const form = the<HTMLFormElement>("prompt");
    form.before(this.#choices);
    connection.on("completions", ({ id, options }) => this.#answers.get(id)?.(options));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("input", () => this.#grow());
  }

  focus(): void {
    this.#input.focus({ preventScroll: true });
  }

  /** Stops the newest command, as Ctrl-C does. */
  interrupt(event?: Event): void {
    event?.preventDefault();
    const last = [...this.#commands.running, ...this.#commands.waiting].at(-1);
    if (last) this.#commands.cancel(last.id);
  }

  #submit(): void {
    this.#offer([]);
    const line = this.#input.value.trim();
    this.#put("");
    if (!line) return;
    this.history.add(line);
    this.#events.run(line);
  }

  #put(line: string): void {
    this.#input.value = line;
    this.#input.setSelectionRange(line.length, line.length);
    this.#grow();
  }

  #grow(): void {
    this.#input.rows = Math.min(8, this.#input.value.split("\n").length);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Tab" && !event.shiftKey && !this.#leaving) this.#complete(event);
    else if (event.key !== "Shift") this.#offer([]);
    this.#leaving = event.key === "Escape";
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.#walk(event);
    else if (isInterrupt(event) && this.#input.selectionStart === this.#input.selectionEnd) this.#ctrlC(event);
    else if (event.key === "l" && event.ctrlKey) {
      event.preventDefault();
      this.#events.run("clear");
    }
  }

  #walk(event: KeyboardEvent): void {
    const { value, selectionStart } = this.#input;
    const up = event.key === "ArrowUp";
    // Within several lines the arrows first move the caret.
    if (up ? value.slice(0, selectionStart).includes("\n") : value.slice(selectionStart).includes("\n")) return;
    const line = up ? this.history.older(value) : this.history.newer();
    if (line === undefined) return;
    event.preventDefault();
    this.#put(line);
  }

  #ctrlC(event: KeyboardEvent): void {
    if (this.#commands.running.length || this.#commands.waiting.length) this.interrupt(event);
    else {
      event.preventDefault();
      this.#put("");
    }
  }

  /** Tab completes what can be completed; otherwise, and after Escape, it moves on as everywhere. */
  #complete(event: KeyboardEvent): void {
    const caret = this.#input.selectionStart;
    const line = this.#input.value.slice(0, caret);
    if (!line.trim()) return;
    const own = complete(line, this.#known());
    if (!this.#connection.open || !/(^|[|;&]\s*)k(ubectl)?\s/.test(line)) {
      if (own.options.length) this.#apply(event, caret, own);
      return;
    }
    event.preventDefault();
    void this.#ask(line).then((options) => {
      if (this.#input.value.slice(0, this.#input.selectionStart) !== line) return;
      this.#apply(undefined, caret, { from: own.from, options: options.length ? options : own.options });
    });
  }

  #ask(line: string): Promise<string[]> {
    const id = `c${(this.#asked += 1)}`;
    this.#connection.tell({ op: "complete", id, line });
    return new Promise((resolve) => {
      const done = (options: string[]) => {
        this.#answers.delete(id);
        resolve(options);
      };
      this.#answers.set(id, done);
      setTimeout(() => done([]), PATIENCE);
    });
  }

  #apply(event: Event | undefined, caret: number, { from, options }: Completion): void {
    event?.preventDefault();
    const [only] = options;
    const text = options.length === 1 && only ? (/[=/]$/.test(only) ? only : `${only} `) : shared(options);
    if (text.length > caret - from) this.#input.setRangeText(text, from, caret, "end");
    this.#offer(options.length > 1 ? options : []);
  }

  #offer(options: string[]): void {
    this.#choices.hidden = options.length === 0;
    this.#choices.textContent = options.join("  ");
    if (options.length) this.#events.say(options.join(" "));
  }
}

/** Ctrl-C; on a Mac that is Control too, Command-C copies. */
export function isInterrupt(event: KeyboardEvent): boolean {
  return event.key === "c" && event.ctrlKey && !event.metaKey && !event.shiftKey;
}
