// The line to the server: a websocket, or, where those are blocked, events one way and requests the other.

export interface Line {
  send(text: string): void;
  close(): void;
}

export interface LineEvents {
  opened(): void;
  heard(text: string): void;
  /** With the code of a websocket's end (RFC 6455, 7.4.1). */
  closed(code: number): void;
}

const LOST = 1006;
/** A message that does not arrive in this time never will. */
const ARRIVES_WITHIN = 15_000;

export function bySocket(events: LineEvents): Line {
  const address = new URL("/socket", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(address.href);
  socket.addEventListener("open", () => events.opened());
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") events.heard(data);
  });
  socket.addEventListener("close", ({ code }) => events.closed(code));
  return { send: (text) => socket.send(text), close: () => socket.close() };
}

export function byEvents(events: LineEvents): Line {
  const source = new EventSource("/socket/events");
  const waiting: string[] = [];
  let address: string | undefined;
  let sending = false;
  let open = true;
  const end = (code: number) => {
    if (!open) return;
    open = false;
    source.close();
    events.closed(code);
  };
  const post = async () => {
    if (sending || address === undefined) return;
    sending = true;
    while (open && waiting.length) {
      const body = waiting.splice(0).join("\n");
      const answer = await fetch(address, { method: "POST", body, signal: AbortSignal.timeout(ARRIVES_WITHIN) }).catch(() => undefined);
      if (!answer?.ok) end(LOST);
    }
    sending = false;
  };
  source.addEventListener("line", ({ data }) => {
    address = `/socket/${data}`;
    events.opened();
  });
  source.addEventListener("message", ({ data }) => events.heard(data as string));
  source.addEventListener("close", ({ data }) => end(Number(data)));
  source.addEventListener("error", () => end(LOST));
  return {
    send: (text) => {
      waiting.push(text);
      void post();
    },
    close: () => end(LOST),
  };
}
