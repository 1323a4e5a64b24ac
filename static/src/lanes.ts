// Drawing lanes: bars, texts and marks in percent coordinates, so that the picture stretches without distortion.

import { age } from "./ages";
import { el, svg } from "./dom";

export interface Bar {
  from: number;
  to: number;
  /** `ok warn bad plain off run-on run-ok run-bad wait rest` */
  tone: string;
  text: string;
  title: string;
  below?: string;
  /** Of what it opens. */
  key?: string;
}

export interface Row {
  name: string;
  detail?: string;
  tall?: boolean;
  bars: Bar[];
  texts: { at: number; text: string; key?: string }[];
  marks: { at: number; warning: boolean; key: string; label: string }[];
}

export interface Picture {
  rows: Row[];
  /** Milliseconds. */
  start: number;
  /** Seconds. */
  length: number;
  tick: number;
  now: number | undefined;
  opened: string | undefined;
  open: (key: string) => void;
  label: string;
}

const HEAD = 20;
const LOW = 28;
const TALL = 40;

export function picture(of: Picture): HTMLElement {
  const height = HEAD + of.rows.reduce((sum, row) => sum + (row.tall ? TALL : LOW), 0);
  const root = svg("svg", { class: "lanes", role: "group", "aria-label": of.label, height, width: "100%" }, hatch());
  const place = (at: number) => Math.max(0, Math.min(100, (at - of.start) / of.length / 10));
  root.append(...ticks(of, place, height));
  const names = el("ul", { class: "tl-names", "aria-hidden": "true" }, el("li", { class: "tl-first" }));
  let top = HEAD;
  for (const row of of.rows) {
    const size = row.tall ? TALL : LOW;
    root.append(...drawRow(row, top + size / 2 - (row.tall ? 4 : 0), place, of));
    names.append(el("li", { class: row.tall ? "tall" : undefined }, row.name, row.detail ? el("small", {}, row.detail) : null));
    top += size;
  }
  if (of.now !== undefined) {
    const x = percent(place(of.now));
    root.append(svg("line", { class: "now", x1: x, x2: x, y1: HEAD - 2, y2: height }));
  }
  return el("div", { class: "tl-grid" }, names, root as unknown as HTMLElement);
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}

function hatch(): SVGElement {
  const line = svg("line", { class: "hatchline", x1: 0, y1: 0, x2: 0, y2: 6 });
  return svg("defs", {}, svg("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, line));
}

function ticks(of: Picture, place: (at: number) => number, height: number): SVGElement[] {
  const found: SVGElement[] = [];
  for (let at = 0; at <= of.length; at += of.tick) {
    const x = percent(place(of.start + at * 1_000));
    const anchor = at === 0 ? "start" : at + of.tick > of.length ? "end" : "middle";
    found.push(svg("line", { class: "tick", x1: x, x2: x, y1: HEAD - 4, y2: height }));
    found.push(svg("text", { x, y: 11, "text-anchor": anchor, class: (at / of.tick) % 2 ? "odd" : "" }, at === 0 ? "0s" : age(at)));
  }
  return found;
}

function drawRow(row: Row, y: number, place: (at: number) => number, of: Picture): SVGElement[] {
  const lane = svg("line", { class: "lane", x1: 0, x2: "100%", y1: y, y2: y });
  const bars = row.bars.flatMap((bar) => drawBar(bar, row, y, place, of));
  const texts = row.texts.flatMap(({ at, text, key }) => {
    const dot = svg("circle", { class: "dot", cx: percent(place(at)), cy: y, r: 4 });
    const words = svg("text", { x: percent(place(at) + 1.6), y: y + 4 }, text);
    return key === undefined ? [dot, words] : [button(key, `${row.name}: ${text}`, of, dot), words];
  });
  return [lane, ...bars, ...texts, ...row.marks.map((mark) => drawMark(mark, y, place, of))];
}

function drawBar(bar: Bar, row: Row, y: number, place: (at: number) => number, of: Picture): SVGElement[] {
  const [from, to] = [place(bar.from), place(bar.to)];
  const width = Math.max(to - from, 0);
  const high = bar.tone.startsWith("run") ? 20 : 18;
  const shape = svg("rect", { class: `bar ${bar.tone}`, x: percent(from), width: width < 0.4 ? 4 : percent(width), y: y - high / 2, height: high, rx: 2 }, svg("title", {}, bar.title));
  const parts = [bar.key === undefined ? shape : button(bar.key, `${row.name} ${row.detail ?? ""}: ${bar.title}`, of, shape)];
  // About 0.9 % a letter on the narrowest pane; what has no room is in the title.
  if (bar.text && width > bar.text.length * 1.05 + 1) parts.push(svg("text", { class: "in-bar", x: percent(from + 1.2), y: y + 4 }, bar.text));
  if (bar.below !== undefined) parts.push(svg("text", { class: bar.below === "0" ? "code" : "code badt", x: percent(from), y: y + high / 2 + 11 }, bar.below));
  return parts;
}

function drawMark(mark: Row["marks"][number], y: number, place: (at: number) => number, of: Picture): SVGElement {
  const dot = svg("circle", { class: mark.warning ? "dot w" : "dot", cx: percent(place(mark.at)), cy: y, r: 5 });
  return button(mark.key, mark.label, of, svg("title", {}, mark.label), dot);
}

/** A part of the picture that opens what is known about it. */
function button(key: string, label: string, of: Picture, ...shapes: SVGElement[]): SVGElement {
  const root = svg("g", { role: "button", tabindex: 0, "data-key": key, "aria-label": label, "aria-pressed": String(of.opened === key) }, ...shapes);
  root.addEventListener("click", () => of.open(key));
  root.addEventListener("keydown", (event) => {
    const pressed = (event as KeyboardEvent).key;
    if (pressed !== "Enter" && pressed !== " ") return;
    event.preventDefault();
    of.open(key);
  });
  return root;
}
