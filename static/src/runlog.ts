// What each run of a container wrote last. A node keeps the logs of the newest two only: those of earlier runs are here,
// if the page has seen them end.

import * as cluster from "./cluster";
import type { ContainerStatus, Pod } from "./explain";
import { time } from "./observed";

/** So many lines of a run are shown. */
const LINES = 20;
/** Where more Pods than this come and go, only those runs are asked about that somebody opens. */
const FEW = 20;
/** So many runs are remembered. */
const KEPT = 200;
/** The log of a run that goes on is asked for again after this. */
const AGAIN = 1_000;

export interface LogLine {
  at: number | undefined;
  text: string;
}

/** `2026-11-26T05:00:00.123456789Z said so` */
export function dated(line: string): LogLine {
  const [, stamp, text] = line.match(/^(\d{4}-\d\d-\d\dT\S+) (.*)$/) ?? [];
  return { at: time(stamp), text: text ?? line };
}

/** Under which of its two logs a container still has this run. */
export function logOf(status: ContainerStatus, run: string): "present" | "previous" | undefined {
  if (status.containerID === run) return "present";
  return status.lastState?.terminated?.containerID === run ? "previous" : undefined;
}

/** Ended runs that a Pod still has the logs of. */
function endedRuns(status: ContainerStatus): string[] {
  return [status.state?.terminated?.containerID, status.lastState?.terminated?.containerID].filter((id) => id !== undefined);
}

function statuses(pod: Pod): ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

export class RunLogs {
  readonly #kept = new Map<string, LogLine[]>();
  /** When each run was last asked about. */
  readonly #asked = new Map<string, number>();
  #pods: Pod[] = [];

  /** The newest state of all Pods: what has just ended is asked for before the next run takes its place. */
  note(pods: Pod[]): void {
    this.#pods = pods;
    if (pods.length > FEW) return;
    for (const pod of pods) for (const status of statuses(pod)) for (const id of endedRuns(status)) if (!this.#asked.has(id)) void this.#ask(pod, status, id);
  }

  /** What a run wrote last; undefined where that is not known (any more). `changed` hears when it is. */
  of(uid: string, container: string, run: string, goesOn: boolean, changed: () => void): LogLine[] | undefined {
    const pod = this.#pods.find((one) => one.metadata?.uid === uid);
    const status = pod && statuses(pod).find((one) => one.name === container);
    const asked = this.#asked.get(run);
    const due = asked === undefined || (goesOn && performance.now() - asked > AGAIN);
    if (pod && status && due) void this.#ask(pod, status, run).then(changed);
    return this.#kept.get(run);
  }

  async #ask(pod: Pod, status: ContainerStatus, run: string): Promise<void> {
    this.#asked.set(run, performance.now());
    const which = logOf(status, run);
    if (!which) return;
    const lines = (await cluster.datedLines(pod.metadata?.name ?? "", status.name, which === "previous", LINES)).map(dated);
    this.#kept.set(run, lines);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest) this.#kept.delete(oldest);
  }
}
