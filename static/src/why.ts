// The explanation under the Pods table: opened from a status, kept true while the Pod changes.

import * as cluster from "./cluster";
import type { Connection } from "./connection";
import { commandLine, el, icon } from "./dom";
import type { Explanation, Pod, Seen } from "./explain";
import type { PodRow } from "./protocol";
import { t } from "./text";

interface Open {
  uid: string;
  pod?: Pod;
  lastWords?: string;
  drawn: string;
  /** How often what was not there has been asked for again. */
  tries: number;
}

/** So often, and after so many milliseconds, evidence is asked for again that is not there yet. */
const TRIES = 5;
const AGAIN = 1_000;

export class Why {
  /** The place under the table. */
  readonly place = el("div", { class: "why-place" });
  readonly #run: (line: string) => void;
  #events: { columns: string[]; rows: string[][] } = { columns: [], rows: [] };
  #columns: string[] = [];
  #rows: PodRow[] = [];
  #open: Open | undefined;
  #button: HTMLElement | undefined;
  /** Loaded with the first question. */
  #rules: typeof import("./explain") | undefined;

  constructor(connection: Connection, run: (line: string) => void) {
    this.#run = run;
    connection.on("events", ({ columns, rows }) => {
      this.#events = { columns, rows };
      void this.#refresh();
    });
    connection.on("pods", ({ columns, rows }) => {
      this.#columns = columns;
      this.#rows = rows;
      void this.#refresh();
    });
    connection.on("sandbox", () => cluster.forget());
    this.place.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  isOpen(uid: string): boolean {
    return this.#open?.uid === uid;
  }

  /** Opens the explanation of a Pod's state, or closes it when it is open. */
  toggle(uid: string, button: HTMLElement): void {
    if (this.isOpen(uid)) {
      this.close();
      return;
    }
    this.#button?.setAttribute("aria-expanded", "false");
    this.#open = { uid, drawn: "", tries: 0 };
    this.#button = button;
    button.setAttribute("aria-expanded", "true");
    void this.#refresh().then(() => {
      if (this.isOpen(uid)) this.place.scrollIntoView({ block: "nearest" });
    });
  }

  close(): void {
    this.#open = undefined;
    this.place.replaceChildren();
    this.#button?.setAttribute("aria-expanded", "false");
    this.#button?.focus();
    this.#button = undefined;
  }

  /** A row was drawn anew: its button is another one. */
  adopt(uid: string, button: HTMLElement): void {
    if (this.isOpen(uid)) this.#button = button;
  }

  async #refresh(): Promise<void> {
    const open = this.#open;
    if (!open) return;
    const row = this.#rows.find((one) => one.uid === open.uid);
    if (!row) {
      this.#open = undefined;
      this.place.replaceChildren();
      return;
    }
    this.#rules ??= await import("./explain");
    this.#draw();
    const pod = await cluster.pod(row.cells[0] ?? "");
    if (this.#open !== open) return;
    if (!pod) return this.#later(open);
    open.pod = pod;
    this.#draw();
    await this.#listen(open, row);
  }

  /** What could not be asked for may be there in a moment: a log is a little behind its container. */
  #later(open: Open): void {
    if (open.lastWords !== undefined || (open.tries += 1) > TRIES) return;
    setTimeout(() => {
      if (this.#open === open) void this.#refresh();
    }, AGAIN);
  }

  /** The last line of the log is evidence too. */
  async #listen(open: Open, row: PodRow): Promise<void> {
    const whose = this.#rules?.speaker(this.#seen(row, open));
    if (!whose) return;
    const lines = await cluster.lastLines(row.cells[0] ?? "", whose.container, whose.previous);
    if (this.#open !== open) return;
    if (!lines.length) return this.#later(open);
    open.lastWords = lines.at(-1);
    this.#draw();
  }

  #draw(): void {
    const open = this.#open;
    const row = this.#rows.find((one) => one.uid === open?.uid);
    if (!open || !row || !this.#rules) return;
    const found = this.#rules.explain(this.#seen(row, open));
    const key = JSON.stringify([found, row.cells[0]]);
    if (open.drawn === key) return;
    open.drawn = key;
    if (found) this.#fill(found, row.cells[0] ?? "");
    else this.#fill(this.#rules.well(row.cells[0] ?? "", this.#cell(row, "STATUS")), row.cells[0] ?? "");
  }

  #cell(row: PodRow, column: string): string {
    return row.cells[this.#columns.indexOf(column)] ?? "";
  }

  #seen(row: PodRow, { pod, lastWords }: { pod?: Pod; lastWords?: string }): Seen {
    const at = (name: string) => this.#events.columns.indexOf(name);
    const [reason, message, type, object] = [at("REASON"), at("MESSAGE"), at("TYPE"), at("OBJECT")] as [number, number, number, number];
    const name = row.cells[0] ?? "";
    const events = this.#events.rows
      .filter((event) => event[object]?.toLowerCase() === `pod/${name}`)
      .map((event) => ({ reason: event[reason] ?? "", message: event[message] ?? "", type: event[type] ?? "" }));
    return { name, status: this.#cell(row, "STATUS"), ready: this.#cell(row, "READY"), restarts: this.#cell(row, "RESTARTS"), events, pod, lastWords };
  }

  #fill(found: Explanation, name: string): void {
    const opened = new Set([...this.place.querySelectorAll("details[open]")].map((fold) => fold.querySelector("summary")?.textContent));
    const inside = this.place.contains(document.activeElement);
    const close = el("button", { class: "btn quiet", type: "button", "aria-label": t("why.close") }, icon("cross"));
    close.addEventListener("click", () => this.close());
    const head = el("div", { class: "explain-head" }, el("h3", { id: "why-title", class: "grow" }, found.title), close);
    const run = el("button", { class: "btn primary", type: "button" }, icon("run", "ico sm solid"), el("span", {}, t("run.run")));
    run.addEventListener("click", () => this.#run(found.next.line));
    const next = el("div", {}, el("div", { class: "label" }, found.next.why), el("div", { class: "next" }, commandLine(found.next.line), run));
    const folds = ladder(fold(t("why.hint"), found.hint, opened), fold(t("why.answer"), found.answer, opened));
    const body = el("div", { class: "explain-body" }, el("div", { class: "stack" }, el("p", {}, found.text), next), el("div", { class: "stack" }, this.#facts(found, name), folds.length ? el("div", { class: "ladder" }, ...folds) : null));
    this.place.replaceChildren(el("section", { class: "explain", "aria-labelledby": "why-title" }, head, body));
    if (inside) close.focus();
  }

  #facts(found: Explanation, name: string): HTMLElement | null {
    if (!found.facts.length) return null;
    const list = found.facts.flatMap((fact) => [el("dt", {}, fact.name), el("dd", { class: fact.hot ? "hot" : undefined }, fact.value)]);
    return el("div", {}, el("div", { class: "label" }, t("why.seen", { name })), el("dl", { class: "facts" }, ...list));
  }
}

/** The answer opens after the hint: whoever wants to find it alone is not told at once. */
function ladder(hint: HTMLDetailsElement | undefined, answer: HTMLDetailsElement | undefined): HTMLElement[] {
  const steps = [hint, answer].filter((one) => one !== undefined);
  if (!hint || !answer || hint.open) return steps;
  answer.hidden = true;
  const after = el("span", { class: "mute" }, t("why.afterHint"));
  hint.addEventListener("toggle", () => {
    answer.hidden = false;
    after.remove();
  }, { once: true });
  return [...steps, after];
}

function fold(name: string, text: string | undefined, opened: Set<string | null | undefined>): HTMLDetailsElement | undefined {
  if (!text) return undefined;
  return el("details", { class: "fold", open: opened.has(name) }, el("summary", {}, name), el("div", {}, text));
}
