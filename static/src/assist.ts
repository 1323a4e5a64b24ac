// The editor's help: findings while one types, completion and what a field means, from the cluster's own schemas.

import { autocompletion, type Completion, type CompletionContext, type CompletionResult, completionKeymap } from "@codemirror/autocomplete";
import { type Action, type Diagnostic, forceLinting, linter } from "@codemirror/lint";
import { type Extension, StateEffect, type Text } from "@codemirror/state";
import { type EditorView, hoverTooltip, keymap } from "@codemirror/view";
import { check, type Finding } from "./checks";
import { immutable } from "./immutable";
import * as cluster from "./cluster";
import { el } from "./dom";
import { type Live, liveOf, namedKind } from "./named";
import { around, type Entry, outline, type Path, written } from "./outline";
import type { Problem } from "./protocol";
import { brief, isOpen, type Schema, type Schemas, typeName, valuesOf } from "./schema";
import { t } from "./text";

let known: Schemas | undefined;
/** The Pods that there are, by name: most of their fields can't change any more. */
let live: Live = new Map();

/** What the server said about a view's text; forgotten as soon as the text changes. */
export const told = new WeakMap<EditorView, Problem | undefined>();

/** Something else than the text has changed what there is to find. */
const changed = StateEffect.define<null>();

/** Checks a view again, at once. Without the effect, CodeMirror only looks when the text has changed. */
export function recheck(view: EditorView): void {
  view.dispatch({ effects: changed.of(null) });
  forceLinting(view);
}

/** Asks the cluster for its schemas, when it can; the view is checked again once they are there. */
export async function learn(view: EditorView): Promise<void> {
  live = liveOf((await cluster.pods()) ?? []);
  if (known) {
    recheck(view);
    return;
  }
  known = await cluster.schemas();
  if (known) recheck(view);
}

export function assistance(): Extension {
  return [
    linter(findings, {
      delay: 400,
      needsRefresh: (update) => update.transactions.some((transaction) => transaction.effects.some((effect) => effect.is(changed))),
    }),
    autocompletion({ override: [complete], icons: false, activateOnTyping: true }),
    keymap.of(completionKeymap),
    hoverTooltip(hover),
  ];
}

function findings(view: EditorView): Diagnostic[] {
  const { doc } = view.state;
  const whole = doc.toString();
  const own = [...check(whole, known), ...immutable(whole, live)].map((finding) => diagnostic(doc, finding));
  const problem = told.get(view);
  if (!problem) return own;
  const { from, to, text } = doc.line(Math.max(1, Math.min(problem.line, doc.lines)));
  const indent = text.length - text.trimStart().length;
  const server: Diagnostic = { from: Math.min(from + indent, to), to, severity: "error", message: problem.message };
  return own.some((one) => one.severity === "error" && one.from >= from && one.to <= to) ? own : [...own, server];
}

function diagnostic(doc: Text, { line, from, to, severity, message, fix }: Finding): Diagnostic {
  const start = doc.line(Math.min(line + 1, doc.lines)).from;
  const actions: Action[] = fix ? [{ name: fix.label, apply: (view, from, to) => view.dispatch({ changes: { from, to, insert: fix.text } }) }] : [];
  const end = Math.min(start + to, doc.length);
  return { from: Math.min(start + from, end), to: end, severity, message, actions };
}

