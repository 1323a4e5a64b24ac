// The console: a log one can read, select and copy, and a line to type in.

import type { Commands } from "./commands";
import type { Connection } from "./connection";
import { el, the } from "./dom";
import { complete, type Known, shared } from "./completion";
import { History } from "./history";

/** The console keeps about this much text; older commands go first. */
const LONGEST = 400_000;
/** A screen reader hears at most one line in this time. */
const SPEAK_EVERY = 1_000;

interface Entry {
  root: HTMLElement;
  meta: HTMLElement;
  output: HTMLElement;
  length: number;
  /** Text that waits for the next frame of the screen. */
  pending: { stream: string; text: string }[];
}

export class Console {
  readonly #commands: Commands;
  readonly #log = the("console");
  readonly #input = the<HTMLInputElement>("cmd");
  readonly #stop = the<HTMLButtonElement>("stop");
  readonly #history = new History();
  readonly #known: () => Known;
  readonly #choices = el("div", { class: "choices", hidden: true });
  readonly #entries = new Map<string, Entry>();
  readonly #spoken = el("p", { class: "vh", "aria-live": "polite" });
  #follow = true;
  #leaving = false;
  #painting = false;
  #unspoken = "";
  #lastSpoken = 0;

  constructor(connection: Connection, commands: Commands, known: () => Known) {
    this.#commands = commands;
    this.#known = known;
    this.#log.setAttribute("aria-live", "off");
    this.#log.after(this.#spoken, this.#choices);
    connection.on("welcome", ({ resumed }) => {
      if (!resumed) this.#empty();
    });
    connection.on("started", ({ id, line }) => this.#started(id, line));
    connection.on("output", ({ id, stream, text }) => this.#write(id, stream, text));
    connection.on("exit", ({ id, code, millis }) => this.#ended(id, code, millis));
    connection.on("clear", () => this.#empty());
    connection.on("refused", ({ id, text }) => this.#refused(id, text));
    commands.watch(() => this.#showStop());
    this.#setUp();
  }

  /** Runs what the learner typed. */
  submit(line: string): void {
    const text = line.trim();
    if (!text) return;
    this.#history.add(text);
    this.#follow = true;
    this.#shown(this.#commands.run(text));
  }

  /** A command from elsewhere on the page appears here as well. */
  shown(command: { id: string; line: string }): void {
    this.#follow = true;
    this.#shown(command);
  }

  #shown(command: { id: string; line: string }): void {
    const entry = this.#entry(command.id, command.line);
    entry.meta.textContent = "";
    setTimeout(() => {
      const waiting = this.#commands.waiting.some((other) => other.id === command.id);
      if (waiting) entry.meta.textContent = "will run once connected";
    }, 300);
    this.#scroll();
  }

  #setUp(): void {
    the<HTMLFormElement>("prompt").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#offer([]);
      this.submit(this.#input.value);
      this.#input.value = "";
    });
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#log.addEventListener("keydown", (event) => {
      if (isInterrupt(event) && !String(getSelection())) this.#interrupt(event);
    });
    this.#stop.addEventListener("click", () => {
      this.#interrupt();
      this.#input.focus();
    });
    this.#log.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.#log;
      this.#follow = scrollTop + clientHeight > scrollHeight - 24;
    });
    this.#log.addEventListener("click", () => {
      if (!String(getSelection())) this.#input.focus({ preventScroll: true });
    });
    new ResizeObserver(() => this.#scroll()).observe(this.#log);
  }

  #key(event: KeyboardEvent): void {
    const input = this.#input;
    if (event.key === "Tab" && !event.shiftKey && !this.#leaving) this.#complete(event);
    else if (event.key !== "Shift") this.#offer([]);
    this.#leaving = event.key === "Escape";
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const line = event.key === "ArrowUp" ? this.#history.older(input.value) : this.#history.newer();
      if (line === undefined) return;
      event.preventDefault();
      input.value = line;
      input.setSelectionRange(line.length, line.length);
    } else if (isInterrupt(event) && input.selectionStart === input.selectionEnd) {
      if (this.#commands.running.length || this.#commands.waiting.length) this.#interrupt(event);
      else {
        event.preventDefault();
        input.value = "";
      }
    } else if (event.key === "l" && event.ctrlKey) {
      event.preventDefault();
      this.submit("clear");
    }
  }

  /** Tab completes what can be completed; otherwise, and after Escape, it moves on as everywhere. */
  #complete(event: KeyboardEvent): void {
    const input = this.#input;
    const caret = input.selectionStart ?? input.value.length;
    const { from, options } = complete(input.value.slice(0, caret), this.#known());
    if (!input.value.trim() || !options.length) return;
    event.preventDefault();
    const [only] = options;
    const text = options.length === 1 && only ? (only.endsWith("=") ? only : `${only} `) : shared(options);
    if (text.length > caret - from) input.setRangeText(text, from, caret, "end");
    this.#offer(options.length > 1 ? options : []);
  }

  #offer(options: string[]): void {
    this.#choices.hidden = options.length === 0;
    this.#choices.textContent = options.join("  ");
    if (options.length) this.#say(options.join(" "));
    this.#scroll();
  }

  #interrupt(event?: Event): void {
    event?.preventDefault();
    const last = [...this.#commands.running, ...this.#commands.waiting].at(-1);
    if (last) this.#commands.cancel(last.id);
  }

  #showStop(): void {
    this.#stop.hidden = this.#commands.running.length === 0;
    the("prompt-note").hidden = !this.#stop.hidden;
    for (const [id, entry] of this.#entries) {
      const taken = entry.root.dataset.state === "waiting" && !this.#commands.waiting.some((command) => command.id === id);
      if (taken) entry.root.dataset.state = "";
    }
  }

  #entry(id: string, line: string): Entry {
    const known = this.#entries.get(id);
    if (known) return known;
    this.#log.querySelector(".hint")?.remove();
    const meta = el("span", { class: "meta" });
    const output = el("div", { class: "output" });
    const root = el("div", { class: "entry" }, el("div", { class: "cmdline in" }, line, meta), output);
    this.#log.append(root);
    const entry = { root, meta, output, length: line.length, pending: [] };
    this.#entries.set(id, entry);
    this.#trim();
    return entry;
  }

  #started(id: string, line: string): void {
    const entry = this.#entry(id, line);
    entry.meta.textContent = "";
    this.#history.seen(line);
    this.#say(line);
    this.#scroll();
  }

  #write(id: string, stream: string, text: string): void {
    const entry = this.#entry(id, "");
    entry.pending.push({ stream, text });
    entry.length += text.length;
    this.#say(text);
    if (this.#painting) return;
    this.#painting = true;
    requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    this.#painting = false;
    for (const entry of this.#entries.values()) {
      for (const { stream, text } of entry.pending.splice(0)) {
        const kind = stream === "stderr" ? "e" : "o";
        const last = entry.output.lastElementChild;
        if (last?.className === kind) last.append(text);
        else entry.output.append(el("div", { class: kind }, text));
      }
      if (entry.length > LONGEST) shorten(entry);
    }
    this.#trim();
    this.#scroll();
  }

  #ended(id: string, code: number, millis: number): void {
    const entry = this.#entry(id, "");
    entry.meta.textContent = code === 0 ? "" : code === 130 ? "stopped" : `exit ${code}`;
    entry.meta.title = `${millis} ms`;
    if (code !== 0) this.#say(`exit ${code}`);
  }

  #refused(id: string | null, text: string): void {
    const entry = id ? this.#entry(id, "") : this.#entry(`refused-${performance.now()}`, "");
    entry.pending.push({ stream: "stderr", text });
    this.#paint();
  }

  #trim(): void {
    let sum = 0;
    for (const entry of this.#entries.values()) sum += entry.length;
    for (const [id, entry] of this.#entries) {
      if (sum <= LONGEST || this.#entries.size <= 1) return;
      sum -= entry.length;
      entry.root.remove();
      this.#entries.delete(id);
    }
  }

  #empty(): void {
    const waiting = new Set(this.#commands.waiting.map((command) => command.id));
    for (const [id, entry] of this.#entries) {
      if (waiting.has(id)) continue;
      entry.root.remove();
      this.#entries.delete(id);
    }
  }

  #scroll(): void {
    if (this.#follow) this.#log.scrollTop = this.#log.scrollHeight;
  }

  /** Speaks the newest line, at most one a second. */
  #say(text: string): void {
    this.#unspoken = text.trimEnd().split("\n").at(-1) ?? "";
    const due = this.#lastSpoken + SPEAK_EVERY - performance.now();
    if (due <= 0) this.#speak();
    else setTimeout(() => this.#speak(), due);
  }

  #speak(): void {
    if (!this.#unspoken) return;
    this.#spoken.textContent = this.#unspoken;
    this.#unspoken = "";
    this.#lastSpoken = performance.now();
  }
}

/** Ctrl-C; on a Mac that is Control too, Command-C copies. */
function isInterrupt(event: KeyboardEvent): boolean {
  return event.key === "c" && event.ctrlKey && !event.metaKey && !event.shiftKey;
}

/** A single command that never ends: its oldest output goes. */
function shorten(entry: Entry): void {
  const first = entry.output.firstElementChild;
  const text = first?.textContent ?? "";
  if (!first) return;
  const kept = entry.output.childElementCount > 1 ? "" : text.slice(text.indexOf("\n", text.length / 2) + 1);
  entry.length -= text.length - kept.length;
  if (kept) first.textContent = kept;
  else first.remove();
}
