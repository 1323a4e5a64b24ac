// A Pod's life as this page has seen it: which status from when to when, and the events with their times.

import { seconds } from "./ages";

export interface Stretch {
  status: string;
  /** Milliseconds on the page's clock. */
  from: number;
  to: number | undefined;
}

export interface Mark {
  at: number;
  type: string;
  reason: string;
  message: string;
  count: number;
}

export interface Life {
  uid: string;
  name: string;
  /** When the Pod was made, from its age. */
  born: number;
  stretches: Stretch[];
  ended: number | undefined;
}

/** Notes what the Pods table says now. Lives of Pods that are gone stay, ended, up to `KEPT` of them. */
const KEPT = 12;

export class Lives {
  readonly #lives = new Map<string, Life>();

  get all(): Life[] {
    return [...this.#lives.values()];
  }

  note(columns: string[], rows: { uid: string; cells: string[] }[], now: number): void {
    const [name, status, age] = ["NAME", "STATUS", "AGE"].map((column) => columns.indexOf(column)) as [number, number, number];
    const seen = new Set<string>();
    for (const { uid, cells } of rows) {
      seen.add(uid);
      const life = this.#lives.get(uid) ?? this.#begin(uid, cells[name] ?? "", now - (seconds(cells[age] ?? "") ?? 0) * 1_000);
      extend(life, cells[status] ?? "", now);
    }
    for (const life of this.#lives.values()) if (!seen.has(life.uid) && life.ended === undefined) end(life, now);
    this.#forget();
  }

  #begin(uid: string, name: string, born: number): Life {
    const life: Life = { uid, name, born, stretches: [], ended: undefined };
    this.#lives.set(uid, life);
    return life;
  }

  #forget(): void {
    const ended = this.all.filter((life) => life.ended !== undefined);
    for (const life of ended.slice(0, Math.max(0, ended.length - KEPT))) this.#lives.delete(life.uid);
  }
}

function extend(life: Life, status: string, now: number): void {
  const last = life.stretches.at(-1);
  if (last?.status === status) return;
  if (last) last.to = now;
  life.stretches.push({ status, from: now, to: undefined });
}

function end(life: Life, now: number): void {
  life.ended = now;
  const last = life.stretches.at(-1);
  if (last) last.to = now;
}

/** The events of a Pod, with their times reckoned back from "last seen". */
export function marks(columns: string[], rows: string[][], pod: string, heard: number): Mark[] {
  const at = (name: string) => columns.indexOf(name);
  const [seen, type, reason, object, message] = [at("LAST SEEN"), at("TYPE"), at("REASON"), at("OBJECT"), at("MESSAGE")] as [number, number, number, number, number];
  return rows
    .filter((row) => row[object]?.toLowerCase() === `pod/${pod}`)
    .map((row) => {
      const ago = seconds(row[seen]?.split(" ")[0] ?? "") ?? 0;
      const count = Number(row[seen]?.match(/\(x(\d+)/)?.[1] ?? 1);
      return { at: heard - ago * 1_000, type: row[type] ?? "", reason: row[reason] ?? "", message: row[message] ?? "", count };
    })
    .sort((one, other) => one.at - other.at);
}

/** A round time axis that holds a span: its length and the distance of its ticks, in seconds. */
export function axis(span: number): { length: number; tick: number } {
  const ticks = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400];
  const tick = ticks.find((step) => span / step <= 6) ?? 86_400;
  return { length: Math.max(tick * Math.ceil(span / tick), tick), tick };
}
