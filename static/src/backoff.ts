// How long to wait before the next attempt to connect.

const FIRST = 250;
const LONGEST = 8_000;

/** Milliseconds before attempt `n` (0 is the first): doubles to 8 s; `chance` in [0, 1) spreads a room full of pages. */
export function wait(attempt: number, chance: number): number {
  const full = Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 10));
  return Math.round(full * (0.5 + chance / 2));
}
