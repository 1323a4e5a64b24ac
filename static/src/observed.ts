// What the cluster's objects have told about each Pod so far: runs of containers, readiness, placing, images. A Pod only
// keeps its newest two runs; what was seen before is kept here. Pure; times are milliseconds since 1970 by the server.

import type { ClusterEvent } from "./cluster";
import type { ContainerStatus, Pod } from "./explain";

export interface Run {
  /** The container's id; each run has its own. */
  id: string;
  startedAt: number;
  finishedAt?: number;
  exitCode?: number;
  reason?: string;
}

export interface Lane {
  container: string;
  kind: "init" | "sidecar" | "main";
  runs: Run[];
  /** Why it waits now, where it does. */
  waiting?: string;
}

export interface Observation {
  name: string;
  created: number;
  deleted?: number;
  node?: string;
  scheduled?: number;
  lanes: Lane[];
  ready: { at: number; status: boolean; reason?: string }[];
}

export interface Mark {
  at: number;
  type: string;
  reason: string;
  message: string;
  count: number;
  container?: string;
}

interface Known extends Observation {
  byId: Map<string, Run>;
}

export class Observed {
  readonly #known = new Map<string, Known>();

  /** The newest state of all Pods that there are. */
  note(pods: Pod[]): void {
    for (const pod of pods) {
      const uid = pod.metadata?.uid;
      if (uid) this.#observe(uid, pod);
    }
  }

  of(uid: string): Observation | undefined {
    return this.#known.get(uid);
  }

  #observe(uid: string, pod: Pod): void {
    const seen = this.#known.get(uid) ?? begin(pod);
    this.#known.set(uid, seen);
    seen.node = pod.spec?.nodeName ?? seen.node;
    const deleted = time(pod.metadata?.deletionTimestamp);
    if (deleted !== undefined) seen.deleted = deleted - (pod.metadata?.deletionGracePeriodSeconds ?? 0) * 1_000;
    for (const condition of pod.status?.conditions ?? []) {
      const at = time(condition.lastTransitionTime);
      if (at === undefined) continue;
      if (condition.type === "PodScheduled" && condition.status === "True") seen.scheduled = at;
      if (condition.type === "Ready") turn(seen, at, condition.status === "True", condition.reason);
    }
    for (const status of [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]) follow(seen, status);
  }
}

function begin(pod: Pod): Known {
  const inits = (pod.spec?.initContainers ?? []).map((one): Lane => ({ container: one.name, kind: one.restartPolicy === "Always" ? "sidecar" : "init", runs: [] }));
  const mains = (pod.spec?.containers ?? []).map((one): Lane => ({ container: one.name, kind: "main", runs: [] }));
  return { name: pod.metadata?.name ?? "", created: time(pod.metadata?.creationTimestamp) ?? 0, lanes: [...inits, ...mains], ready: [], byId: new Map() };
}

function turn(seen: Known, at: number, status: boolean, reason: string | undefined): void {
  const last = seen.ready.at(-1);
  if (!last || last.status !== status) seen.ready.push({ at, status, reason });
}

function follow(seen: Known, status: ContainerStatus): void {
  const lane = seen.lanes.find((one) => one.container === status.name);
  if (!lane) return;
  lane.waiting = status.state?.waiting?.reason;
  for (const ended of [status.lastState?.terminated, status.state?.terminated]) {
    const startedAt = time(ended?.startedAt);
    if (!ended || startedAt === undefined) continue;
    const run = runOf(seen, lane, ended.containerID ?? `${status.name} ${startedAt}`, startedAt);
    run.finishedAt = time(ended.finishedAt);
    run.exitCode = ended.exitCode;
    run.reason = ended.reason;
  }
  const running = time(status.state?.running?.startedAt);
  if (running !== undefined) runOf(seen, lane, status.containerID ?? `${status.name} ${running}`, running);
}

function runOf(seen: Known, lane: Lane, id: string, startedAt: number): Run {
  const known = seen.byId.get(id);
  if (known) return known;
  // A process that could not be started has the first second of 1970.
  const run: Run = { id, startedAt: startedAt || Number.NaN };
  seen.byId.set(id, run);
  lane.runs.push(run);
  return run;
}

/** Milliseconds since 1970; undefined for none. */
export function time(text: string | null | undefined): number | undefined {
  const at = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** A Pod's events, oldest first; one that was seen several times is two marks, its first and its last. */
export function marksOf(events: ClusterEvent[], uid: string): Mark[] {
  return events
    .filter((event) => event.involvedObject?.uid === uid)
    .flatMap((event) => {
      const count = event.series?.count ?? event.count ?? 1;
      const last = time(event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime) ?? time(event.firstTimestamp) ?? 0;
      const first = time(event.firstTimestamp ?? event.eventTime) ?? last;
      const container = event.involvedObject?.fieldPath?.match(/\{(.+)\}/)?.[1];
      const mark = (at: number, count: number): Mark => ({ at, type: event.type ?? "", reason: event.reason ?? "", message: event.message ?? "", count, container });
      return count > 1 && last - first >= 1_000 ? [mark(first, 1), mark(last, count)] : [mark(last, count)];
    })
    .sort((one, other) => whole(one.at) - whole(other.at) || rank(one) - rank(other));
}

/** Most events are kept to the second, some to the microsecond: within a second the order of a Pod's life counts. */
const ORDER = ["Scheduled", "Pulling", "Pulled", "Created", "Started"];

function whole(at: number): number {
  return Math.floor(at / 1_000);
}

function rank({ reason }: Mark): number {
  const at = ORDER.indexOf(reason);
  return at < 0 ? ORDER.length : at;
}

/** When a container that keeps ending is started next, about: the waits double from 10 s to 5 min. */
export function nextStart(lane: Lane): number | undefined {
  const last = lane.runs.at(-1);
  if (!lane.waiting && last?.finishedAt === undefined) return undefined;
  if (last?.finishedAt === undefined || lane.runs.length < 2) return undefined;
  const before = lane.runs.at(-2);
  const waited = before?.finishedAt === undefined ? 0 : last.startedAt - before.finishedAt;
  const nominal = Math.min(300_000, Math.max(10_000, 10_000 * 2 ** Math.max(0, Math.round(Math.log2(Math.max(1, waited) / 10_000)) + 1)));
  return last.finishedAt + (waited < 5_000 ? 10_000 : nominal);
}
