// What has happened to each Pod since the page is open: kept from the first moment, so that the Timeline, whenever it is
// looked at, can look back.

import * as cluster from "./cluster";
import type { Connection } from "./connection";
import type { Pod } from "./explain";
import { Lives } from "./lifeline";
import { Versions } from "./moment";
import { Observed } from "./observed";
import { RunLogs } from "./runlog";
import type { Value } from "./yaml";

/** Messages that come closer together than this lead to one question. */
const SETTLE = 150;
/** Where they never stop to come, it is asked all the same after this. */
const UNSETTLED = 2_000;

export type Stored = { [key: string]: Value };

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

  constructor(connection: Connection) {
    connection.on("pods", ({ columns, rows }) => {
      this.lives.note(columns, rows, cluster.now());
      if (rows.length) this.#askSoon();
      this.#changed();
    });
    connection.on("events", () => this.#askSoon());
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
