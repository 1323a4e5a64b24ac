// Every command that runs or ran, whoever asked for it: the one place that knows which is which.

import type { Connection } from "./connection";
import type { Problem } from "./protocol";

export interface Command {
  id: string;
  line: string;
  state: "waiting" | "running" | "ended";
  stdout: string;
  stderr: string;
  code?: number;
  millis?: number;
  /** Where the manifest that it applied is wrong. */
  problems?: Problem[];
}

type Watcher = (command: Command) => void;

/** Output kept for comparing and for messages in place; the console shows all of it. */
const KEPT = 64 * 1024;

export class Commands {
  readonly #connection: Connection;
  readonly #known = new Map<string, Command>();
  readonly #watchers = new Set<Watcher>();
  readonly #own = new Map<string, Watcher>();
  #prepare: () => void = () => {};

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.on("welcome", ({ resumed }) => {
      if (!resumed) this.#forgetEnded();
    });
    connection.on("started", ({ id, line }) => this.#change(id, (command) => Object.assign(command, { line, state: "running" })));
    connection.on("output", ({ id, stream, text }) =>
      this.#change(id, (command) => {
        if (command[stream].length < KEPT) command[stream] += text;
      }),
    );
    connection.on("exit", ({ id, code, millis, problems }) =>
      this.#change(id, (command) => Object.assign(command, { code, millis, problems, state: "ended" })),
    );
    connection.on("refused", ({ id, text }) => {
      if (id) this.#change(id, (command) => Object.assign(command, { code: 1, state: "ended", stderr: text }));
    });
  }

  /** Does something before each command of this page: files that it may name are sent first. */
  first(prepare: () => void): void {
    this.#prepare = prepare;
  }

  /** Hears of every command. */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /** Runs a line; `watcher` hears of this one. */
  run(line: string, watcher?: Watcher): Command {
    this.#prepare();
    return this.#begin(this.#connection.run(line), line, watcher);
  }

  /** Applies a file's text, or only asks what that would change. */
  apply(file: string, text: string, dryRun: boolean, watcher: Watcher): Command {
    return this.#begin(this.#connection.apply(file, text, dryRun), `kubectl ${dryRun ? "diff" : "apply"} -f ${file}`, watcher);
  }

  cancel(id: string): void {
    if (!this.#connection.cancel(id)) return;
    this.#change(id, (command) => Object.assign(command, { code: 130, millis: 0, state: "ended" }));
  }

  /** What a command's line is; empty where nobody knows. */
  lineOf(id: string): string {
    return this.#known.get(id)?.line ?? "";
  }

  get running(): Command[] {
    return [...this.#known.values()].filter((command) => command.state === "running");
  }

  /** What still waits for a connection. */
  get waiting(): Command[] {
    return [...this.#known.values()].filter((command) => command.state === "waiting");
  }

  #begin(id: string, line: string, watcher?: Watcher): Command {
    const command: Command = { id, line, state: "waiting", stdout: "", stderr: "" };
    this.#known.set(id, command);
    if (watcher) this.#own.set(id, watcher);
    this.#tell(command);
    return command;
  }

  #change(id: string, change: (command: Command) => void): void {
    const command = this.#known.get(id) ?? { id, line: "", state: "running", stdout: "", stderr: "" };
    this.#known.set(id, command);
    change(command);
    this.#tell(command);
    if (command.state === "ended") this.#own.delete(id);
  }

  #tell(command: Command): void {
    this.#own.get(command.id)?.(command);
    for (const watcher of this.#watchers) watcher(command);
  }

  #forgetEnded(): void {
    for (const [id, command] of this.#known) if (command.state !== "waiting") this.#known.delete(id);
  }
}
