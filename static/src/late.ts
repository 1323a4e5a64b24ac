// Views that come with their first look: their scripts are not part of what everybody loads.

import type { Chronicle } from "./chronicle";
import type { Connection } from "./connection";
import type { Objects } from "./objects";
import type { Timeline } from "./timeline";

export class LateViews {
  readonly #connection: Connection;
  readonly #chronicle: Chronicle;
  #timeline: Promise<Timeline> | undefined;
  #objects: Promise<Objects> | undefined;
  /** The Pod that was asked for before anybody looked. */
  #pod: string | undefined;

  constructor(connection: Connection, chronicle: Chronicle) {
    this.#connection = connection;
    this.#chronicle = chronicle;
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
    const { Timeline } = await import("./timeline");
    const made = new Timeline(this.#chronicle);
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
