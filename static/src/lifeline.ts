// A Pod's statuses as this page has seen them: which from when to when.

import { seconds } from "./ages";

export interface Stretch {
  status: string;
  /** Milliseconds since 1970, by the server's clock. */
  from: number;
  to: number | undefined;
}

export interface Life {
  uid: string;
  name: string;
  /** When the Pod was made, from its age. */
  born: number;
  stretches: Stretch[];
  ended: number | undefined;
}

/** So many lives of Pods that are gone are kept. */
const KEPT = 12;

/** Notes what the Pods table says. */
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

/** A round time axis that holds a span: its length and the distance of its ticks, in seconds. */
export function axis(span: number): { length: number; tick: number } {
  const ticks = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400];
  const tick = ticks.find((step) => span / step <= 6) ?? 86_400;
  return { length: Math.max(tick * Math.ceil(span / tick), tick), tick };
}
