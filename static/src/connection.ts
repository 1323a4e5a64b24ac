// The one line to the server: connects, says hello, comes back after a drop, sends what waits.

import { wait } from "./backoff";
import { Frames } from "./frames";
import { Latest } from "./latest";
import { byEvents, bySocket, type Line } from "./line";
import { Outbox } from "./outbox";
import { isFrame, type Message, type Request } from "./protocol";

/** So many websockets may end before one was ever heard on, until the other way is tried. */
const TRIES = 2;

export type Link = "connecting" | "open" | "lost" | "over";

/** The server's word that the session has ended: coming back would begin another one that nobody has asked for. */
const SESSION_OVER = 4001;

/** After this long without an answer to `hello`, a socket counts as dead. */
const HELLO_PATIENCE = 8_000;

type Handlers = { [Op in Message["op"]]?: ((message: Extract<Message, { op: Op }>) => void)[] };

export class Connection {
  readonly #lesson: string;
  /** Names this page over all its connections. */
  readonly #page = newId();
  readonly #frames = new Frames();
  readonly #outbox = new Outbox();
  readonly #handlers: Handlers = {};
  readonly #watchers: ((link: Link, retryIn: number) => void)[] = [];
  readonly #latest = new Latest<Message>((message) => this.#hand(message));
  #line: Line | undefined;
  /** Websockets that ended unheard, while none was ever heard on. */
  #unheard = 0;
  #blocked = false;
  #ready = false;
  #attempt = 0;
  #timer: number | undefined;

  constructor(lesson: string) {
    this.#lesson = lesson;
  }

  on<Op extends Message["op"]>(op: Op, handler: (message: Extract<Message, { op: Op }>) => void): void {
    const handlers = (this.#handlers[op] ??= []) as ((message: Extract<Message, { op: Op }>) => void)[];
    handlers.push(handler);
  }

  watch(watcher: (link: Link, retryIn: number) => void): void {
    this.#watchers.push(watcher);
  }

  /** Whether it had to go around blocked websockets. */
  get roundabout(): boolean {
    return this.#blocked;
  }

  get open(): boolean {
    return this.#ready;
  }

  start(): void {
    this.#connect();
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#hurry();
    });
  }

  /** Sends a command, now or once connected; its id. */
  run(line: string): string {
    const request = { op: "run", id: newId(), line } as const;
    return this.#command(request);
  }

  apply(file: string, text: string, dryRun: boolean): string {
    return this.#command({ op: "apply", id: newId(), file, text, dryRun });
  }

  /** Types into a command's terminal. */
  input(id: string, data: string): void {
    const input = this.#outbox.keys(id, data);
    if (this.#ready) this.#send(input);
  }

  #command(request: Extract<Request, { id: string; op: "run" | "apply" }>): string {
    this.#outbox.command(request);
    if (this.#ready) this.#send(request);
    return request.id;
  }

  /** Ctrl-C. A command that was never sent is taken back; says whether that was so. */
  cancel(id: string): boolean {
    if (!this.#ready) return this.#outbox.forget(id);
    this.#send({ op: "cancel", id });
    return false;
  }

  /** Whether a command has not begun, as far as we know. */
  waits(id: string): boolean {
    return this.#outbox.has(id);
  }

  save(file: string, text: string): void {
    const save = this.#outbox.save(file, text);
    if (this.#ready) this.#send(save);
  }

  /** Whether the server may not have a file's newest text. */
  unsaved(file: string): boolean {
    return this.#outbox.unsaved(file);
  }

  /** Says how far a text is that a command waits for. */
  draft(edit: string, text: string): void {
    const draft = this.#outbox.draft(edit, text);
    if (this.#ready) this.#send(draft);
  }

  /** Says what has become of a text that a command waits for; null closes it as it was. */
  edited(edit: string, text: string | null): void {
    const edited = this.#outbox.edited(edit, text);
    if (this.#ready) this.#send(edited);
  }

  /** Sends what makes sense only now; says whether it could. */
  tell(request: Request): boolean {
    if (this.#ready) this.#send(request);
    return this.#ready;
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#announce("connecting", 0);
    const patience = setTimeout(() => line.close(), HELLO_PATIENCE);
    const line = (this.#blocked ? byEvents : bySocket)({
      opened: () => line.send(JSON.stringify({ op: "hello", lesson: this.#lesson, language: document.body.dataset.language, after: this.#frames.last, page: this.#page })),
      heard: (text) => {
        if (this.#line !== line) return;
        const message = JSON.parse(text) as Message;
        // Who waits in line has been heard.
        if (message.op === "welcome" || message.op === "queue") clearTimeout(patience);
        this.#receive(message);
      },
      closed: (code) => {
        clearTimeout(patience);
        if (this.#line !== line) return;
        if (code === SESSION_OVER) this.#end();
        else this.#lost();
      },
    });
    this.#line = line;
  }

  #receive(message: Message): void {
    if (message.op === "welcome") {
      if (!message.resumed) this.#frames.restart();
      this.#ready = true;
      this.#unheard = Number.NEGATIVE_INFINITY;
      this.#attempt = 0;
      this.#announce("open", 0);
    }
    if (isFrame(message) && !this.#frames.accept(message.seq)) return;
    this.#settle(message);
    // Tables are states: of two that come within a frame, only the newer is ever seen.
    if (message.op === "pods" || message.op === "events") this.#latest.put(message.op, message);
    else this.#hand(message);
    if (message.op === "welcome") for (const request of this.#outbox.unsent()) this.#send(request);
  }

  #hand(message: Message): void {
    for (const handler of this.#handlers[message.op] ?? []) (handler as (message: Message) => void)(message);
  }

  /** What has arrived need not be sent again. */
  #settle(message: Message): void {
    if (message.op === "typed") this.#outbox.typed(message.id, message.seq);
    else if (message.op === "exit") this.#outbox.ended(message.id);
    else if (message.op === "stored") this.#outbox.stored(message.seq);
    else if (message.op === "edits") this.#outbox.open(message.edits.map(({ edit }) => edit));
    else if (message.op === "started") this.#outbox.settle(message.id);
    else if (message.op === "refused" && message.id) this.#outbox.settle(message.id);
  }

  #lost(): void {
    this.#line = undefined;
    this.#ready = false;
    this.#unheard += 1;
    if (this.#unheard >= TRIES && navigator.onLine) this.#blocked = !this.#blocked;
    const pause = wait(this.#attempt++, Math.random());
    this.#announce("lost", pause);
    this.#timer = window.setTimeout(() => this.#connect(), pause);
  }

  /** A session has ended: it takes a reload to begin another. The dead line stays, so that nothing reconnects. */
  #end(): void {
    this.#ready = false;
    this.#announce("over", 0);
  }

  #hurry(): void {
    if (this.#line) return;
    this.#attempt = 0;
    this.#connect();
  }

  #announce(link: Link, retryIn: number): void {
    for (const watcher of this.#watchers) watcher(link, retryIn);
  }

  #send(request: Request): void {
    this.#line?.send(JSON.stringify(request));
  }
}

/** A random id; `randomUUID` is missing on plain http pages of other hosts than this one. */
function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
