// What the server says about a workshop, as server-sent events.

export type Cell =
  | { is: "not" | "held" }
  | { is: "here" | "stuck"; minutes: number }
  | { is: "done"; minutes: number; pace: 1 | 2 | 3 };

export interface Row {
  id: string;
  name: string;
  hand: boolean;
  online: boolean;
  away: number | null;
  here: [string, string] | null;
  cells: Cell[];
}

/** On what somebody is stuck; `number` is the step's, such as 6.3. */
export type Stuck =
  | { is: "sameError"; number: string; times: number; error: string }
  | { is: "unmet"; number: string; check: string; because: string | null }
  | { is: "idle"; number: string; minutes: number; others: number | null }
  | { is: "slow"; number: string; minutes: number; others: number };

/** Somebody whose hand is up, with a question that may be empty, or who is stuck. */
export interface Need<Why> {
  id: string;
  name: string;
  minutes: number;
  why: Why;
}

/** Rows that are new or differ, by their places, and everything around them. */
export interface Change {
  whole: boolean;
  rows: [number, Row][];
  state: "open" | "closed" | "paused" | "ended";
  hold: [string, string] | null;
  reached: number | null;
  online: number;
  joined: number;
  capacity: number;
  ends: number | null;
  medians: (number | null)[];
  here: number[];
  hands: Need<string>[];
  stuck: Need<Stuck>[];
}

export type Link = "open" | "lost";

/** How long to wait before a stream that was refused is asked for again. */
const AGAIN = 2_000;

/** Listens, and goes on listening after a drop or a refusal; the server begins anew with everything. */
export function listen<T>(address: string, heard: (event: T) => void, link: (link: Link) => void = () => {}): () => void {
  let source: EventSource;
  let timer: number | undefined;
  const open = () => {
    source = new EventSource(address);
    source.addEventListener("open", () => link("open"));
    source.addEventListener("message", (event: MessageEvent<string>) => heard(JSON.parse(event.data) as T));
    source.addEventListener("error", () => {
      link("lost");
      // A browser comes back by itself after a drop, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, AGAIN);
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
