// What was asked for and is not known to have arrived. It is sent again after a reconnect; the server does each once.

import type { Request } from "./protocol";

type Of<Op extends Request["op"]> = Extract<Request, { op: Op }>;

interface Keys {
  last: number;
  unheard: Of<"input">[];
}

export class Outbox {
  readonly #waiting = new Map<string, Of<"run" | "apply">>();
  readonly #saves = new Map<string, Of<"save">>();
  readonly #edited = new Map<string, Of<"edited">>();
  /** How far texts are that commands wait for. */
  readonly #drafts = new Map<string, Of<"draft">>();
  /** What was typed into each command's terminal. */
  readonly #keys = new Map<string, Keys>();
  #saved = 0;

  /** Keeps a command until the server says that it has begun. */
  command(request: Of<"run" | "apply">): void {
    this.#waiting.set(request.id, request);
  }

  /** Keeps a file's newest text until the server has it. */
  save(file: string, text: string): Of<"save"> {
    const request = { op: "save", file, text, seq: (this.#saved += 1) } as const;
    this.#saves.set(file, request);
    return request;
  }

  /** The server has a file as it was when it was saved so. */
  stored(seq: number): void {
    for (const [file, save] of this.#saves) if (save.seq === seq) this.#saves.delete(file);
  }

  /** Whether the server may not have a file's newest text. */
  unsaved(file: string): boolean {
    return this.#saves.has(file);
  }

  /** Keeps what becomes of a text that a command waits for, until the command no longer does. */
  edited(edit: string, text: string | null): Of<"edited"> {
    const request = { op: "edited", edit, text } as const;
    this.#edited.set(edit, request);
    this.#drafts.delete(edit);
    return request;
  }

  /** Keeps how far a text is, as long as its command waits: the next page that is opened goes on from there. */
  draft(edit: string, text: string): Of<"draft"> {
    const request = { op: "draft", edit, text } as const;
    this.#drafts.set(edit, request);
    return request;
  }

  /** These texts are still waited for. */
  open(edits: string[]): void {
    for (const kept of [this.#edited, this.#drafts]) for (const edit of kept.keys()) if (!edits.includes(edit)) kept.delete(edit);
  }

  /** Keeps what was typed into a terminal. Pieces are numbered: the server types each once. */
  keys(id: string, data: string): Of<"input"> {
    const keys = this.#keys.get(id) ?? { last: 0, unheard: [] };
    this.#keys.set(id, keys);
    const input = { op: "input", id, data, seq: (keys.last += 1) } as const;
    keys.unheard.push(input);
    return input;
  }

  /** A piece of typing has arrived, and with it all before. */
  typed(id: string, seq: number): void {
    const keys = this.#keys.get(id);
    if (keys) keys.unheard = keys.unheard.filter((input) => input.seq > seq);
  }

  /** A command has ended: nobody reads what was typed. */
  ended(id: string): void {
    this.#keys.delete(id);
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
  unsent(): Request[] {
    const keys = [...this.#keys.values()].flatMap((one) => one.unheard);
    return [...this.#saves.values(), ...this.#waiting.values(), ...this.#drafts.values(), ...this.#edited.values(), ...keys];
  }
}
