// What the page says, in the language of the page. The words themselves are in static/text, one file a language, which
// the server's pages are made of too.

import en from "../text/en.json";

export type Key = keyof typeof en;

const language = typeof document === "undefined" ? "en" : document.documentElement.lang;
const words: Record<Key, string> = language === "de" ? (await import("../text/de.json")).default : en;

/** A text; `{name}` in it stands for a value. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return words[key].replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}
