// Which steps are done, kept on this machine: the catalogue's "Continue" reads it.

const KEY = "podyard-progress";

export interface Progress {
  done: string[];
  /** The step last read, and when (milliseconds since 1970). */
  step: string;
  number: number;
  of: number;
  title: string;
  at: number;
}

export function all(): Record<string, Progress> {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return read && typeof read === "object" ? (read as Record<string, Progress>) : {};
  } catch {
    return {};
  }
}

export function keep(lesson: string, progress: Progress): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...all(), [lesson]: progress }));
  } catch {
    // A private window: nothing is kept, and the lesson works all the same.
  }
}
