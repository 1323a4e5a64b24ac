// What has happened to each Pod since the page is open: kept from the first Pod on, so that the Timeline, whenever it is
// looked at, can look back.

import * as cluster from "./cluster";
import type { Connection } from "./connection";
import type { Pod } from "./explain";
import { Lives } from "./lifeline";
import { Versions } from "./moment";
import { Observed } from "./observed";
import type { PodRow } from "./protocol";
import { RunLogs } from "./runlog";
import type { Value } from "./yaml";

/** Messages that come closer together than this lead to one question. */
const SETTLE = 150;
/** Where they never stop to come, it is asked all the same after this. */
const UNSETTLED = 2_000;

export type Stored = { [key: string]: Value };

/** A table of Pods, and when it was shown, in milliseconds since 1970 by the server. */
export interface Shown {
  columns: string[];
  rows: PodRow[];
  at: number;
}

export class Chronicle {
  readonly lives = new Lives();
  readonly observed = new Observed();
  readonly logs = new RunLogs();
  readonly versions = new Versions<Stored>();
  events: cluster.ClusterEvent[] = [];
  #changed: () => void = () => {};
  #timer: number | undefined;
  /** Since when a question waits. */
  #since: number | undefined;

  /** `before` is what the tables have shown until now. */
  constructor(connection: Connection, before: Shown[]) {
    for (const shown of before) this.#note(shown);
    connection.on("pods", (table) => this.#note({ ...table, at: cluster.now() }));
    connection.on("events", () => this.#askSoon());
  }

  #note({ columns, rows, at }: Shown): void {
    this.lives.note(columns, rows, at);
    if (rows.length) this.#askSoon();
    this.#changed();
  }

  /** Who wants to hear of news. */
  watch(changed: () => void): void {
    this.#changed = changed;
  }

  /** Once things have settled for a moment; and now and then also where they never do. */
  #askSoon(): void {
    clearTimeout(this.#timer);
    this.#since ??= performance.now();
    const soon = Math.min(SETTLE, Math.max(0, this.#since + UNSETTLED - performance.now()));
    this.#timer = window.setTimeout(() => void this.#ask(), soon);
  }

  async #ask(): Promise<void> {
    this.#since = undefined;
    const [pods, events] = await Promise.all([cluster.pods(), cluster.events()]);
    if (pods) this.observed.note(pods);
    if (pods) this.logs.note(pods);
    for (const pod of pods ?? []) this.#keep(pod);
    if (events) this.events = events;
    this.#changed();
  }

  #keep(pod: Pod): void {
    const { uid, resourceVersion } = pod.metadata ?? {};
    if (uid) this.versions.note(uid, resourceVersion ?? "", { apiVersion: "v1", kind: "Pod", ...(pod as Stored) }, cluster.now());
  }
}
