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
    else if (state === "over") show(link, "bad", "cross", "Ended");
  });
  let before: { state: string; text: string } = { state: "starting", text: "" };
  connection.on("expires", ({ seconds }) => {
    if (seconds === null) show(sandbox, ...look(before.state), before.text);
    else show(sandbox, "warn", "wait", `Ends in ${Math.ceil(seconds / 60)} min unless you do something`);
  });
  connection.on("sandbox", ({ state, text }) => {
    before = { state, text };
    show(sandbox, ...look(state), text);
  });
}

/** Tone and glyph of a sandbox's state. */
function look(state: string): [string, string] {
  if (state === "ready") return ["ok", "check"];
  return state === "failed" ? ["bad", "cross"] : ["warn", "wait"];
}

function show(place: HTMLElement, tone: string, glyph: string, text: string): void {
  if (place.lastElementChild?.textContent === text && place.dataset.tone === tone) return;
  place.dataset.tone = tone;
  place.replaceChildren(el("span", { class: tone }, icon(glyph)), el("span", {}, text));
}
