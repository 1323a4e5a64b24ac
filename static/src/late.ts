// Views that come with their first look, and what they look back at, which comes with the first Pod: their scripts are
// not part of what everybody loads.

import type { Chronicle, Shown } from "./chronicle";
import * as cluster from "./cluster";
import type { Connection } from "./connection";
import type { Objects } from "./objects";
import type { Timeline } from "./timeline";

export class LateViews {
  readonly #connection: Connection;
  #chronicle: Promise<Chronicle> | undefined;
  /** What was shown before the chronicle had come. */
  #shown: Shown[] | undefined = [];
  #timeline: Promise<Timeline> | undefined;
  #objects: Promise<Objects> | undefined;
  /** The Pod that was asked for before anybody looked. */
  #pod: string | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.on("pods", ({ columns, rows }) => {
      this.#shown?.push({ columns, rows, at: cluster.now() });
      if (rows.length) void this.#keep();
    });
  }

  #keep(): Promise<Chronicle> {
    return (this.#chronicle ??= import("./chronicle").then(({ Chronicle }) => {
      const kept = new Chronicle(this.#connection, this.#shown ?? []);
      this.#shown = undefined;
      return kept;
    }));
  }

  /** A tab has been chosen. */
  async chosen(id: string): Promise<void> {
    if (id === "t-timeline") (await (this.#timeline ??= this.#makeTimeline())).draw();
    if (id === "t-yaml") (await (this.#objects ??= this.#makeObjects())).open();
  }

  /** Both are about this Pod from now on. */
  async follow(pod: string): Promise<void> {
    this.#pod = pod;
    (await this.#timeline)?.follow(pod);
    (await this.#objects)?.want(pod);
  }

  async #makeTimeline(): Promise<Timeline> {
    const [{ Timeline }, chronicle] = await Promise.all([import("./timeline"), this.#keep()]);
    const made = new Timeline(chronicle);
    if (this.#pod) made.follow(this.#pod);
    return made;
  }

  async #makeObjects(): Promise<Objects> {
    const { Objects } = await import("./objects");
    const made = new Objects(this.#connection);
    if (this.#pod) made.want(this.#pod);
    return made;
  }
}
