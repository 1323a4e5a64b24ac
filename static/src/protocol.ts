// What page and server say to each other; the server's side is src/web/protocol.rs.

export type Request =
  | { op: "hello"; lesson: string; language?: string; after: number; page: string }
  | { op: "run"; id: string; line: string }
  | { op: "apply"; id: string; file: string; text: string; dryRun: boolean }
  | { op: "input"; id: string; data: string; seq: number }
  | { op: "edited"; edit: string; text: string | null }
  | { op: "draft"; edit: string; text: string }
  | { op: "resize"; id: string; columns: number; rows: number }
  | { op: "complete"; id: string; line: string }
  | { op: "cancel"; id: string }
  | { op: "save"; file: string; text: string; seq: number }
  | { op: "restore"; file: string }
  | { op: "logs"; pod: string | null; container: string | null; previous: boolean; timestamps: boolean }
  | { op: "reset" }
  | { op: "extend" }
  | { op: "step"; step: string }
  | { op: "workshop"; say: SeatRequest };

/** How a check of a step stands. */
export interface CheckState {
  text: string;
  holds: boolean;
  /** What there is, and what there should be. */
  is: string;
  wanted: string;
  /** Why it does not hold; empty when it does. */
  because: string;
  hint?: string;
}

/** How the checks of a step stand. */
export interface StepChecks {
  /** The step's id. */
  step: string;
  done: boolean;
  checks: CheckState[];
}

export interface LessonFile {
  name: string;
  text: string;
  changed: boolean;
}

export interface PodRow {
  uid: string;
  cells: string[];
}

export interface Forward {
  port: number;
  target: string;
  url: string;
}

/** A text that a command waits for: `kubectl edit`. */
export interface Edit {
  edit: string;
  /** The command that waits. */
  command: string;
  name: string;
  text: string;
}

export type SandboxState = "starting" | "ready" | "failed";

export type Message =
  | { op: "welcome"; seq: number; resumed: boolean; files: LessonFile[] }
  | { op: "sandbox"; state: SandboxState; text: string }
  | { op: "started"; seq: number; id: string; line: string; terminal: boolean }
  | { op: "output"; seq: number; id: string; stream: "stdout" | "stderr"; text: string }
  | { op: "exit"; seq: number; id: string; code: number; millis: number; problems?: Problem[] }
  | { op: "clear"; seq: number }
  | { op: "pods"; columns: string[]; rows: PodRow[] }
  | { op: "events"; columns: string[]; rows: string[][] }
  | { op: "log"; pod: string | null; container: string | null; containers: string[]; reset: boolean; text: string }
  | ({ op: "file" } & LessonFile)
  | { op: "fileGone"; name: string }
  | { op: "expires"; seconds: number | null; idle: boolean }
  | { op: "progress"; done: string[] }
  | { op: "queue"; before: number; places: number }
  | { op: "forwards"; forwards: Forward[] }
  | { op: "stored"; seq: number }
  | { op: "typed"; id: string; seq: number }
  | { op: "edits"; edits: Edit[] }
  | { op: "completions"; id: string; options: string[] }
  | { op: "checks"; steps: StepChecks[] }
  | { op: "lessonChanged" }
  | { op: "workshop"; seat: Seat }
  | { op: "refused"; id: string | null; text: string };

export type Frame = Extract<Message, { seq: number; op: "started" | "output" | "exit" | "clear" }>;

export function isFrame(message: Message): message is Frame {
  return message.op === "started" || message.op === "output" || message.op === "exit" || message.op === "clear";
}

/** A problem of a file, at its place; both count from 1. */
export interface Problem {
  line: number;
  column: number;
  message: string;
}

/** How much of their page a learner lets the instructor have. */
export type Sharing = "nothing" | "look" | "type";

/** A learner's place in a workshop. */
export interface Seat {
  title: string;
  instructor: string;
  name: string;
  hand: boolean;
  question: string;
  paused: boolean;
  ended: boolean;
  hold: { lesson: string; step: string; title: string } | null;
  asks: Sharing | null;
  shares: Sharing;
  watched: boolean;
  typing: string;
  notes: { id: string; at: number; text: string; command: string }[];
  ends: number | null;
}

export type SeatRequest = { what: "raise"; question: string } | { what: "lower" } | { what: "share"; level: Sharing };
