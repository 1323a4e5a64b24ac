// Where in a manifest the server's words point to.

import type { Problem } from "./surface";

/** The place that an error speaks of: a line it names, or the field it names; undefined when it names neither. */
export function problemIn(words: string, text: string): Problem | undefined {
  const first = words.split("\n")[0] ?? "";
  const place = words.match(/\bline (\d+)(?:[,:]? column (\d+))?/);
  if (place) return { line: clamp(Number(place[1]), text), column: Number(place[2] ?? 1), message: first };
  const path = words.match(/(?:unknown field "|invalid: |\* )([A-Za-z]+(?:\[[^\]]*\]|\.[A-Za-z][\w-]*)+)/)?.[1];
  const line = path ? lineOf(path, text) : undefined;
  return line ? { line, column: 1, message: first } : undefined;
}

function clamp(line: number, text: string): number {
  return Math.max(1, Math.min(line, text.split("\n").length));
}

/** The line of `spec.containers[0].image` in YAML that is indented as people write it. */
export function lineOf(path: string, text: string): number | undefined {
  const steps = path.replace(/\[(\d+)\]/g, ".$1").split(".").filter(Boolean);
  const lines = text.split("\n");
  let from = 0;
  let found: number | undefined;
  let least = 0;
  for (const step of steps) {
    const next = /^\d+$/.test(step) ? item(lines, from, Number(step), least) : key(lines, from, step, least);
    if (next === undefined) return found === undefined ? undefined : found + 1;
    found = from = next.line;
    least = next.indent;
  }
  return found === undefined ? undefined : found + 1;
}

interface Place {
  line: number;
  /** What lies deeper than this belongs to it. */
  indent: number;
}

function key(lines: string[], from: number, name: string, least: number): Place | undefined {
  for (let at = from; at < lines.length; at++) {
    const match = lines[at]?.match(/^(\s*)((?:- )*)(["']?)([\w./-]+)\3\s*:/);
    if (!match) continue;
    const column = (match[1]?.length ?? 0) + (match[2]?.length ?? 0);
    if (at > from && column < least) return undefined;
    if (column >= least && match[4] === name) return { line: at, indent: column };
  }
  return undefined;
}

function item(lines: string[], from: number, number: number, least: number): Place | undefined {
  let dash: number | undefined;
  let count = -1;
  for (let at = from + 1; at < lines.length; at++) {
    const match = lines[at]?.match(/^(\s*)- /);
    if (!match) continue;
    const column = match[1]?.length ?? 0;
    if (column < least) return undefined;
    dash ??= column;
    if (column === dash && ++count === number) return { line: at, indent: column + 2 };
  }
  return undefined;
}
