// The Timeline: a Pod's life in lanes on one axis of time; each mark opens what is known about it, and one can look
// back to any moment.

import { age } from "./ages";
import type { Chronicle } from "./chronicle";
import * as cluster from "./cluster";
import { el, setText, the } from "./dom";
import { picture, type Row } from "./lanes";
import { axis, type Life } from "./lifeline";
import { lifeAt, marksAt, observationAt, statusAt } from "./moment";
import { type Mark, marksOf, nextStart, type Observation, type Run } from "./observed";
import { objectRows, readyWords, statusRow } from "./rows";
import "./late-text";
import { t } from "./text";
import { lines, shown } from "./yaml";

export class Timeline {
  readonly #panel = the("v-timeline");
  readonly #chronicle: Chronicle;
  readonly #choice = el("select", { class: "select", "aria-label": t("logs.pod") });
  readonly #source = el("span", { class: "mute" });
  readonly #drawn = el("div");
  readonly #slider = el("input", { type: "range", class: "grow", "aria-label": t("timeline.back"), min: 0, step: 100 });
  readonly #live = el("button", { class: "btn quiet", type: "button" }, t("timeline.live"));
  readonly #moment = el("p", { class: "moment", role: "status", hidden: true });
  readonly #object = el("details", { class: "fold", hidden: true }, el("summary", {}, t("timeline.object")), el("div"));
  readonly #details = el("div");
  readonly #all: HTMLElement;
  readonly #nothing = el("div", { class: "nothing" }, el("p", { class: "empty" }, t("timeline.empty")));
  #wanted: string | undefined;
  #opened: string | undefined;
  /** The moment one looks back to; undefined is now. */
  #at: number | undefined;
  #start = 0;

  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
    this.#panel.classList.add("timeline");
    const head = el("div", { class: "tl-head" }, el("label", {}, `${t("logs.pod")} `, this.#choice), this.#source);
    const back = el("label", { class: "tl-back" }, el("span", {}, t("timeline.back")), this.#slider, this.#live);
    this.#all = el("div", { class: "tl" }, head, this.#drawn, back, this.#moment, this.#object, this.#details);
    this.#panel.replaceChildren(this.#nothing, this.#all);
    chronicle.watch(() => {
      if (this.#at === undefined) this.draw();
    });
    this.#setUp();
    setInterval(() => {
      if (this.#at === undefined) this.draw();
    }, 1_000);
    this.draw();
  }

  /** Shows a Pod's life. */
  follow(name: string): void {
    this.#wanted = this.#chronicle.lives.all.filter((life) => life.name === name).at(-1)?.uid;
    this.#at = undefined;
    this.draw();
  }

  /** Draws, if someone looks. */
  draw(): void {
    if (this.#panel.hidden) return;
    const lives = this.#chronicle.lives.all;
    const life = lives.find((one) => one.uid === this.#wanted) ?? lives.at(-1);
    this.#nothing.hidden = life !== undefined;
    this.#all.hidden = life === undefined;
    if (!life) return;
    this.#choices(lives, life);
    this.#body(life);
  }

  #setUp(): void {
    this.#choice.addEventListener("change", () => {
      this.#wanted = this.#choice.value;
      this.#opened = undefined;
      this.#at = undefined;
      this.draw();
    });
    this.#slider.addEventListener("input", () => {
      const { value, max } = this.#slider;
      this.#at = Number(value) >= Number(max) ? undefined : this.#start + Number(value);
      this.draw();
    });
    this.#live.addEventListener("click", () => {
      this.#at = undefined;
      this.draw();
    });
    this.#object.addEventListener("toggle", () => this.draw());
  }

  #choices(lives: Life[], life: Life): void {
    const label = (one: Life) => (one.ended === undefined ? one.name : t("timeline.gone", { name: one.name }));
    const wanted = lives.map((one) => `${one.uid} ${label(one)}`).join();
    if (this.#choice.dataset.shown !== wanted) {
      this.#choice.replaceChildren(...lives.map((one) => el("option", { value: one.uid }, label(one))));
      this.#choice.dataset.shown = wanted;
    }
    if (this.#choice.value !== life.uid) this.#choice.value = life.uid;
    setText(this.#source, t(this.#chronicle.observed.of(life.uid) ? "timeline.exact" : "timeline.seen"));
  }

  #body(life: Life): void {
    const last = life.ended ?? cluster.now();
    const at = this.#at ?? last;
    const whole = this.#chronicle.observed.of(life.uid);
    const all = marksOf(this.#chronicle.events, life.uid);
    this.#start = Math.min(whole?.created ?? life.born, ...life.stretches.map((one) => one.from), ...all.map((mark) => mark.at));
    const seen = whole && observationAt(whole, at);
    const then = lifeAt(life, at);
    const marks = marksAt(all, at);
    this.#draw(then, seen, marks, at, last);
    this.#lookBack(life, last);
    this.#list(life, seen, marks);
  }

  #draw(life: Life, seen: Observation | undefined, marks: Mark[], now: number, last: number): void {
    const soon = Math.max(0, ...(seen?.lanes ?? []).map((lane) => (life.ended === undefined ? (nextStart(lane) ?? 0) : 0)));
    const { length, tick } = axis((Math.max((last - this.#start) * 1.06, soon - this.#start) + 300) / 1_000);
    const rows = [statusRow(life, now), ...(seen ? objectRows(seen, now, life.ended !== undefined, marks) : []), this.#eventRow(marks)];
    const open = (key: string) => {
      this.#opened = this.#opened === key ? undefined : key;
      this.draw();
      const opened = [...this.#details.querySelectorAll(".opened")];
      for (const row of [opened.at(-1), opened[0]]) row?.scrollIntoView({ block: "nearest" });
    };
    const focused = this.#focused();
    const label = t("timeline.label", { name: life.name, length });
    this.#drawn.replaceChildren(picture({ rows, start: this.#start, length, tick, now: life.ended === undefined ? now : undefined, opened: this.#opened, open, label }));
    if (focused) this.#marks(focused.key)[focused.nth]?.focus({ preventScroll: true });
  }

  /** What opens the same; an event is in the lane of events and may be in one of its own. */
  #marks(key: string): HTMLElement[] {
    return [...this.#drawn.querySelectorAll<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)];
  }

  #focused(): { key: string; nth: number } | undefined {
    const focused = this.#drawn.contains(document.activeElement) ? (document.activeElement as HTMLElement) : undefined;
    const key = focused?.dataset.key;
    return focused && key ? { key, nth: this.#marks(key).indexOf(focused) } : undefined;
  }

  #eventRow(marks: Mark[]): Row {
    const drawn = marks.map((mark, at) => ({ at: mark.at, warning: mark.type === "Warning", key: `event-${at}`, label: t("timeline.event", { age: this.#since(mark.at), reason: mark.reason, message: mark.message }) }));
    return { name: t("views.events"), bars: [], texts: [], marks: drawn };
  }

  #since(at: number): string {
    return age((at - this.#start) / 1_000);
  }

  #lookBack(life: Life, last: number): void {
    const length = Math.max(1_000, Math.ceil((last - this.#start) / 100) * 100);
    this.#slider.max = String(length);
    this.#slider.value = String(this.#at === undefined ? length : this.#at - this.#start);
    this.#slider.setAttribute("aria-valuetext", this.#at === undefined ? t("timeline.now") : t("timeline.backTo", { age: this.#since(this.#at) }));
    this.#live.setAttribute("aria-pressed", String(this.#at === undefined));
    this.#moment.hidden = this.#object.hidden = this.#at === undefined;
    if (this.#at === undefined) return;
    setText(this.#moment, t("timeline.then", { age: this.#since(this.#at), status: statusAt(life, this.#at) ?? "" }));
    if (!this.#object.open) return;
    const object = this.#chronicle.versions.at(life.uid, this.#at);
    const text = object ? lines(shown(object)).map((line) => line.text).join("\n") : "";
    this.#object.lastElementChild?.replaceChildren(el("pre", { tabindex: 0 }, text));
  }

  #list(life: Life, seen: Observation | undefined, marks: Mark[]): void {
    const events = marks.map((mark, at) => ({ at: mark.at, key: [`event-${at}`], warning: mark.type === "Warning", title: mark.count > 1 ? `${mark.reason} (x${mark.count})` : mark.reason, text: `${mark.container ? ` ${mark.container}:` : ""} ${mark.message}` }));
    const probes = events.filter((_, at) => marks[at]?.reason === "Unhealthy");
    probes.forEach((event, at) => event.key.push(`probe-${at}`));
    const turns = (seen?.ready ?? []).map((turn, at) => ({ at: turn.at, key: [`ready-${at}`], warning: false, title: readyWords(turn), text: "" }));
    const opened = this.#opened ?? "";
    const all = [...this.#run(life, seen), ...events, ...turns.filter((turn) => turn.key.includes(opened))].sort((one, other) => Math.floor(one.at / 1_000) - Math.floor(other.at / 1_000));
    const rows = all.flatMap((one) => [el("dt", {}, this.#since(one.at)), el("dd", { class: one.key.includes(opened) ? "opened" : undefined }, el("b", { class: one.warning ? "warn" : undefined }, one.title), one.text)]);
    this.#details.replaceChildren(rows.length ? el("dl", { class: "tl-detail" }, ...rows) : el("p", { class: "mute" }, t("timeline.noEvents", { name: life.name })));
  }

  /** The run of a container that is open: what it wrote last, line by line. */
  #run(life: Life, seen: Observation | undefined): Detail[] {
    const lane = seen?.lanes.find((one) => one.runs.some((run) => `run-${run.id}` === this.#opened));
    const run = lane?.runs.find((one) => `run-${one.id}` === this.#opened);
    if (!lane || !run) return [];
    const key = [this.#opened ?? ""];
    const end = run.finishedAt === undefined ? [] : [{ at: run.finishedAt, key, warning: run.exitCode !== 0, title: `${lane.container}:`, text: ` ${ran(run)}` }];
    const lines = this.#chronicle.logs.of(life.uid, lane.container, run.id, run.finishedAt === undefined, () => this.draw());
    const until = this.#at ?? Number.POSITIVE_INFINITY;
    const written = (lines ?? []).filter((line) => (line.at ?? run.startedAt) <= until).map((line) => ({ at: line.at ?? run.startedAt, key, warning: false, title: `${lane.container}:`, text: ` ${line.text}` }));
    if (written.length) return [...written, ...end];
    const nothing = t(lines ? "timeline.wroteNothing" : "timeline.logGone");
    return [{ at: run.startedAt, key, warning: false, title: `${lane.container}:`, text: ` ${nothing}` }, ...end];
  }
}

/** A line of the list below the lanes. */
interface Detail {
  at: number;
  /** Of what it belongs to. */
  key: string[];
  warning: boolean;
  title: string;
  text: string;
}

function ran({ startedAt, finishedAt, reason, exitCode }: Run): string {
  return t("timeline.ran", { age: age(((finishedAt ?? startedAt) - startedAt) / 1_000), reason: reason ?? "", code: exitCode ?? "" });
}
