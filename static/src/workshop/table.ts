// The wall: a row for each learner, a cell for each step. Rows are drawn again only when they changed.

import { el, hidden, icon, the } from "../dom";
import "./wall-text";
import { t } from "../text";
import type { Cell, Change, Row } from "./events";

export class Table {
  readonly #rows = the("rows");
  readonly #open: ((id: string) => void) | undefined;
  readonly #known: Row[] = [];
  #anonymous = false;
  #chosen = "";

  /** `open` shows a learner's page; without it rows only tell. */
  constructor(open?: (id: string) => void) {
    this.#open = open;
  }

  show(change: Change): void {
    if (change.whole) {
      this.#known.length = 0;
      this.#rows.replaceChildren();
    }
    for (const [at, row] of change.rows) {
      this.#known[at] = row;
      this.#draw(at);
    }
    the("nobody").hidden = this.#known.length > 0;
    foot("medians", change.medians);
    foot("here", change.here.map((count) => count || null));
  }

  row(id: string): Row | undefined {
    return this.#known.find((row) => row.id === id);
  }

  /** Names are not for the projector. */
  set anonymous(anonymous: boolean) {
    this.#anonymous = anonymous;
    this.#known.forEach((_, at) => this.#draw(at));
  }

  set chosen(id: string) {
    this.#chosen = id;
    this.#known.forEach((row, at) => this.#rows.children[at]?.classList.toggle("open", row.id === id));
  }

  /** What somebody is called on this screen. */
  called(id: string, name: string): string {
    if (!this.#anonymous) return name;
    return t("wall.anonymous", { number: this.#known.findIndex((row) => row.id === id) + 1 });
  }

  #draw(at: number): void {
    const row = this.#known[at];
    if (!row) return;
    const title = row.here ? `${row.here[0]} ${row.here[1]}` : undefined;
    const called = this.called(row.id, row.name);
    const open = this.#open;
    const name = open ? el("button", { type: "button", title }, called) : el("span", { title }, called);
    if (row.hand) name.append(icon("hand", "ico sm warn"), hidden(`, ${t("wall.handRaised")}`));
    if (row.away !== null) name.append(el("span", { class: "mute" }, t("wall.away", { minutes: row.away })));
    if (open) name.addEventListener("click", () => open(row.id));
    const line = el("tr", { class: [row.online ? "" : "away", row.id === this.#chosen ? "open" : ""].join(" ").trim() || undefined }, el("th", { scope: "row" }, name));
    row.cells.forEach((cell, column) => {
      if (gaps().has(column)) line.append(el("td", { class: "gap", "aria-hidden": "true" }));
      line.append(drawn(cell));
    });
    const focused = this.#rows.children[at]?.contains(document.activeElement);
    if (this.#rows.children[at]) this.#rows.children[at].replaceWith(line);
    else this.#rows.append(line);
    if (focused) name.focus();
  }
}

function drawn(cell: Cell): HTMLElement {
  switch (cell.is) {
    case "not":
      return el("td", { class: "t0" }, el("span", { "aria-hidden": "true" }, "·"), hidden(t("wall.notBegun")));
    case "held":
      return el("td", { class: "heldat" }, hidden(t("wall.held")));
    case "here":
      return el("td", { class: "hereat" }, String(cell.minutes), hidden(` ${t("wall.cellHere")}`));
    case "stuck":
      return el("td", { class: "stuckat" }, el("span", { "aria-hidden": "true" }, "!"), String(cell.minutes), hidden(` ${t("wall.cellStuck")}`));
    case "done":
      return el("td", { class: `t${cell.pace}` }, String(cell.minutes), hidden(` ${t("wall.cellDone")}`));
  }
}

/** Before which columns a new lesson begins. */
function gaps(): Set<number> {
  const found = new Set<number>();
  let column = 0;
  for (const head of document.querySelectorAll<HTMLTableCellElement>(".wall .lesson-h")) {
    if (column > 0) found.add(column);
    column += head.colSpan;
  }
  return found;
}

function foot(id: string, numbers: (number | null)[]): void {
  const row = the(id);
  const cells: HTMLElement[] = [];
  numbers.forEach((number, column) => {
    if (gaps().has(column)) cells.push(el("td", { class: "gap", "aria-hidden": "true" }));
    cells.push(el("td", {}, number === null ? "" : String(number)));
  });
  row.replaceChildren(row.children[0] as Node, ...cells);
}
