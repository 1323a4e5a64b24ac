// The Timeline: a Pod's statuses and events on one axis of time.

import { age } from "./ages";
import type { Connection } from "./connection";
import { el, svg, the } from "./dom";
import { axis, type Life, Lives, type Mark, marks } from "./lifeline";
import { tone } from "./pods";

const STATUS_Y = 44;
const EVENTS_Y = 88;
const HEIGHT = 110;

export class Timeline {
  readonly #panel = the("v-timeline");
  readonly #lives = new Lives();
  readonly #choice = el("select", { class: "select", "aria-label": "Pod" });
  #events: { columns: string[]; rows: string[][]; heard: number } = { columns: [], rows: [], heard: 0 };
  #wanted: string | undefined;
  #opened: string | undefined;

  constructor(connection: Connection) {
    this.#panel.classList.add("timeline");
    connection.on("pods", ({ columns, rows }) => {
      this.#lives.note(columns, rows, performance.now());
      this.#draw();
    });
    connection.on("events", ({ columns, rows }) => {
      this.#events = { columns, rows, heard: performance.now() };
      this.#draw();
    });
    this.#choice.addEventListener("change", () => {
      this.#wanted = this.#choice.value;
      this.#draw();
    });
    setInterval(() => this.#draw(), 1_000);
    this.#draw();
  }

  /** Shows a Pod's life. */
  follow(name: string): void {
    this.#wanted = this.#lives.all.filter((life) => life.name === name).at(-1)?.uid;
    this.#draw();
  }

  /** Draws, if someone looks and does not just choose or point. */
  draw(): void {
    this.#draw(true);
  }

  #draw(asked = false): void {
    if (this.#panel.hidden && !asked) return;
    const lives = this.#lives.all;
    const life = lives.find((one) => one.uid === this.#wanted) ?? lives.at(-1);
    if (!life) {
      const text = "No Pod has lived here yet. When one does, you see here what happened to it and when.";
      this.#panel.replaceChildren(el("div", { class: "nothing" }, el("p", { class: "empty" }, text)));
      return;
    }
    const focused = this.#panel.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : undefined;
    this.#panel.replaceChildren(this.#picture(lives, life));
    if (focused) this.#panel.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #picture(lives: Life[], life: Life): HTMLElement {
    const now = life.ended ?? performance.now();
    const found = marks(this.#events.columns, this.#events.rows, life.name, this.#events.heard).filter((mark) => mark.at >= life.born - 2_000);
    const start = Math.min(life.born, ...life.stretches.map((stretch) => stretch.from), ...found.map((mark) => mark.at));
    const { length, tick } = axis((now - start) / 1_000 * 1.08);
    const x = (at: number) => `${Math.max(0, Math.min(100, (at - start) / length / 10)).toFixed(2)}%`;
    const lanes = svg("svg", { class: "lanes short", role: "group", "aria-label": `Timeline of Pod ${life.name}, 0 to ${length} seconds` });
    for (let at = 0; at <= length; at += tick) {
      const place = x(start + at * 1_000);
      lanes.append(svg("line", { class: "tick", x1: place, x2: place, y1: 18, y2: HEIGHT }));
      const anchor = at === 0 ? "start" : at + tick > length ? "end" : "middle";
      lanes.append(svg("text", { x: place, y: 12, "text-anchor": anchor, class: (at / tick) % 2 ? "odd" : "" }, at === 0 ? "0 s" : age(at)));
    }
    lanes.append(...this.#statuses(life, now, x), ...this.#marks(found, start, x));
    if (life.ended === undefined) lanes.append(svg("line", { class: "now", x1: x(now), x2: x(now), y1: 18, y2: HEIGHT }));
    const names = el("ul", { class: "tl-names", "aria-hidden": "true" }, el("li"), el("li", { class: "lane-status" }, "Status"), el("li", { class: "lane-events" }, "Events"));
    return el("div", { class: "tl" }, this.#head(lives, life), el("div", { class: "tl-grid" }, names, lanes as unknown as HTMLElement), this.#detail(found, life, start));
  }

  #head(lives: Life[], life: Life): HTMLElement {
    const label = (one: Life) => (one.ended === undefined ? one.name : `${one.name} (gone)`);
    const wanted = lives.map((one) => `${one.uid} ${label(one)}`).join();
    if (this.#choice.dataset.shown !== wanted) {
      this.#choice.replaceChildren(...lives.map((one) => el("option", { value: one.uid }, label(one))));
      this.#choice.dataset.shown = wanted;
    }
    this.#choice.value = life.uid;
    this.#choice.dataset.key = "choice";
    return el("div", { class: "tl-head" }, el("label", {}, "Pod ", this.#choice), el("span", { class: "mute" }, "as this page has seen it"));
  }

  #statuses(life: Life, now: number, x: (at: number) => string): Element[] {
    return life.stretches.flatMap(({ status, from, to }) => {
      const width = `${(Number.parseFloat(x(to ?? now)) - Number.parseFloat(x(from))).toFixed(2)}%`;
      const bar = svg("rect", { class: `bar ${tone(status) || "plain"}`, x: x(from), width, y: STATUS_Y - 10, height: 20, rx: 2 }, svg("title", {}, `${status}, ${age(((to ?? now) - from) / 1_000)}`));
      const wide = Number.parseFloat(width) > 12;
      return wide ? [bar, svg("text", { class: "in-bar", x: `${Number.parseFloat(x(from)) + 0.8}%`, y: STATUS_Y + 4 }, status)] : [bar];
    });
  }

  #marks(found: Mark[], start: number, x: (at: number) => string): Element[] {
    const lane = svg("line", { class: "lane", x1: 0, x2: "100%", y1: EVENTS_Y, y2: EVENTS_Y });
    const dots = found.map((mark, at) => {
      const key = `${mark.reason}-${at}`;
      const label = `${age((mark.at - start) / 1_000)}, event ${mark.reason}: ${mark.message}`;
      const dot = svg("g", { role: "button", tabindex: 0, "data-key": key, "aria-label": label, "aria-pressed": String(this.#opened === key) }, svg("circle", { class: mark.type === "Warning" ? "dot w" : "dot", cx: x(mark.at), cy: EVENTS_Y, r: 5 }));
      const open = () => {
        this.#opened = key;
        this.#draw();
      };
      dot.addEventListener("click", open);
      dot.addEventListener("keydown", (event) => {
        if ((event as KeyboardEvent).key !== "Enter" && (event as KeyboardEvent).key !== " ") return;
        event.preventDefault();
        open();
      });
      return dot;
    });
    return [lane, ...dots];
  }

  #detail(found: Mark[], life: Life, start: number): HTMLElement {
    const lines = found.flatMap((mark, at) => {
      const opened = this.#opened === `${mark.reason}-${at}`;
      const count = mark.count > 1 ? ` (x${mark.count})` : "";
      return [el("dt", {}, age((mark.at - start) / 1_000)), el("dd", { class: opened ? "opened" : undefined }, el("b", { class: mark.type === "Warning" ? "warn" : undefined }, `${mark.reason}${count}`), ` ${mark.message}`)];
    });
    if (!lines.length) return el("p", { class: "mute" }, `No event speaks of ${life.name} yet.`);
    return el("dl", { class: "tl-detail" }, ...lines);
  }
}
