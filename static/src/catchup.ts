// "Catch me up": runs the lesson's own commands of the steps before the present one, in order; what has run well
// already is left out. "Restart step" empties the cluster first.

import type { Command, Commands } from "./commands";
import type { Connection } from "./connection";
import type { Console } from "./console";
import { el, icon, the } from "./dom";
import { confirm } from "./reset";
import { t } from "./text";

/** Commands that never end by themselves: they show something, and nothing after them needs them. */
const ENDLESS = /(^|\s)(-w|--watch|-f\s*$|--follow|port-forward|attach|proxy)(\s|=|$)|exec\s.*-\w*t|\s-it\s|^watch\s/;

/** Commands that change nothing. */
const LOOKS = /^(kubectl|k)\s+(get|describe|logs|explain|events|version|api-resources|api-versions|top|diff|auth)\b|^(cat|ls|grep|echo|curl)\b/;
/** What is said of a Pod that is not up yet. */
const EARLY = /waiting to start|ContainerCreating|PodInitializing|container not found|not running|does not have a host assigned/;
const TRIES = 20;
const AGAIN = 500;

/** What has to run before a step: a command, and the files that the lesson shows on the way to it. */
interface Task {
  block: HTMLElement;
  line: string;
  files: HTMLElement[];
}

/** In the lesson's order; what stands in a hint is nobody's duty. */
function before(sections: HTMLElement[], step: number): Task[] {
  const tasks: Task[] = [];
  let files: HTMLElement[] = [];
  const blocks = sections.slice(0, Math.max(0, step)).flatMap((section) => [...section.querySelectorAll<HTMLElement>(".block.command[data-command], .block.manifest[data-file]")]);
  for (const block of blocks) {
    const line = block.dataset.command;
    if (block.closest("details.hint") || (line !== undefined && isEndless(line))) continue;
    if (line === undefined) files.push(block);
    else {
      tasks.push({ block, line, files });
      files = [];
    }
  }
  return tasks;
}

export function isEndless(line: string): boolean {
  return ENDLESS.test(line) && !/\blogs\b.*-f\s+\S+\.ya?ml/.test(line) && !/\b(apply|create|delete|replace|diff)\s+-f\b/.test(line);
}

export class CatchUp {
  readonly #commands: Commands;
  readonly #console: Console;
  readonly #connection: Connection;
  readonly #put: (name: string, text: string) => void;
  readonly #button = the<HTMLButtonElement>("catch-up");
  readonly #restart = the<HTMLButtonElement>("restart");
  readonly #sections = [...document.querySelectorAll<HTMLElement>("section.step")];
  #step = 0;
  #current: string | undefined;
  #busy = false;

  /** `put` gives a file of the editor the lesson's text. */
  constructor(connection: Connection, commands: Commands, console: Console, put: (name: string, text: string) => void) {
    this.#put = put;
    this.#connection = connection;
    this.#commands = commands;
    this.#console = console;
    this.#button.addEventListener("click", () => void this.#press());
    this.#restart.addEventListener("click", () => void this.#again());
  }

  /** Which step one reads, from 0. */
  at(step: number): void {
    this.#step = step;
    if (this.#busy) return;
    const some = before(this.#sections, step).length > 0;
    this.#button.hidden = !some;
    this.#restart.hidden = step < 0 || !this.#sections[step];
    this.#face("forward", t("steps.catchUp"), false);
  }

  async #press(): Promise<void> {
    if (this.#busy) {
      if (this.#current) this.#commands.cancel(this.#current);
      this.#busy = false;
      return;
    }
    await this.#run(before(this.#sections, this.#step).filter(({ block }) => block.dataset.ran !== "ok"));
  }

  async #again(): Promise<void> {
    if (this.#busy || !(await confirm())) return;
    if (!this.#connection.tell({ op: "reset" })) {
      this.#face("cross", t("reset.offline"), true);
      return;
    }
    await this.#run(before(this.#sections, this.#step));
  }

  async #run(tasks: Task[]): Promise<void> {
    const step = this.#step;
    this.#busy = true;
    let failed: string | undefined;
    for (const [at, { block, line, files }] of tasks.entries()) {
      if (!this.#busy) break;
      this.#button.hidden = false;
      this.#face("stop", t("steps.catchingUp", { done: at, all: tasks.length }), true);
      for (const file of files) this.#put(file.dataset.file ?? "", `${file.querySelector("pre")?.textContent ?? ""}\n`);
      const command = await this.#patiently(line);
      // A failure that the lesson shows is part of the way; and what only looks changes nothing.
      if (command.code !== 0 && block.dataset.ran !== "ok" && !LOOKS.test(line)) {
        failed = line;
        break;
      }
    }
    this.#busy = false;
    this.#current = undefined;
    this.#say(failed, step, tasks.length);
  }

  #say(failed: string | undefined, step: number, ran: number): void {
    const text = failed ? t("steps.catchUpFailed", { line: failed }) : ran ? t("steps.caughtUp", { number: step + 1 }) : t("steps.nothingBefore");
    this.#face(failed ? "cross" : "check", text, true);
    setTimeout(() => this.at(this.#step), 4_000);
  }

  /** What the button shows; `says` when there is news, for which there is room even where the button's name has none. */
  #face(symbol: string, text: string, says: boolean): void {
    this.#button.toggleAttribute("data-says", says);
    this.#button.replaceChildren(icon(symbol, "ico"), el("span", {}, text));
  }

  /** Runs faster than a person reads: what is not up yet is asked again. */
  async #patiently(line: string): Promise<Command> {
    let command = await this.#end(line);
    for (let tries = 1; tries < TRIES && this.#busy && command.code !== 0 && EARLY.test(command.stderr); tries++) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      command = await this.#end(line);
    }
    return command;
  }

  #end(line: string): Promise<Command> {
    return new Promise((resolve) => {
      const command = this.#commands.run(line, (now) => {
        if (now.state === "ended") queueMicrotask(() => resolve(now));
      });
      this.#current = command.id;
      this.#console.shown(command);
    });
  }
}
