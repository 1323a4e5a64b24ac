// The Pods view: the rows of `kubectl get pods -o wide`; what changes lights up and settles.

import { age, older } from "./ages";
import type { Connection } from "./connection";
import { commandLine, el, hidden, icon, setText, the } from "./dom";
import { unhealthy } from "./health";
import type { PodRow } from "./protocol";
import { t } from "./text";
import { tone } from "./tone";
import type { Why } from "./why";

/** As long as the light of a change lasts; the style sheet has the same. */
const LIT = 1_200;
/** Where more rows than this change at once, nobody can hear which. */
const ALOUD = 20;

interface Shown {
  row: HTMLTableRowElement;
  cells: HTMLElement[];
  texts: string[];
}

export interface PodsListener {
  /** A Pod's name was pressed. */
  opened(name: string): void;
  /** The command that would make the first Pod. */
  start(line: string): void;
}

export class Pods {
  readonly #panel = the("v-pods");
  readonly #listener: PodsListener;
  readonly #starter: string;
  readonly #why: Why;
  readonly #stale = el("p", { class: "mute as-of" });
  #table: HTMLTableElement | undefined;
  #columns: string[] = [];
  #rows = new Map<string, Shown>();
  #heard = 0;
  #first = true;

  constructor(connection: Connection, starter: string, why: Why, listener: PodsListener) {
    this.#why = why;
    this.#listener = listener;
    this.#starter = starter;
    this.#empty(t("pods.soon"));
    // While there is no cluster, its place says why: on a narrow screen the status line has no room for that.
    connection.on("sandbox", ({ state, text }) => {
      if (state !== "ready" && !this.#rows.size) this.#empty(text, state !== "starting");
    });
    connection.on("queue", ({ before: ahead, places }) => this.#empty(t(ahead === 0 ? "status.next" : "status.queue", { ahead, places })));
    connection.on("pods", ({ columns, rows }) => this.#show(columns, rows));
    connection.watch((link) => {
      this.#panel.classList.toggle("stale", link !== "open" && this.#rows.size > 0);
    });
    setInterval(() => {
      this.#age();
      this.#asOf();
    }, 1_000);
  }

  /** Of the Pods that there are. */
  get names(): string[] {
    return [...this.#rows.values()].map(({ texts }) => texts[0] ?? "");
  }

  #show(columns: string[], rows: PodRow[]): void {
    this.#heard = performance.now();
    if (!rows.length) {
      this.#rows.clear();
      this.#table = undefined;
      this.#first = false;
      this.#empty("No resources found in default namespace.");
    } else {
      if (!this.#table || columns.join() !== this.#columns.join()) this.#head(columns);
      this.#body(rows);
    }
    this.#first = false;
  }

  #empty(text: string, bad = false): void {
    const offer = el("p", { class: bad ? "empty bad" : "empty" }, text);
    const panel = [offer];
    if (this.#starter && !this.#first && !bad) {
      const button = el("button", { class: "btn soft", type: "button" }, icon("run", "ico sm solid"), el("span", {}, t("run.run")));
      button.addEventListener("click", () => this.#listener.start(this.#starter));
      panel.push(el("div", { class: "next" }, commandLine(this.#starter), button));
    }
    this.#panel.replaceChildren(el("div", { class: "nothing" }, ...panel));
  }

  #head(columns: string[]): void {
    this.#columns = columns;
    this.#rows.clear();
    const head = el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name)));
    this.#table = el("table", { class: "kt" }, el("caption", { class: "vh" }, t("pods.caption")), el("thead", {}, head), el("tbody"));
    this.#panel.replaceChildren(el("div", { class: "kt-wrap" }, this.#table), this.#why.place);
  }

  #body(rows: PodRow[]): void {
    const body = this.#table?.tBodies[0];
    if (!body) return;
    const gone = new Set(this.#rows.keys());
    const lit: Shown[] = [];
    rows.forEach(({ uid, cells }, at) => {
      gone.delete(uid);
      const known = this.#rows.get(uid);
      const shown = known ?? this.#newRow(uid, cells);
      if (known ? this.#fill(shown, cells) : !this.#first) lit.push(shown);
      if (body.rows[at] !== shown.row) body.insertBefore(shown.row, body.rows[at] ?? null);
    });
    for (const uid of gone) {
      this.#rows.get(uid)?.row.remove();
      this.#rows.delete(uid);
    }
    light(lit);
  }

  #newRow(uid: string, cells: string[]): Shown {
    const name = el("button", { class: "name", type: "button", title: t("pods.open") }, cells[0] ?? "");
    name.addEventListener("click", () => this.#listener.opened(name.textContent ?? ""));
    const status = el("button", { type: "button", "aria-expanded": String(this.#why.isOpen(uid)) }, cells[this.#columns.indexOf("STATUS")] ?? "");
    status.addEventListener("click", () => this.#why.toggle(uid, status));
    this.#why.adopt(uid, status);
    const statusAt = this.#columns.indexOf("STATUS");
    const tds = cells.map((text, at) => el("td", {}, at === 0 ? name : at === statusAt ? status : el("span", {}, text)));
    const targets = tds.map((td) => td.firstElementChild as HTMLElement);
    const shown = { row: el("tr", {}, ...tds), cells: targets, texts: cells };
    this.#tone(shown);
    this.#rows.set(uid, shown);
    return shown;
  }

  /** Writes new cells; whether anything but an age is different. */
  #fill(shown: Shown, cells: string[]): boolean {
    let changed = false;
    cells.forEach((text, at) => {
      const target = shown.cells[at];
      if (!target) return;
      const ages = this.#columns[at] === "AGE" || this.#columns[at] === "RESTARTS";
      const before = shown.texts[at] ?? "";
      if (before !== text && withoutAge(before, ages) !== withoutAge(text, ages)) changed = true;
      setText(target, text);
    });
    shown.texts = cells;
    this.#tone(shown);
    return changed;
  }

  #tone(shown: Shown): void {
    const at = this.#columns.indexOf("STATUS");
    const status = shown.texts[at] ?? "";
    const ready = shown.texts[this.#columns.indexOf("READY")] ?? "";
    const asks = unhealthy({ status, ready });
    const target = shown.cells[at];
    if (!target) return;
    const kind = tone(status) || (asks ? "warn" : "");
    const look = asks ? `why ${kind}` : `quiet-why ${kind}`;
    const label = t("pods.explain", { status });
    if (target.className !== look) target.className = look;
    if (target.getAttribute("aria-label") !== label) target.setAttribute("aria-label", label);
  }

  /** While the connection is gone, the rows say of when they are. */
  #asOf(): void {
    const stale = this.#panel.classList.contains("stale");
    if (!stale) this.#stale.remove();
    else {
      setText(this.#stale, t("pods.asOf", { age: age((performance.now() - this.#heard) / 1_000) }));
      if (!this.#stale.isConnected) this.#panel.append(this.#stale);
    }
  }

  /** Ages go on between two messages. */
  #age(): void {
    const by = Math.floor((performance.now() - this.#heard) / 1_000);
    if (!by || this.#panel.classList.contains("stale")) return;
    for (const { cells, texts } of this.#rows.values()) {
      this.#columns.forEach((column, at) => {
        const target = cells[at];
        const text = texts[at];
        if (target && text && (column === "AGE" || column === "RESTARTS")) setText(target, older(text, by));
      });
    }
  }
}

/** Lights rows up. The light of a row that is lit already begins anew: both classes do the same under two names. */
function light(lit: Shown[]): void {
  if (!lit.length) return;
  const aloud = lit.length <= ALOUD;
  // Nor is it pleasant to see, or quick to paint, when all of a long table fades.
  lit[0]?.row.closest("table")?.classList.toggle("busy", !aloud);
  const done = lit.map(({ row, cells }) => {
    const again = row.classList.contains("lit") && !row.classList.contains("again");
    row.classList.add("lit");
    row.classList.toggle("again", again);
    row.dataset.lit = String(Number(row.dataset.lit ?? 0) + 1);
    row.querySelector(".vh")?.remove();
    if (aloud) cells[0]?.after(hidden(t("pods.changed")));
    return row.dataset.lit;
  });
  setTimeout(() => {
    lit.forEach(({ row }, at) => {
      // Where another change has come meanwhile, its own light goes on.
      if (row.dataset.lit !== done[at]) return;
      row.querySelector(".vh")?.remove();
      row.classList.remove("lit", "again");
    });
  }, LIT);
}

function withoutAge(text: string, ages: boolean): string {
  return ages ? text.replace(/(\d+[ydhms])+/g, "") : text;
}
