// Run buttons in the lesson: run, stop, and how it went, beside the output one was told to expect.

import type { Command, Commands } from "./commands";
import type { Console } from "./console";
import { icon, the } from "./dom";
import { partsOf, same } from "./expected";
import { t } from "./text";

/** A command that takes longer turns its Run into Stop. */
const BECOMES_STOP = 500;

export function setUpRuns(commands: Commands, console: Console, ran: () => void): void {
  const blocks = [...document.querySelectorAll<HTMLElement>(".block.command[data-command]")].map((root) => new Block(root, commands, console, ran));
  // What ran before a reload, or was typed, has run as well.
  commands.watch((command) => {
    if (command.state !== "ended") return;
    for (const block of blocks) if (block.line === command.line) block.hear(command);
  });
}

/** A Run button beside a command anywhere on the page. */
export function runButton(button: HTMLButtonElement, line: string, commands: Commands, console: Console): void {
  button.addEventListener("click", () => console.shown(commands.run(line)));
}

/** Lines that the lesson types into a shell it has opened in a container. */
export function setUpTyped(type: (line: string) => boolean): void {
  for (const root of document.querySelectorAll<HTMLElement>(".block.command[data-typed]")) {
    root.querySelector(".run")?.addEventListener("click", () => {
      const done = type(root.dataset.typed ?? "");
      root.dataset.ran = done ? "ok" : "";
      tell(root, done ? "ok" : "warn", t(done ? "run.typed" : "run.noShell"));
    });
  }
}

/** Says beside a command how it went. */
function tell(root: HTMLElement, tone: string, text: string): void {
  const place = root.querySelector<HTMLElement>(".ran");
  if (!place) return;
  place.hidden = text === "";
  place.className = `ran ${tone}`;
  place.replaceChildren(...(tone === "ok" ? [icon("check"), text] : tone === "bad" ? [icon("cross"), text] : [text]));
}

class Block {
  readonly line: string;
  readonly #root: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #commands: Commands;
  #current: string | undefined;
  #timer: number | undefined;
  readonly #ran: () => void;

  constructor(root: HTMLElement, commands: Commands, console: Console, ran: () => void) {
    this.#root = root;
    this.#commands = commands;
    this.#ran = ran;
    this.line = root.dataset.command ?? "";
    this.#button = root.querySelector<HTMLButtonElement>(".run") ?? document.createElement("button");
    this.#button.addEventListener("click", () => {
      if (this.#current) commands.cancel(this.#current);
      else this.#run(console);
    });
  }

  #run(console: Console): void {
    const command = this.#commands.run(this.line, (command) => this.hear(command));
    this.#current = command.id;
    console.shown(command);
    this.#timer = window.setTimeout(() => this.#face("stop", t("run.stop")), BECOMES_STOP);
    this.#say("", "");
    setTimeout(() => {
      if (command.state === "waiting") this.#say("warn", t("run.waits"));
    }, 300);
  }

  hear(command: Command): void {
    if (command.state === "running" && command.id === this.#current) this.#say("", t("run.running"));
    if (command.state !== "ended") return;
    if (command.id === this.#current) {
      this.#current = undefined;
      clearTimeout(this.#timer);
      this.#face("run", t("run.run"));
    }
    if (this.#current) return;
    const expected = command.code !== 130 && this.#compare(command);
    this.#root.dataset.ran = command.code === 0 || command.code === 130 || expected ? "ok" : "bad";
    this.#say(...verdict(command, expected));
    this.#ran();
  }

  #face(symbol: string, word: string): void {
    this.#button.style.minWidth = `${this.#button.offsetWidth}px`;
    const label = this.#button.querySelector("span");
    if (label) label.textContent = word;
    this.#button.querySelector("svg")?.replaceWith(icon(symbol, "ico sm solid"));
  }

  #say(tone: string, text: string): void {
    tell(this.#root, tone, text);
  }

  /** Says whether the output is the lesson's, where it shows one. */
  #compare(command: Command): boolean {
    const out = this.#root.parentElement?.querySelector<HTMLElement>(".block.out");
    const sample = out?.querySelector("samp");
    const head = out?.querySelector(".block-head");
    if (!sample || !head) return false;
    const equal = same(partsOf(sample), command.stdout + command.stderr);
    const note = head.querySelector(".differs") ?? head.appendChild(document.createElement("span"));
    note.className = `push differs state ${equal ? "ok" : ""}`;
    note.replaceChildren(...(equal ? [icon("check"), t("run.same")] : [t("run.inConsole")]));
    return equal;
  }
}

/** A failure that the lesson shows is no reason for alarm. */
function verdict(command: Command, expected: boolean): [string, string] {
  if (command.code === 0) return ["ok", t("run.ran", { millis: command.millis ?? 0 })];
  if (command.code === 130) return ["", t("run.stopped")];
  return [expected ? "" : "bad", t("run.exit", { code: command.code ?? 1, millis: command.millis ?? 0 })];
}

/** Copy buttons, of commands and of whole blocks. */
export function setUpCopies(): void {
  the("lesson").addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>(".copy");
    if (!button) return;
    const text = button.dataset.copy ?? button.closest(".block")?.querySelector("pre")?.textContent ?? "";
    const done = await copy(text);
    const symbol = button.querySelector("use");
    symbol?.setAttribute("href", done ? "#i-check" : "#i-cross");
    button.setAttribute("aria-label", t(done ? "run.copied" : "run.notCopied"));
    setTimeout(() => {
      symbol?.setAttribute("href", "#i-copy");
      button.setAttribute("aria-label", t("run.copy"));
    }, 1_500);
  });
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Pages on plain http have no clipboard of their own. */
function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "vh";
  const before = document.activeElement as HTMLElement | null;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}
