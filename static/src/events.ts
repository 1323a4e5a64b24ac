// The Events view: the rows of `kubectl get events`, newest last.

import { older } from "./ages";
import type { Connection } from "./connection";
import { el, setText, the } from "./dom";
import { t } from "./text";

interface Line {
  root: HTMLTableRowElement;
  cells: HTMLElement[];
  /** How often it was seen when it was drawn last. */
  count: string | undefined;
}

export class Events {
  readonly #panel = the("v-events");
  #columns: string[] = [];
  #rows: string[][] = [];
  #drawn = new Map<string, Line>();
  #table: HTMLTableElement | undefined;
  /** What was there when it was first drawn is no news. */
  #drawnBefore = false;
  #heard = 0;

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

  /** The tab has been chosen. */
  open(): void {
    if (this.#rows.length) this.#draw();
    this.#panel.scrollTop = this.#panel.scrollHeight;
  }

  #show(columns: string[], rows: string[][]): void {
    const atEnd = this.#panel.scrollTop + this.#panel.clientHeight > this.#panel.scrollHeight - 24;
    this.#heard = performance.now();
    this.#columns = columns;
    this.#rows = rows;
    if (!rows.length) this.#empty();
    // Drawn when somebody looks: there may be very many, and often.
    else if (!this.#panel.hidden) this.#draw();
    if (atEnd) this.#panel.scrollTop = this.#panel.scrollHeight;
  }

  /** What an event is, apart from when and how often. */
  #key(row: string[]): string {
    return row.filter((_, at) => at !== this.#seen()).join("\t");
  }

  #seen(): number {
    return this.#columns.indexOf("LAST SEEN");
  }

  #draw(): void {
    const body = this.#body();
    const known = this.#drawn;
    this.#drawn = new Map();
    this.#rows.forEach((row, at) => {
      const key = this.#freshKey(row);
      const line = known.get(key) ?? this.#newLine(row);
      known.delete(key);
      this.#drawn.set(key, line);
      const lit = this.#drawnBefore && (line.count === undefined || line.count !== count(row[this.#seen()]));
      line.count = count(row[this.#seen()]);
      line.root.classList.toggle("lit", lit);
      line.cells.forEach((cell, column) => setText(cell, row[column] ?? ""));
      if (body.rows[at] !== line.root) body.insertBefore(line.root, body.rows[at] ?? null);
    });
    for (const { root } of known.values()) root.remove();
    this.#drawnBefore = true;
  }

  /** Two events may read the same. */
  #freshKey(row: string[]): string {
    let key = this.#key(row);
    while (this.#drawn.has(key)) key += "+";
    return key;
  }

  #newLine(row: string[]): Line {
    const type = this.#columns.indexOf("TYPE");
    const cells = row.map((text, at) => el("td", { class: at === type && text === "Warning" ? "warn" : undefined }));
    return { root: el("tr", {}, ...cells), cells, count: undefined };
  }

  #body(): HTMLTableSectionElement {
    const columns = this.#columns.join();
    const body = this.#table?.tBodies[0];
    if (body && this.#table?.isConnected && this.#table.dataset.columns === columns) return body;
    this.#drawn.clear();
    const head = el("tr", {}, ...this.#columns.map((name) => el("th", { scope: "col" }, name)));
    const made = el("tbody");
    this.#table = el("table", { class: "kt", "data-columns": columns }, el("caption", { class: "vh" }, t("events.caption")), el("thead", {}, head), made);
    this.#panel.replaceChildren(el("div", { class: "kt-wrap" }, this.#table));
    return made;
  }

  #age(): void {
    const by = Math.floor((performance.now() - this.#heard) / 1_000);
    const at = this.#seen();
    if (!by || at < 0 || this.#panel.hidden || this.#panel.classList.contains("stale")) return;
    const lines = [...this.#drawn.values()];
    this.#rows.forEach((row, number) => {
      const cell = lines[number]?.cells[at];
      if (cell) setText(cell, older(row[at] ?? "", by));
    });
  }
}

/** How often: `3s (x4 over 97s)` is 4. */
function count(seen: string | undefined): string {
  return seen?.match(/\(x(\d+)/)?.[1] ?? "1";
}
