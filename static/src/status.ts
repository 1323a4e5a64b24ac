// The status line: the connection and the sandbox, each a glyph and a word; and the way to stay when time runs out.

import type { Connection } from "./connection";
import { el, icon, the } from "./dom";
import { t } from "./text";

/** A drop shorter than this is not worth a word. */
const QUIET = 600;

export function setUpStatus(connection: Connection): void {
  const link = the("connection");
  const sandbox = the("sandbox");
  const extend = the<HTMLButtonElement>("extend");
  let timer: number | undefined;
  connection.watch((state) => {
    clearTimeout(timer);
    if (state === "open") show(link, "ok", "check", t(connection.roundabout ? "status.roundabout" : "status.connected"));
    else if (state === "lost") timer = window.setTimeout(() => show(link, "warn", "wait", t("status.reconnecting")), QUIET);
    else if (state === "over") show(link, "bad", "cross", t("status.ended"));
  });
  let before: { state: string; text: string } = { state: "starting", text: "" };
  let ends: number | undefined;
  let idles = true;
  let counting: number | undefined;
  const count = () => {
    clearTimeout(counting);
    if (ends === undefined) return;
    const left = ends - performance.now();
    show(sandbox, "warn", "wait", t(idles ? "status.pauses" : "status.ends", { minutes: Math.max(1, Math.ceil(left / 60_000)) }));
    counting = window.setTimeout(count, 20_000);
  };
  connection.on("expires", ({ seconds, idle }) => {
    idles = idle;
    ends = seconds === null ? undefined : performance.now() + seconds * 1_000;
    sandbox.classList.toggle("wide-only", seconds === null);
    extend.hidden = seconds === null;
    if (seconds === null) show(sandbox, ...look(before.state), before.text);
    count();
  });
  extend.addEventListener("click", () => {
    if (connection.tell({ op: "extend" })) extend.hidden = true;
  });
  connection.on("queue", ({ before: ahead, places }) => {
    show(sandbox, "warn", "wait", t(ahead === 0 ? "status.next" : "status.queue", { ahead, places }));
  });
  connection.on("sandbox", ({ state, text }) => {
    before = { state, text };
    if (ends === undefined) show(sandbox, ...look(state), before.text);
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
