// The Logs view: what a container writes, as it writes it.

import type { Connection } from "./connection";
import { el, setText, the } from "./dom";

/** The view keeps about this much; the console's `kubectl logs` has it all. */
const LONGEST = 400_000;

export class Logs {
  readonly #connection: Connection;
  readonly #panel = the("v-logs");
  readonly #pod = el("select", { class: "select", "aria-label": "Pod" });
  readonly #container = el("select", { class: "select", "aria-label": "Container" });
  readonly #head = el("div", { class: "view-head" }, el("label", {}, "Pod ", this.#pod), el("label", {}, "Container ", this.#container));
  readonly #note = el("p", { class: "empty" });
  readonly #text = el("pre", { class: "log-text", tabindex: 0 });
  #wanted: string | null = null;
  #pods: string[] = [];
  #shown: { pod: string | null; container: string | null } = { pod: null, container: null };
  #length = 0;
  #pending = "";
  #painting = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#panel.replaceChildren(this.#head, this.#note, this.#text);
    this.#panel.classList.add("logs");
    connection.on("log", (message) => this.#hear(message.pod, message.container, message.containers, message.reset, message.text));
    connection.on("pods", ({ rows }) => this.#choices(rows.map((row) => row.cells[0] ?? "")));
    connection.on("welcome", () => {
      if (this.#wanted) connection.tell({ op: "logs", pod: this.#wanted, container: this.#shown.container });
    });
    this.#pod.addEventListener("change", () => this.follow(this.#pod.value));
    this.#container.addEventListener("change", () => {
      this.#wanted = this.#pod.value;
      connection.tell({ op: "logs", pod: this.#pod.value, container: this.#container.value });
    });
    this.#explain();
  }

  /** Shows a Pod's log. */
  follow(pod: string): void {
    this.#wanted = pod;
    this.#connection.tell({ op: "logs", pod, container: null });
  }

  #choices(pods: string[]): void {
    this.#pods = pods;
    if (this.#wanted && !pods.includes(this.#wanted)) {
      this.#wanted = null;
      this.#connection.tell({ op: "logs", pod: null, container: null });
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
      this.#length = 0;
      this.#text.replaceChildren();
    }
    this.#shown = { pod, container };
    this.#fillChoices();
    options(this.#container, containers, container);
    (this.#container.parentElement as HTMLElement).hidden = containers.length < 2;
    this.#text.setAttribute("aria-label", pod ? `Log of ${pod}, container ${container}` : "Log");
    this.#add(text);
    this.#explain();
  }

  #add(text: string): void {
    this.#pending += text;
    if (!this.#pending || this.#painting) return;
    this.#painting = true;
    requestAnimationFrame(() => {
      this.#painting = false;
      const panel = this.#panel;
      const follow = panel.scrollTop + panel.clientHeight > panel.scrollHeight - 24;
      this.#text.append(this.#pending);
      this.#length += this.#pending.length;
      this.#pending = "";
      if (this.#length > LONGEST) this.#shorten();
      if (follow) panel.scrollTop = panel.scrollHeight;
    });
  }

  #shorten(): void {
    const all = this.#text.textContent ?? "";
    const kept = all.slice(all.indexOf("\n", all.length - LONGEST / 2) + 1);
    this.#text.textContent = kept;
    this.#length = kept.length;
  }

  #explain(): void {
    const { pod, container } = this.#shown;
    const nothing = this.#length === 0 && this.#pending === "";
    this.#head.hidden = pod === null;
    this.#note.hidden = !nothing;
    setText(this.#note, pod ? `Container ${container ?? "?"} of ${pod} has written nothing yet.` : "No Pod has a log yet. What a container writes appears here line by line.");
  }
}

/** Fills a choice, touching it only where it changes, so that an open list stays open. */
function options(select: HTMLSelectElement, names: string[], chosen: string | null): void {
  const same = select.options.length === names.length && names.every((name, at) => select.options[at]?.value === name);
  if (!same) select.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
  if (chosen !== null && select.value !== chosen) select.value = chosen;
}
