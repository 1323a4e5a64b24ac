// The Events view: the rows of `kubectl get events`, newest last.

import { older } from "./ages";
import type { Connection } from "./connection";
import { el, setText, the } from "./dom";
import { t } from "./text";

export class Events {
  readonly #panel = the("v-events");
  #columns: string[] = [];
  #rows: string[][] = [];
  #cells: HTMLElement[][] = [];
  #heard = 0;
  #first = true;

  constructor(connection: Connection) {
    this.#empty();
    connection.on("events", ({ columns, rows }) => this.#show(columns, rows));
    connection.watch((link) => this.#panel.classList.toggle("stale", link !== "open" && this.#rows.length > 0));
    setInterval(() => this.#age(), 1_000);
  }

  #empty(): void {
    const text = "No resources found in default namespace.";
    this.#panel.replaceChildren(el("div", { class: "nothing" }, el("p", { class: "empty" }, text), el("p", { class: "mute" }, t("events.soon"))));
  }

  #show(columns: string[], rows: string[][]): void {
    const before = new Set(this.#rows.map((row) => this.#key(row)));
    const atEnd = this.#panel.scrollTop + this.#panel.clientHeight > this.#panel.scrollHeight - 24;
    this.#heard = performance.now();
    this.#columns = columns;
    this.#rows = rows;
    if (rows.length) this.#draw(before);
    else this.#empty();
    if (atEnd) this.#panel.scrollTop = this.#panel.scrollHeight;
    this.#first = false;
  }

  /** What an event is, apart from its age. */
  #key(row: string[]): string {
    const count = row[this.#seen()]?.match(/\(x(\d+)/)?.[1] ?? "1";
    return row.filter((_, at) => at !== this.#seen()).join("\t") + count;
  }

  #seen(): number {
    return this.#columns.indexOf("LAST SEEN");
  }

  #draw(before: Set<string>): void {
    const type = this.#columns.indexOf("TYPE");
    this.#cells = [];
    const rows = this.#rows.map((row) => {
      const cells = row.map((text, at) => el("td", { class: at === type && text === "Warning" ? "warn" : undefined }, text));
      this.#cells.push(cells);
      const lit = !this.#first && !before.has(this.#key(row));
      return el("tr", { class: lit ? "lit" : undefined }, ...cells);
    });
    const head = el("tr", {}, ...this.#columns.map((name) => el("th", { scope: "col" }, name)));
    const table = el("table", { class: "kt" }, el("caption", { class: "vh" }, t("events.caption")), el("thead", {}, head), el("tbody", {}, ...rows));
    this.#panel.replaceChildren(el("div", { class: "kt-wrap" }, table));
  }

  #age(): void {
    const by = Math.floor((performance.now() - this.#heard) / 1_000);
    const at = this.#seen();
    if (!by || at < 0 || this.#panel.classList.contains("stale")) return;
    this.#rows.forEach((row, number) => {
      const cell = this.#cells[number]?.[at];
      if (cell) setText(cell, older(row[at] ?? "", by));
    });
  }
}
