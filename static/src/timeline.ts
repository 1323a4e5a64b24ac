// The Timeline: a Pod's life in lanes on one axis of time; each mark opens what is known about it.

import { age } from "./ages";
import * as cluster from "./cluster";
import type { Connection } from "./connection";
import { el, the } from "./dom";
import { axis, type Life, Lives } from "./lifeline";
import { marksOf, nextStart, type Observation, Observed } from "./observed";
import { picture, type Row } from "./lanes";
import { tone } from "./pods";

/** Messages that come closer together than this lead to one question. */
const SETTLE = 150;

export class Timeline {
  readonly #panel = the("v-timeline");
  readonly #lives = new Lives();
  readonly #observed = new Observed();
  readonly #choice = el("select", { class: "select", "aria-label": "Pod", "data-key": "choice" });
  #events: cluster.ClusterEvent[] = [];
  #wanted: string | undefined;
  #opened: string | undefined;
  #timer: number | undefined;

  constructor(connection: Connection) {
    this.#panel.classList.add("timeline");
    connection.on("pods", ({ columns, rows }) => {
      this.#lives.note(columns, rows, cluster.now());
      if (rows.length) this.#askSoon();
      this.draw();
    });
    connection.on("events", () => this.#askSoon());
    this.#choice.addEventListener("change", () => {
      this.#wanted = this.#choice.value;
      this.#opened = undefined;
      this.draw();
    });
    setInterval(() => this.draw(), 1_000);
    this.draw();
  }

  /** Shows a Pod's life. */
  follow(name: string): void {
    this.#wanted = this.#lives.all.filter((life) => life.name === name).at(-1)?.uid;
    this.draw();
  }

  /** Draws, if someone looks. */
  draw(): void {
    if (this.#panel.hidden) return;
    const lives = this.#lives.all;
    const life = lives.find((one) => one.uid === this.#wanted) ?? lives.at(-1);
    if (!life) {
      const text = "No Pod has lived here yet. When one does, you see here what happened to it and when.";
      this.#panel.replaceChildren(el("div", { class: "nothing" }, el("p", { class: "empty" }, text)));
      return;
    }
    if (document.activeElement === this.#choice) return;
    const focused = this.#panel.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : undefined;
    this.#panel.replaceChildren(el("div", { class: "tl" }, this.#head(lives, life), ...this.#body(life)));
    if (focused) this.#panel.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  #askSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#ask(), SETTLE);
  }

  async #ask(): Promise<void> {
    const [pods, events] = await Promise.all([cluster.pods(), cluster.events()]);
    if (pods) this.#observed.note(pods);
    if (events) this.#events = events;
    this.draw();
  }

  #head(lives: Life[], life: Life): HTMLElement {
    const label = (one: Life) => (one.ended === undefined ? one.name : `${one.name} (gone)`);
    const wanted = lives.map((one) => `${one.uid} ${label(one)}`).join();
    if (this.#choice.dataset.shown !== wanted) {
      this.#choice.replaceChildren(...lives.map((one) => el("option", { value: one.uid }, label(one))));
      this.#choice.dataset.shown = wanted;
    }
    this.#choice.value = life.uid;
    return el("div", { class: "tl-head" }, el("label", {}, "Pod ", this.#choice), el("span", { class: "mute" }, this.#observed.of(life.uid) ? "times to the second, as Kubernetes keeps them" : "as this page has seen it"));
  }

  #body(life: Life): HTMLElement[] {
    const seen = this.#observed.of(life.uid);
    const now = life.ended ?? cluster.now();
    const marks = marksOf(this.#events, life.uid);
    const start = Math.min(seen?.created ?? life.born, ...life.stretches.map((one) => one.from), ...marks.map((mark) => mark.at));
    const soon = Math.max(...(seen?.lanes ?? []).map((lane) => (life.ended === undefined ? (nextStart(lane) ?? 0) : 0)), 0);
    const { length, tick } = axis((Math.max((now - start) * 1.06, soon - start) + 300) / 1_000);
    const rows = [statusRow(life, now), ...(seen ? objectRows(seen, now, life.ended !== undefined, marks) : [])];
    const events: Row = {
      name: "Events",
      bars: [],
      texts: [],
      marks: marks.map((mark, at) => ({ at: mark.at, warning: mark.type === "Warning", key: `event-${at}`, label: `${age((mark.at - start) / 1_000)}, event ${mark.reason}: ${mark.message}` })),
    };
    const open = (key: string) => {
      this.#opened = this.#opened === key ? undefined : key;
      this.draw();
      this.#panel.querySelector(".opened")?.scrollIntoView({ block: "nearest" });
    };
    const drawn = picture({ rows: [...rows, events], start, length, tick, now: life.ended === undefined ? now : undefined, opened: this.#opened, open, label: `Timeline of Pod ${life.name}, ${length} seconds` });
    const lines = marks.flatMap((mark, at) => {
      const opened = this.#opened === `event-${at}`;
      const count = mark.count > 1 ? ` (x${mark.count})` : "";
      const who = mark.container ? ` ${mark.container}:` : "";
      return [el("dt", {}, age((mark.at - start) / 1_000)), el("dd", { class: opened ? "opened" : undefined }, el("b", { class: mark.type === "Warning" ? "warn" : undefined }, `${mark.reason}${count}`), `${who} ${mark.message}`)];
    });
    return [drawn, lines.length ? el("dl", { class: "tl-detail" }, ...lines) : el("p", { class: "mute" }, `No event speaks of ${life.name} yet.`)];
  }
}

function statusRow(life: Life, now: number): Row {
  const bars = life.stretches.map(({ status, from, to }) => ({ from, to: to ?? now, tone: tone(status) || "plain", text: status, title: `${status}, ${age(((to ?? now) - from) / 1_000)}` }));
  return { name: "Status", bars, texts: [], marks: [] };
}

function objectRows(seen: Observation, now: number, gone: boolean, marks: { at: number; reason: string; message: string }[]): Row[] {
  const rows: Row[] = [];
  const refused = marks.filter((mark) => mark.reason === "FailedScheduling");
  if (seen.scheduled !== undefined || refused.length) {
    const placed = seen.scheduled === undefined ? [] : [{ at: seen.scheduled, text: seen.node ?? "" }];
    rows.push({ name: "Scheduling", bars: seen.scheduled === undefined ? [{ from: seen.created, to: now, tone: "wait", text: "no node fits", title: refused.at(-1)?.message ?? "" }] : [], texts: placed, marks: [] });
  }
  const pulled = marks.filter((mark) => mark.reason === "Pulled" || mark.reason === "Pulling");
  const image = imageRow(pulled);
  if (image) rows.push(image);
  for (const lane of seen.lanes) rows.push(containerRow(lane, now, gone));
  const turns = seen.ready;
  if (turns.length) {
    const bars = turns.map((turn, at) => ({ from: turn.at, to: turns[at + 1]?.at ?? now, tone: turn.status ? "ok" : "off", text: turn.status ? "ready" : "", title: turn.status ? "Ready" : `Not ready: ${turn.reason ?? ""}` }));
    rows.push({ name: "Ready", bars, texts: [], marks: [] });
  }
  return rows;
}

function imageRow(marks: { at: number; reason: string; message: string }[]): Row | undefined {
  const first = marks[0];
  if (!first) return undefined;
  const bars = marks.flatMap((mark, at) => {
    const next = marks[at + 1];
    return mark.reason === "Pulling" && next?.reason === "Pulled" ? [{ from: mark.at, to: next.at, tone: "warn", text: "", title: next.message }] : [];
  });
  const last = marks.findLast((mark) => mark.reason === "Pulled");
  const text = !last ? "being pulled" : /already present/.test(last.message) ? "already present" : `pulled in ${last.message.match(/ in (\S+) \(/)?.[1] ?? "a moment"}`;
  return { name: "Image", bars, texts: [{ at: first.at, text }], marks: [] };
}

function containerRow(lane: Observation["lanes"][number], now: number, gone: boolean): Row {
  const runs = lane.runs.filter((run) => !Number.isNaN(run.startedAt));
  const bars: Row["bars"] = runs.map((run) => ({
    from: run.startedAt,
    to: run.finishedAt ?? now,
    tone: run.finishedAt === undefined ? "run-on" : run.exitCode === 0 ? "run-ok" : "run-bad",
    text: run.finishedAt === undefined ? "running" : "",
    title: run.finishedAt === undefined ? `runs since ${age((now - run.startedAt) / 1_000)}` : `ran ${age((run.finishedAt - run.startedAt) / 1_000)}, ${run.reason ?? "ended"}, exit code ${run.exitCode}`,
    below: run.exitCode === undefined ? undefined : String(run.exitCode),
  }));
  runs.forEach((run, at) => {
    const next = runs[at + 1];
    if (run.finishedAt !== undefined && next && next.startedAt - run.finishedAt >= 2_000) bars.push(wait(run.finishedAt, next.startedAt, age((next.startedAt - run.finishedAt) / 1_000)));
  });
  const last = runs.at(-1);
  const soon = gone || last?.finishedAt === undefined ? undefined : nextStart(lane);
  if (last?.finishedAt !== undefined && soon !== undefined) {
    bars.push(wait(last.finishedAt, Math.min(now, Math.max(soon, last.finishedAt)), ""));
    if (soon > now) bars.push({ from: now, to: soon, tone: "rest", text: `next start in about ${age((soon - now) / 1_000)}`, title: "The wait before the next start" });
  }
  return { name: lane.kind === "main" ? "Container" : lane.kind === "init" ? "Init" : "Sidecar", detail: lane.container, bars, texts: [], marks: [], tall: true };
}

function wait(from: number, to: number, text: string): Row["bars"][number] {
  return { from, to, tone: "wait", text, title: `waited ${text || "so far"} before starting again` };
}
