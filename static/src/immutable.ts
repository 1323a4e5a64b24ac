// Fields of a Pod that is there already, which can't change any more: marked as one types, in the API server's words. Pure.

import type { Finding } from "./checks";
import type { Live } from "./named";
import { type Entry, outline, type Path, written } from "./outline";

const WORDS =
  "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

const FREE = /^(spec\.(containers|initContainers)\[\d+\]\.image|spec\.activeDeadlineSeconds|spec\.tolerations\b.*)$/;

export function immutable(text: string, live: Live): Finding[] {
  const entries = outline(text);
  return entries.flatMap((entry) => {
    const path = written(entry.path);
    if (!path.startsWith("spec.") || !entry.value || /^[[{|>&*!]/.test(entry.value) || FREE.test(path)) return [];
    const pod = podOf(entry, entries, live);
    const held = pod && valueAt(pod, entry.path);
    if (held === undefined || typeof held === "object" || same(String(held), bare(entry.value))) return [];
    return [{ line: entry.line, from: entry.valueFrom, to: entry.valueFrom + entry.value.length, severity: "error" as const, message: `${path}: ${WORDS}` }];
  });
}

/** The live Pod of the name that stands in the same document. */
function podOf(entry: Entry, entries: Entry[], live: Live): object | undefined {
  const own = entries.filter((one) => one.document === entry.document);
  const at = (path: string) => bare(own.find((one) => written(one.path) === path)?.value ?? "");
  return at("kind") === "Pod" ? live.get(at("metadata.name")) : undefined;
}

function valueAt(object: unknown, path: Path): unknown {
  let value = object;
  for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
  return value;
}

/** `500m` and `0.5` are the same amount; numbers and texts are compared as they are written. */
function same(one: string, other: string): boolean {
  return one === other || (amount(one) !== undefined && amount(one) === amount(other));
}

function amount(text: string): number | undefined {
  const match = text.match(/^(\d+(?:\.\d+)?)(m|k|M|G|Ki|Mi|Gi)?$/);
  const factors: Record<string, number> = { m: 0.001, k: 1e3, M: 1e6, G: 1e9, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 };
  return match ? Number(match[1]) * (match[2] ? (factors[match[2]] ?? 1) : 1) : undefined;
}

function bare(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, "$2");
}