function root(entries: Entry[], document: number): Schema | undefined {
  const value = (key: string) => entries.find((entry) => entry.document === document && entry.path.length === 1 && entry.key === key)?.value.replace(/["']/g, "");
  return known?.of(value("apiVersion") ?? "", value("kind") ?? "");
}

function complete(context: CompletionContext): CompletionResult | null | Promise<CompletionResult | null> {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const text = context.state.doc.toString();
  const value = before.match(/^\s*(?:- +)*([\w./-]+):\s+(["']?)([\w./-]*)$/);
  if (value) return values(context, text, line.number - 1, value[3]?.length ?? 0);
  const key = before.match(/^\s*(?:- +)*([\w-]*)$/);
  if (!key || (!context.explicit && !key[1])) return null;
  return keys(text, line.number - 1, before.length - (key[1]?.length ?? 0), context.pos - (key[1]?.length ?? 0));
}

function keys(text: string, line: number, column: number, from: number): CompletionResult | null {
  const { path, document } = around(text, line, column);
  const entries = outline(text);
  const top = root(entries, document);
  const here = top && known?.at(top, path);
  const fields = here?.properties ?? (path.length ? undefined : { apiVersion: {}, kind: {}, metadata: {}, spec: {} });
  if (!fields || !known) return null;
  const given = new Set(entries.filter((entry) => entry.document === document && entry.line !== line && same(entry.path.slice(0, -1), path)).map((entry) => entry.key));
  const options = Object.entries(fields).filter(([name]) => !given.has(name) && name !== "status").map(([name, schema]) => field(name, known?.resolve(schema) ?? {}, here?.required?.includes(name) ?? false, column));
  return { from, options, validFor: /^[\w-]*$/ };
}

function field(name: string, schema: Schema, required: boolean, column: number): Completion {
  const type = known ? typeName(schema, known) : "";
  const below = " ".repeat(column + 2);
  const rest = type.startsWith("list") ? `:\n${below}- ` : type === "object" ? `:\n${below}` : ": ";
  return { label: name, apply: name + rest, detail: required ? t("lint.required", { type }) : type, info: brief(schema.description) || undefined, boost: required ? 2 : 0 };
}

async function values(context: CompletionContext, text: string, line: number, length: number): Promise<CompletionResult | null> {
  const entries = outline(text);
  const entry = entries.find((one) => one.line === line);
  if (!entry || !known) return null;
  const options = [...valueOptions(entry, entries), ...(await namedOptions(entry, entries))];
  return options.length ? { from: context.pos - length, options, validFor: /^[\w./-]*$/ } : null;
}

function valueOptions(entry: Entry, entries: Entry[]): Completion[] {
  if (entry.path.length === 1 && entry.key === "kind") return unique((known?.kinds ?? []).map(([, kind]) => kind)).map((label) => ({ label }));
  if (entry.path.length === 1 && entry.key === "apiVersion") return unique((known?.kinds ?? []).map(([version]) => version)).map((label) => ({ label }));
  const top = root(entries, entry.document);
  const schema = top && known?.at(top, entry.path);
  return schema ? valuesOf(schema, entry.path).map((label) => ({ label })) : [];
}

/** Names of what is there: in the cluster, or elsewhere in the same document. */
async function namedOptions(entry: Entry, entries: Entry[]): Promise<Completion[]> {
  const kind = namedKind(entry.path);
  const found = cluster.KINDS.find((one) => one.kind === kind);
  const named = found ? await cluster.names(found) : /\.volumeMounts\[\d+\]\.name$/.test(written(entry.path)) ? volumes(entry, entries) : [];
  return named.map((label) => ({ label, detail: kind }));
}

/** The volumes of the Pod in which something is mounted. */
function volumes(entry: Entry, entries: Entry[]): string[] {
  const own = entries.filter((one) => one.document === entry.document && /\bvolumes\[\d+\]\.name$/.test(written(one.path)));
  return own.map((one) => one.value.replace(/["']/g, ""));
}

function hover(view: EditorView, position: number) {
  const line = view.state.doc.lineAt(position);
  const entries = outline(view.state.doc.toString());
  const entry = entries.find((one) => one.line === line.number - 1 && line.from + one.from <= position && position <= line.from + one.to);
  const top = entry && root(entries, entry.document);
  const schema = top && known?.at(top, entry.path);
  if (!entry || !schema?.description || !known) return null;
  const type = isOpen(schema) && schema.type === "object" ? "object" : typeName(schema, known);
  const text = schema.description.replace(/\s+/g, " ");
  const create = () => ({ dom: el("div", { class: "about-field" }, el("b", {}, entry.key), ` ${type}`, el("p", {}, text.length > 420 ? brief(text) : text)) });
  return { pos: line.from + entry.from, end: line.from + entry.to, above: true, create };
}

function same(one: Path, other: Path): boolean {
  return one.length === other.length && one.every((step, at) => step === other[at]);
}

function unique(words: string[]): string[] {
  return [...new Set(words)].sort();
}
