// What is wrong with a manifest while one types it, in the words that Apply would give where it has some. Pure.

import { type Entry, outline, type Path, written } from "./outline";
import { isIntOrString, isOpen, type Schema, type Schemas, valuesOf } from "./schema";
import "./late-text";
import { t } from "./text";

export interface Finding {
  /** From 0. */
  line: number;
  from: number;
  to: number;
  severity: "error" | "warning";
  message: string;
  /** What would put it right. */
  fix?: { label: string; text: string };
}

/** Findings of a text; without schemas only what YAML itself forbids. */
export function check(text: string, schemas: Schemas | undefined): Finding[] {
  const entries = outline(text);
  const findings = [...tabs(text), ...duplicates(entries)];
  if (!schemas) return findings;
  for (const own of byDocument(entries).values()) findings.push(...checkDocument(own, schemas));
  return findings.sort((one, other) => one.line - other.line || one.from - other.from);
}

function byDocument(entries: Entry[]): Map<number, Entry[]> {
  const groups = new Map<number, Entry[]>();
  for (const entry of entries) groups.set(entry.document, [...(groups.get(entry.document) ?? []), entry]);
  return groups;
}

function tabs(text: string): Finding[] {
  return text.split("\n").flatMap((line, number) => {
    const blank = line.match(/^\s*/)?.[0] ?? "";
    if (!blank.includes("\t") || !line.trim()) return [];
    return [{ line: number, from: 0, to: blank.length, severity: "error" as const, message: t("lint.tab"), fix: { label: t("lint.useSpaces"), text: blank.replaceAll("\t", "  ") } }];
  });
}

function duplicates(entries: Entry[]): Finding[] {
  const seen = new Map<string, number>();
  return entries.flatMap((entry) => {
    const key = `${entry.document} ${JSON.stringify(entry.path)}`;
    const first = seen.get(key);
    seen.set(key, entry.line);
    if (first === undefined) return [];
    return [{ line: entry.line, from: entry.from, to: entry.to, severity: "warning" as const, message: t("lint.twice", { field: written(entry.path), line: first + 1 }) }];
  });
}

function checkDocument(entries: Entry[], schemas: Schemas): Finding[] {
  const top = (key: string) => entries.find((entry) => entry.path.length === 1 && entry.key === key);
  const [version, kind] = [top("apiVersion"), top("kind")];
  if (!version?.value || !kind?.value) return [];
  const root = schemas.of(bare(version.value), bare(kind.value));
  if (!root) return unknownKind(version, kind, schemas);
  const unknown: Path[] = [];
  return entries.flatMap((entry) => {
    if (unknown.some((path) => path.length < entry.path.length && path.every((step, at) => step === entry.path[at]))) return [];
    const parent = schemas.at(root, entry.path.slice(0, -1));
    if (!parent) return [];
    const schema = schemas.at(root, entry.path);
    if (!schema && !isOpen(parent)) {
      unknown.push(entry.path);
      return [unknownField(entry, parent)];
    }
    return schema ? checkValue(entry, schema) : [];
  });
}

function unknownKind(version: Entry, kind: Entry, schemas: Schemas): Finding[] {
  const name = bare(kind.value);
  const place = { line: kind.line, from: kind.valueFrom, to: kind.valueFrom + kind.value.length, severity: "error" as const };
  const sameKind = schemas.kinds.find(([, known]) => known === name);
  if (sameKind) {
    const at = { line: version.line, from: version.valueFrom, to: version.valueFrom + version.value.length, severity: "error" as const };
    return [{ ...at, message: `no matches for kind "${name}" in version "${bare(version.value)}"`, fix: changeTo(sameKind[0]) }];
  }
  const near = nearest(name, schemas.kinds.map(([, known]) => known));
  return [{ ...place, message: `no matches for kind "${name}" in version "${bare(version.value)}"`, fix: changeTo(near) }];
}

/** A button that puts in the word that one probably meant. */
function changeTo(word: string | undefined): Finding["fix"] {
  return word ? { label: t("lint.changeTo", { word }), text: word } : undefined;
}

function unknownField(entry: Entry, parent: Schema): Finding {
  const near = nearest(entry.key, Object.keys(parent.properties ?? {}));
  return { line: entry.line, from: entry.from, to: entry.to, severity: "error", message: `unknown field "${written(entry.path)}"`, fix: changeTo(near) };
}

function checkValue(entry: Entry, schema: Schema): Finding[] {
  const { value } = entry;
  if (!value || /^[|>&*!]/.test(value)) return [];
  const place = { line: entry.line, from: entry.valueFrom, to: entry.valueFrom + value.length, severity: "error" as const };
  if (/\.resources\.(limits|requests)\.[^.]+$/.test(written(entry.path)) && !isQuantity(bare(value))) {
    return [{ ...place, message: `${written(entry.path)}: ${NO_QUANTITY}` }];
  }
  const allowed = valuesOf(schema, entry.path);
  if (schema.type !== "boolean" && allowed.length && !allowed.includes(bare(value))) {
    const near = nearest(bare(value), allowed);
    const list = allowed.map((one) => `"${one}"`).join(", ");
    return [{ ...place, message: `${written(entry.path)}: Unsupported value: "${bare(value)}": supported values: ${list}`, fix: changeTo(near) }];
  }
  const problem = wrongType(value, schema);
  return problem ? [{ ...place, message: `${written(entry.path)}: ${problem}` }] : [];
}

/** How the API server refuses an amount. */
const NO_QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** An amount as Kubernetes writes it: `500m`, `64Mi`, `1.5`, `1e3`. */
function isQuantity(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/.test(text);
}

function wrongType(value: string, schema: Schema): string | undefined {
  if (isIntOrString(schema)) return undefined;
  const found = kindOf(value);
  const wanted = schema.properties ? "object" : schema.type;
  if (!wanted || found === "null" || found === wanted) return undefined;
  if (wanted === "number" && found === "integer") return undefined;
  const words: Record<string, string> = { integer: t("lint.integer"), number: t("lint.number"), boolean: t("lint.boolean"), string: t("lint.string"), array: t("lint.array"), object: t("lint.object") };
  if (!words[wanted]) return undefined;
  return t(wanted === "string" ? "lint.wantsText" : "lint.wants", { wanted: words[wanted], found: words[found] ?? found });
}

/** What YAML as Kubernetes reads it takes a value for. */
function kindOf(value: string): string {
  if (/^["']/.test(value)) return "string";
  if (value.startsWith("[")) return "array";
  if (value.startsWith("{")) return "object";
  if (/^(~|null|Null|NULL)$/.test(value)) return "null";
  if (/^(y|n|yes|no|on|off|true|false)$/i.test(value) && !/^[a-z][A-Z]/.test(value)) return "boolean";
  if (/^[-+]?\d[\d_]*$/.test(value) || /^0x[\da-fA-F]+$/.test(value)) return "integer";
  if (/^[-+]?(\d+\.\d*|\.\d+|\d+(\.\d*)?[eE][-+]?\d+)$/.test(value)) return "number";
  return "string";
}

/** A value without its quotes. */
function bare(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, "$2");
}

/** The known word that one probably meant. */
export function nearest(word: string, known: string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = edits(word.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Letters to add, drop, change or swap to make one word the other. */
function edits(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) >= limit) return limit;
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[other.length] ?? limit;
}
