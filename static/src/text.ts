// What the page says, in the language of the page. The words themselves are in static/text, one file a language, which
// the server's pages are made of too.

import type en from "../text/en.json";

export type Key = keyof typeof en;
type Words = Partial<Record<Key, string>>;

export const german = typeof document !== "undefined" && document.documentElement.lang === "de";
const words: Words = {};

/** Adds what a view says that is loaded late. */
export function add(more: Words): void {
  Object.assign(words, more);
}

/** A text; `{name}` in it stands for a value. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}

/** All texts of a group that have come, by what follows its name in their keys. */
export function group(name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(words).flatMap(([key, text]) => (key.startsWith(name) ? [[key.slice(name.length), text]] : [])));
}

add((german ? await import("../text/de.json?early") : await import("../text/en.json?early")).default);
