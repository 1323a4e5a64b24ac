// The Logs view: what a container writes, as it writes it; searched, with times, or of the run before.

import type { Connection } from "./connection";
import { el, setText, the } from "./dom";
import { Reel } from "./reel";
import { t } from "./text";

/** The view keeps about this much; the console's `kubectl logs` has it all. */
const LONGEST = 400_000;
/** So many found lines are shown, the newest. */
const MOST_FOUND = 2_000;

export class Logs {
  readonly #connection: Connection;
  readonly #panel = the("v-logs");
  readonly #pod = el("select", { class: "select" });
  readonly #container = el("select", { class: "select" });
  readonly #previous = el("input", { type: "checkbox" });
  readonly #timestamps = el("input", { type: "checkbox" });
  readonly #following = el("input", { type: "checkbox", checked: true });
  readonly #query = el("input", { class: "select search", type: "search", placeholder: t("logs.search"), "aria-label": t("logs.search"), spellcheck: "false", autocomplete: "off" });
  readonly #count = el("span", { class: "mute", role: "status" });
  readonly #head: HTMLElement;
  readonly #note = el("p", { class: "empty" });
  readonly #text = el("pre", { class: "log-text", tabindex: 0 });
  readonly #reel = new Reel(this.#text, LONGEST);
  #wanted: string | null = null;
  #pods: string[] = [];
  #shown: { pod: string | null; container: string | null } = { pod: null, container: null };
  #all = "";
  #pending = "";
  /** Of a search: how many lines hold it, and the beginning of one that has not ended yet. */
  #found = 0;
  #rest = "";
  #painting = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    const choice = (text: string, control: HTMLElement) => el("label", {}, `${text} `, control);
    const tick = (text: string, control: HTMLElement) => el("label", {}, control, text);
    this.#head = el("div", { class: "view-head" }, choice(t("logs.pod"), this.#pod), choice(t("logs.container"), this.#container), tick(t("logs.previous"), this.#previous), tick(t("logs.timestamps"), this.#timestamps), tick(t("logs.follow"), this.#following), el("span", { class: "push" }), this.#count, this.#query);
    this.#panel.replaceChildren(this.#head, this.#note, this.#text);
    this.#panel.classList.add("logs");
    connection.on("log", (message) => this.#hear(message.pod, message.container, message.containers, message.reset, message.text));
    connection.on("pods", ({ rows }) => this.#choices(rows.map((row) => row.cells[0] ?? "")));
    connection.on("welcome", () => {
      if (this.#wanted || this.#previous.checked || this.#timestamps.checked) this.#ask(this.#shown.container);
    });
    this.#setUp();
    this.#explain();
  }

  /** Shows a Pod's log. */
  follow(pod: string): void {
    this.#wanted = pod;
    this.#previous.checked = false;
    this.#following.checked = true;
    this.#ask(null);
  }

  #setUp(): void {
    this.#pod.addEventListener("change", () => this.follow(this.#pod.value));
    for (const control of [this.#container, this.#previous, this.#timestamps]) {
      control.addEventListener("change", () => {
        this.#wanted = this.#pod.value;
        this.#ask(this.#container.value || null);
      });
    }
    this.#query.addEventListener("input", () => this.#redraw());
    this.#following.addEventListener("change", () => this.#scroll());
    this.#panel.addEventListener("wheel", ({ deltaY }) => {
      if (deltaY < 0) this.#following.checked = false;
    }, { passive: true });
    this.#panel.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.#panel;
      if (scrollTop + clientHeight > scrollHeight - 8) this.#following.checked = true;
    });
  }

  #ask(container: string | null): void {
    this.#connection.tell({ op: "logs", pod: this.#wanted, container, previous: this.#previous.checked, timestamps: this.#timestamps.checked });
  }

  #choices(pods: string[]): void {
    this.#pods = pods;
    if (this.#wanted && !pods.includes(this.#wanted)) {
      this.#wanted = null;
      this.#previous.checked = false;
      this.#ask(null);
    }
    this.#fillChoices();
  }

  #fillChoices(): void {
    const { pod } = this.#shown;
    const pods = pod && !this.#pods.includes(pod) ? [...this.#pods, pod] : this.#pods;
    options(this.#pod, pods, pod);
  }

  #hear(pod: string | null, container: string | null, containers: string[], reset: boolean, text: string): void {
    if (reset) {
      this.#pending = "";
      this.#all = "";
      this.#redraw();
    }
    this.#shown = { pod, container };
    this.#fillChoices();
    options(this.#container, containers, container);
    (this.#container.parentElement as HTMLElement).hidden = containers.length < 2;
    if (pod) this.#text.setAttribute("aria-label", t("logs.of", { pod, container: container ?? "" }));
    this.#add(text);
    this.#explain();
  }

  #add(text: string): void {
    this.#pending += text;
    if (!this.#pending || this.#painting) return;
    this.#painting = true;
    requestAnimationFrame(() => {
      this.#painting = false;
      this.#all += this.#pending;
      if (this.#all.length > 2 * LONGEST) this.#all = this.#all.slice(this.#all.indexOf("\n", this.#all.length - LONGEST) + 1);
      if (this.#query.value) this.#find(this.#pending);
      else this.#reel.add(this.#pending);
      this.#pending = "";
      this.#scroll();
    });
  }

  #scroll(): void {
    if (this.#following.checked) this.#panel.scrollTop = this.#panel.scrollHeight;
  }

  /** All of it, or the lines that hold what is searched. */
  #redraw(): void {
    this.#reel.clear();
    this.#rest = "";
    this.#found = 0;
    if (this.#query.value) this.#find(this.#all);
    else {
      this.#reel.add(this.#all.slice(-LONGEST));
      setText(this.#count, "");
    }
  }

  /** Of more text the lines that hold what is searched; a line that has not ended yet waits for its end. */
  #find(text: string): void {
    const wanted = this.#query.value.toLowerCase();
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    const found = lines.filter((line) => line.toLowerCase().includes(wanted));
    this.#found += found.length;
    setText(this.#count, t("logs.found", { count: this.#found }));
    for (const line of found.slice(-MOST_FOUND)) this.#reel.add(`${line}\n`, () => [...marked(line, wanted), "\n"]);
  }

  #explain(): void {
    const { pod, container } = this.#shown;
    this.#head.hidden = pod === null;
    this.#note.hidden = this.#all.length > 0 || this.#pending.length > 0;
    setText(this.#note, pod ? t("logs.empty", { pod, container: container ?? "" }) : t("logs.none"));
  }
}

/** A line with what was searched for marked in it. */
function marked(line: string, wanted: string): (string | Node)[] {
  const parts: (string | Node)[] = [];
  let from = 0;
  for (let at = line.toLowerCase().indexOf(wanted); at >= 0; at = line.toLowerCase().indexOf(wanted, from)) {
    parts.push(line.slice(from, at), el("mark", {}, line.slice(at, at + wanted.length)));
    from = at + wanted.length;
  }
  return [...parts, line.slice(from)];
}

/** Fills a choice, touching it only where it changes, so that an open list stays open. */
function options(select: HTMLSelectElement, names: string[], chosen: string | null): void {
  const same = select.options.length === names.length && names.every((name, at) => select.options[at]?.value === name);
  if (!same) select.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
  if (chosen !== null && select.value !== chosen) select.value = chosen;
}
