// A Pod's life as it was known at some moment: what came later is left out. Pure; times are milliseconds since 1970.

import type { Life } from "./lifeline";
import type { Lane, Mark, Observation, Run } from "./observed";

export function lifeAt(life: Life, at: number): Life {
  const stretches = life.stretches.filter((one) => one.from <= at).map((one) => (one.to !== undefined && one.to > at ? { ...one, to: undefined } : one));
  return { ...life, stretches, ended: life.ended !== undefined && life.ended <= at ? life.ended : undefined };
}

export function observationAt(seen: Observation, at: number): Observation {
  const known = <T extends number | undefined>(time: T) => (time !== undefined && time <= at ? time : undefined);
  return {
    ...seen,
    scheduled: known(seen.scheduled),
    node: known(seen.scheduled) === undefined ? undefined : seen.node,
    deleted: known(seen.deleted),
    lanes: seen.lanes.map((lane) => laneAt(lane, at)),
    ready: seen.ready.filter((turn) => turn.at <= at),
  };
}

function laneAt(lane: Lane, at: number): Lane {
  const runs = lane.runs.filter((run) => Number.isNaN(run.startedAt) || run.startedAt <= at).map((run) => runAt(run, at));
  const last = runs.at(-1);
  return { ...lane, runs, waiting: last?.finishedAt === undefined ? undefined : lane.waiting };
}

function runAt(run: Run, at: number): Run {
  return run.finishedAt !== undefined && run.finishedAt > at ? { id: run.id, startedAt: run.startedAt } : run;
}

export function marksAt(marks: Mark[], at: number): Mark[] {
  return marks.filter((mark) => mark.at <= at);
}

/** What a Pod's status was. */
export function statusAt(life: Life, at: number): string | undefined {
  return life.stretches.findLast((one) => one.from <= at)?.status ?? life.stretches[0]?.status;
}

/** Versions of objects as they came, each with its time. */
export class Versions<T> {
  readonly #kept = new Map<string, { at: number; version: string; object: T }[]>();

  /** So many versions of each object are kept. */
  static readonly MOST = 200;

  note(uid: string, version: string, object: T, at: number): void {
    const own = this.#kept.get(uid) ?? [];
    if (own.at(-1)?.version === version) return;
    own.push({ at, version, object });
    if (own.length > Versions.MOST) own.shift();
    this.#kept.set(uid, own);
  }

  /** The object as it was; its first version before there was one. */
  at(uid: string, at: number): T | undefined {
    const own = this.#kept.get(uid) ?? [];
    return (own.findLast((one) => one.at <= at) ?? own[0])?.object;
  }
}
