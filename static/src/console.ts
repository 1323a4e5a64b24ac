// The console: a log one can read, select and copy; the line to type in is prompt.ts.

import type { Commands } from "./commands";
import type { Known } from "./completion";
import type { Connection } from "./connection";
import { el, the } from "./dom";
import { linked } from "./links";
import { isInterrupt, Prompt } from "./prompt";
import { Reel } from "./reel";
import { t } from "./text";
import { by } from "./workshop/by";

/** The console keeps about this much text; older commands go first. */
const LONGEST = 400_000;
/** A screen reader hears at most one line in this time. */
const SPEAK_EVERY = 1_000;
/** Longer pieces are a flood, in which nobody presses a name. */
const LINKED = 8_000;
/** From when on a running command has a Stop of its own. */
const LONG = 500;

interface Entry {
  root: HTMLElement;
  meta: HTMLElement;
  output: HTMLElement;
  length: number;
  /** Where it writes now. */
  reel?: Reel;
  /** Runs in a terminal: what it writes is no text. */
  terminal: boolean;
  /** Text that waits for the next frame of the screen. */
  pending: { stream: string; text: string }[];
}

export class Console {
  readonly #commands: Commands;
  readonly #log = the("console");
  readonly #stop = the<HTMLButtonElement>("stop");
  readonly #prompt: Prompt;
  readonly #known: () => Known;
  readonly #entries = new Map<string, Entry>();
  readonly #spoken = el("p", { class: "vh", "aria-live": "polite" });
  #follow = true;
  #painting = false;
  #unspoken = "";
  #lastSpoken = 0;

  constructor(connection: Connection, commands: Commands, known: () => Known, opened: (pod: string) => void) {
    this.#commands = commands;
    this.#known = known;
    this.#log.setAttribute("aria-live", "off");
    this.#log.after(this.#spoken);
    this.#prompt = new Prompt(connection, commands, known, { run: (line) => this.shown(commands.run(line)), say: (text) => this.#say(text) });
    connection.on("welcome", ({ resumed }) => {
      if (!resumed) this.#empty();
    });
    connection.on("started", ({ id, line, terminal }) => this.#started(id, line, terminal));
    connection.on("output", ({ id, stream, text }) => this.#write(id, stream, text));
    connection.on("exit", ({ id, code, millis }) => this.#ended(id, code, millis));
    connection.on("clear", () => this.#empty());
    connection.on("refused", ({ id, text }) => this.#refused(id, text));
    commands.watch(() => this.#showStop());
    this.#setUp(opened);
  }

  /** A command from elsewhere on the page appears here as well. */
  shown(command: { id: string; line: string }): void {
    this.#follow = true;
    const entry = this.#entry(command.id, command.line);
    entry.meta.textContent = "";
    setTimeout(() => {
      const waiting = this.#commands.waiting.some((other) => other.id === command.id);
      if (waiting) entry.meta.textContent = t("console.waits");
    }, 300);
    this.#scroll();
  }

  /** What was left on a terminal when its command ended. */
  settle(id: string, text: string): void {
    const entry = this.#entries.get(id);
    if (!entry || !text) return;
    entry.pending.push({ stream: "stdout", text: `${text}\n` });
    entry.length += text.length;
    this.#paint();
  }

  #setUp(opened: (pod: string) => void): void {
    this.#log.addEventListener("keydown", (event) => {
      if (isInterrupt(event) && !String(getSelection())) this.#prompt.interrupt(event);
    });
    this.#stop.addEventListener("click", () => {
      this.#prompt.interrupt();
      this.#prompt.focus();
    });
    this.#log.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.#log;
      this.#follow = scrollTop + clientHeight > scrollHeight - 24;
    });
    this.#log.addEventListener("click", (event) => {
      const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-pod]");
      if (link) {
        event.preventDefault();
        opened(link.dataset.pod ?? "");
      } else if (!String(getSelection()) && !(event.target as Element).closest("button")) this.#prompt.focus();
    });
    new ResizeObserver(() => this.#scroll()).observe(this.#log);
  }

  #showStop(): void {
    this.#stop.hidden = this.#commands.running.length === 0;
    the("prompt-note").hidden = !this.#stop.hidden;
  }

  #entry(id: string, line: string): Entry {
    const known = this.#entries.get(id);
    if (known) return known;
    this.#log.querySelector(".hint")?.remove();
    const meta = el("span", { class: "meta" });
    const output = el("div", { class: "output" });
    const root = el("div", { class: "entry" }, el("div", { class: "cmdline in" }, line, by(id), meta), output);
    this.#log.append(root);
    const entry: Entry = { root, meta, output, length: line.length, terminal: false, pending: [] };
    this.#entries.set(id, entry);
    this.#trim();
    return entry;
  }

  #started(id: string, line: string, terminal: boolean): void {
    const entry = this.#entry(id, line);
    entry.meta.textContent = "";
    entry.terminal = terminal;
    this.#prompt.history.seen(line);
    this.#say(line);
    this.#scroll();
    setTimeout(() => {
      if (this.#commands.running.some((command) => command.id === id)) this.#offerStop(id, entry, line);
    }, LONG);
  }

  /** Where several commands run, each is stopped by itself. */
  #offerStop(id: string, entry: Entry, line: string): void {
    const stop = el("button", { class: "btn quiet", type: "button", "aria-label": t("console.stopThis", { line }) }, t("console.stop"));
    stop.addEventListener("click", () => {
      this.#commands.cancel(id);
      this.#prompt.focus();
    });
    entry.meta.replaceChildren(t("console.running"), stop);
  }

  #write(id: string, stream: string, text: string): void {
    const entry = this.#entry(id, "");
    if (entry.terminal) return;
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
        if (last?.className !== kind || !entry.reel) {
          entry.reel = new Reel(entry.output.appendChild(el("div", { class: kind })), LONGEST);
        }
        entry.reel.add(text, (part) => this.#pieces(part));
      }
      shorten(entry);
    }
    this.#trim();
    this.#scroll();
  }

  #ended(id: string, code: number, millis: number): void {
    const entry = this.#entry(id, "");
    entry.meta.textContent = code === 0 ? "" : code === 130 ? t("console.stopped") : t("console.exit", { code });
    entry.meta.title = `${millis} ms`;
    if (code !== 0) this.#say(t("console.exit", { code }));
  }

  /** Text, with the names of Pods that there are as links. */
  #pieces(text: string): (string | Node)[] {
    if (text.length > LINKED) return [text];
    return linked(text, this.#known().pods).map((piece) => (typeof piece === "string" ? piece : el("a", { href: "#v-logs", "data-pod": piece.name, title: t("pods.open") }, piece.name)));
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

/** A single command that never ends: its oldest output goes. */
function shorten(entry: Entry): void {
  while (entry.length > LONGEST && entry.output.childElementCount > 1) {
    entry.length -= entry.output.firstElementChild?.textContent?.length ?? 0;
    entry.output.firstElementChild?.remove();
  }
  if (entry.length > LONGEST && entry.reel) entry.length = entry.reel.length;
}
