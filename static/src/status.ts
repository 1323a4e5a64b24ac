// The status line: the connection and the sandbox, each a glyph and a word.

import type { Connection } from "./connection";
import { el, icon, the } from "./dom";

/** A drop shorter than this is not worth a word. */
const QUIET = 600;

export function setUpStatus(connection: Connection): void {
  const link = the("connection");
  const sandbox = the("sandbox");
  let timer: number | undefined;
  connection.watch((state) => {
    clearTimeout(timer);
    if (state === "open") show(link, "ok", "check", "Connected");
    else if (state === "lost") timer = window.setTimeout(() => show(link, "warn", "wait", "Reconnecting"), QUIET);
  });
  connection.on("sandbox", ({ state, text }) => {
    const [tone, glyph] = { starting: ["warn", "wait"], ready: ["ok", "check"], failed: ["bad", "cross"] }[state] as [string, string];
    show(sandbox, tone, glyph, text);
  });
}

function show(place: HTMLElement, tone: string, glyph: string, text: string): void {
  if (place.lastElementChild?.textContent === text && place.dataset.tone === tone) return;
  place.dataset.tone = tone;
  place.replaceChildren(el("span", { class: tone }, icon(glyph)), el("span", {}, text));
}
