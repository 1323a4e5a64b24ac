// What was asked for and is not known to have begun. It is sent again after a reconnect; the server runs each id once.

import type { Request } from "./protocol";

export class Outbox {
  #waiting = new Map<string, Request>();
  #saves = new Map<string, Request>();
  #keys: Request[] = [];

  /** Keeps a command until the server says that it has begun. */
  command(request: Extract<Request, { id: string }>): void {
    this.#waiting.set(request.id, request);
  }

  /** Keeps a file's newest text until it could be sent. */
  save(file: string, text: string): void {
    this.#saves.set(file, { op: "save", file, text });
  }

  /** Keeps what was typed into a terminal until it could be sent. */
  keys(id: string, data: string): void {
    this.#keys.push({ op: "input", id, data });
  }

  /** A command has begun, or is refused. */
  settle(id: string): void {
    this.#waiting.delete(id);
  }

  /** A command that is not known to have begun is given up; says whether there was one. */
  forget(id: string): boolean {
    return this.#waiting.delete(id);
  }

  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** All that has to be sent on a new connection: files first, since commands name them. */
  takeUnsent(): Request[] {
    const saves = [...this.#saves.values()];
    this.#saves.clear();
    return [...saves, ...this.#waiting.values(), ...this.#keys.splice(0)];
  }
}
