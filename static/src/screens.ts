// The terminals: one tab each beside the console, while their commands run. xterm.js comes with the first.

import type { Connection } from "./connection";
import type { Console } from "./console";
import { el, the } from "./dom";
import type { Screen } from "./screen";
import { Tabs } from "./tabs";
import { t } from "./text";

/** Keys that come faster than this travel together. */
const TOGETHER = 20;
/** In this time a page is told what has ended while it was away. */
const ENDED_BY = 300;
const READABLE = "podyard-screen-reader";

interface Running {
  tab: HTMLElement;
  panel: HTMLElement;
  place: HTMLElement;
  screen?: Screen;
  /** What came before xterm.js was there. */
  early: { text: string; old: boolean }[];
  keys: string;
  timer?: number;
}

export class Screens {
  readonly #connection: Connection;
  readonly #console: Console;
  readonly #list = the("screens");
  readonly #tabs: Tabs;
  readonly #running = new Map<string, Running>();
  /** Commands of this page: their terminals come forward. */
  readonly #own = new Set<string>();
  #resumeUpTo = 0;

  constructor(connection: Connection, console: Console) {
    this.#connection = connection;
    this.#console = console;
    this.#tabs = new Tabs(this.#list, (tab) => this.#chosen(tab));
    connection.on("welcome", ({ seq, resumed }) => {
      this.#resumeUpTo = seq;
      if (!resumed) for (const id of [...this.#running.keys()]) this.#close(id);
      for (const [id, running] of this.#running) this.#tellSize(id, running);
    });
    connection.on("started", ({ id, line, terminal, seq }) => {
      if (terminal) this.#open(id, line, seq <= this.#resumeUpTo);
    });
    connection.on("output", ({ id, text, seq }) => this.#write(id, text, seq <= this.#resumeUpTo));
    connection.on("exit", ({ id }) => void this.#ended(id));
  }

  /** A command that this page asked for. */
  own(id: string): void {
    this.#own.add(id);
  }

  /** Types a line into the terminal in front, or the one that was opened last; whether there is one. */
  type(line: string): boolean {
    const all = [...this.#running];
    const [id, running] = all.find(([, one]) => !one.panel.hidden) ?? all.at(-1) ?? [];
    if (!id || !running) return false;
    this.own(id);
    this.#tabs.choose(running.tab);
    this.#typed(id, running, `${line.replaceAll("\n", "\r")}\r`);
    return true;
  }

  #open(id: string, line: string, old: boolean): void {
    if (this.#running.has(id)) return;
    const name = nameOf(line);
    const tab = el("button", { class: "tab", role: "tab", type: "button", id: `s-${id}`, "aria-selected": "false", "aria-controls": `p-${id}`, tabindex: -1, title: line }, t("terminal.tab", { name }));
    const place = el("div", { class: "screen" });
    const panel = el("div", { class: "screen-panel", role: "tabpanel", id: `p-${id}`, "aria-labelledby": tab.id, hidden: true }, this.#bar(id, line), place);
    const running: Running = { tab, panel, place, early: [], keys: "" };
    this.#running.set(id, running);
    // After a reload all that ran is told again; what has ended meanwhile needs no terminal.
    if (old) setTimeout(() => this.#show(id, running, true), ENDED_BY);
    else this.#show(id, running, this.#own.has(id));
  }

  #show(id: string, running: Running, forward: boolean): void {
    if (this.#running.get(id) !== running) return;
    this.#list.append(running.tab);
    the("console-panel").after(running.panel);
    the("screens-head").hidden = false;
    if (forward) this.#tabs.choose(running.tab);
    void this.#load(id, running);
  }

  #bar(id: string, line: string): HTMLElement {
    const readable = el("input", { type: "checkbox", checked: kept() });
    readable.addEventListener("change", () => {
      keep(readable.checked);
      this.#running.get(id)?.screen?.readable(readable.checked);
    });
    const end = el("button", { class: "btn quiet", type: "button" }, t("terminal.end"));
    end.addEventListener("click", () => this.#connection.cancel(id));
    return el("div", { class: "screen-bar" }, el("code", { class: "grow" }, line), el("span", { class: "mute wide-only" }, t("terminal.leave")), el("label", { class: "row" }, readable, t("terminal.reader")), end);
  }

  async #load(id: string, running: Running): Promise<void> {
    const { Screen } = await import("./screen");
    if (this.#running.get(id) !== running) return;
    const screen = new Screen(running.place, kept(), {
      typed: (data) => this.#typed(id, running, data),
      resized: () => this.#tellSize(id, running),
    });
    running.screen = screen;
    this.#tellSize(id, running);
    for (const { text, old } of running.early.splice(0)) screen.write(text, old);
    if (this.#own.has(id) && !running.panel.hidden) screen.focus();
  }

  #write(id: string, text: string, old: boolean): void {
    const running = this.#running.get(id);
    if (!running) return;
    if (running.screen) running.screen.write(text, old);
    else running.early.push({ text, old });
  }

  /** Two pages of one learner show the same terminal: only the one that is typed in answers for it. */
  #typed(id: string, running: Running, data: string): void {
    if (!this.#own.has(id) && !running.panel.contains(document.activeElement)) return;
    this.#own.add(id);
    running.keys += data;
    if (running.timer !== undefined) return;
    this.#send(id, running);
    running.timer = window.setTimeout(() => {
      running.timer = undefined;
      if (running.keys) this.#send(id, running);
    }, TOGETHER);
  }

  #send(id: string, running: Running): void {
    this.#connection.input(id, running.keys);
    running.keys = "";
  }

  #tellSize(id: string, { screen }: Running): void {
    if (screen) this.#connection.tell({ op: "resize", id, ...screen.size });
  }

  async #ended(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (!running) return;
    const text = running.screen ? await running.screen.text() : plain(running.early.map((piece) => piece.text).join(""));
    this.#console.settle(id, text);
    this.#close(id);
  }

  #close(id: string): void {
    const running = this.#running.get(id);
    if (!running) return;
    const inside = running.panel.contains(document.activeElement) || document.activeElement === running.tab;
    const shown = !running.panel.hidden;
    this.#running.delete(id);
    this.#own.delete(id);
    running.screen?.dispose();
    running.panel.remove();
    running.tab.remove();
    the("screens-head").hidden = this.#running.size === 0;
    if (shown) this.#tabs.choose(the("s-console"));
    if (inside) the("cmd").focus();
  }

  #chosen(tab: HTMLElement): void {
    for (const { tab: own, screen } of this.#running.values()) {
      if (own !== tab) continue;
      screen?.refit();
      screen?.focus();
    }
  }
}

/** `kubectl exec -it web -- sh` → `web`: the first word after the verb that is no flag. */
export function nameOf(line: string): string {
  const own = line.split(" -- ")[0]?.trim().split(/\s+/) ?? [];
  const verb = own.findIndex((word) => /^(exec|attach|run|debug)$/.test(word));
  const rest = own.slice(verb + 1);
  const found = rest.find((word, at) => !word.startsWith("-") && !/^(-c|-n|--container|--namespace|--image|-[itq]*c)$/.test(rest[at - 1] ?? ""));
  return found?.replace(/^pods?\//, "") ?? line;
}

/** Terminal output without what moves cursors and sets colours. */
export function plain(text: string): string {
  return text.replace(/\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)/g, "").replace(/[^\n]*\r(?!\n)/g, "").replace(/\r/g, "");
}

function kept(): boolean {
  try {
    return localStorage.getItem(READABLE) === "yes";
  } catch {
    return false;
  }
}

function keep(on: boolean): void {
  try {
    localStorage.setItem(READABLE, on ? "yes" : "no");
  } catch {
    // A private window: the choice lasts as long as the page.
  }
}
