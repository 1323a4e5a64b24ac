// An object as `kubectl get -o yaml` writes it, line by line, each line with the path of what stands in it. Pure.

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

export interface Line {
  text: string;
  /** `spec.containers[0].image` */
  path: string;
}

export function lines(value: Value): Line[] {
  return isEmpty(value) || typeof value !== "object" || value === null ? [{ text: scalar(value, 0), path: "" }] : block(value, 0, "");
}

function block(value: Value[] | { [key: string]: Value }, indent: number, path: string): Line[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => inList(item, indent, `${path}[${at}]`));
  return Object.keys(value)
    .sort()
    .flatMap((key) => entry(key, value[key] ?? null, indent, path ? `${path}.${key}` : key));
}

function inList(item: Value, indent: number, path: string): Line[] {
  const lead = `${" ".repeat(indent)}- `;
  if (typeof item !== "object" || item === null || isEmpty(item)) return split(lead, scalar(item, indent + 2), path);
  const [first, ...rest] = block(item, indent + 2, path);
  return first ? [{ ...first, text: lead + first.text.slice(indent + 2) }, ...rest] : [];
}

function entry(key: string, value: Value, indent: number, path: string): Line[] {
  const name = `${" ".repeat(indent)}${plain(key) ? key : JSON.stringify(key)}:`;
  if (typeof value !== "object" || value === null || isEmpty(value)) return split(`${name} `, scalar(value, indent + 2), path);
  // kubectl puts a list's dashes under its key.
  return [{ text: name, path }, ...block(value, Array.isArray(value) ? indent : indent + 2, path)];
}

function split(lead: string, text: string, path: string): Line[] {
  const [first = "", ...rest] = text.split("\n");
  return [{ text: lead + first, path }, ...rest.map((line) => ({ text: line, path }))];
}

function isEmpty(value: Value): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function scalar(value: Value, indent: number): string {
  if (value === null) return "null";
  if (typeof value === "object") return Array.isArray(value) ? "[]" : "{}";
  if (typeof value !== "string") return String(value);
  if (value.includes("\n")) return text(value, indent);
  return plain(value) ? value : JSON.stringify(value);
}

/** A text of several lines, as a block of its own. */
function text(value: string, indent: number): string {
  const end = value.endsWith("\n") ? (value.endsWith("\n\n") ? "+" : "") : "-";
  const body = (end === "-" ? value : value.slice(0, -1)).split("\n");
  return [`|${end}`, ...body.map((line) => (line ? " ".repeat(indent) + line : ""))].join("\n");
}

/** Whether a text needs no quotes: YAML would read it as the text it is. */
function plain(value: string): boolean {
  if (value === "" || /^[\s\-?:,[\]{}#&*!|>'"%@`]/.test(value) && !/^-[^\s-]/.test(value)) return false;
  if (/: |:$| #|\s$/.test(value)) return false;
  return !/^(null|~|true|false|yes|no|on|off|y|n)$/i.test(value) && !/^[-+.]?[\d.]/.test(value);
}

/** What each path holds, to see what has changed. */
export function flat(value: Value, path = "", into = new Map<string, string>()): Map<string, string> {
  if (typeof value !== "object" || value === null || isEmpty(value)) into.set(path, JSON.stringify(value));
  else if (Array.isArray(value)) value.forEach((item, at) => flat(item, `${path}[${at}]`, into));
  else for (const [key, item] of Object.entries(value)) flat(item, path ? `${path}.${key}` : key, into);
  return into;
}

/** The paths that are new in `now`, or hold something else than in `before`. */
export function changed(before: Value, now: Value): Set<string> {
  const old = flat(before);
  return new Set([...flat(now)].filter(([path, held]) => old.get(path) !== held).map(([path]) => path));
}

/** An object without what only the cluster needs to know, as kubectl leaves it out too. */
export function shown(object: { [key: string]: Value }): { [key: string]: Value } {
  const metadata = object.metadata;
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}
