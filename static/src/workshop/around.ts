// How many are there, and how long it still takes: what stands beside the workshop's name.

import { el, icon, setText, the } from "../dom";
import "./wall-text";
import { t } from "../text";
import type { Change } from "./events";

export function showAround({ online, joined, capacity, ends }: Change): void {
  say("ok", "check", t("wall.connected", { online, joined, capacity }));
  setText(the("ends"), ends === null ? "" : ends < 0 ? t("wall.overdue", { minutes: -ends }) : t("wall.endsIn", { minutes: ends }));
}

export function showLost(): void {
  say("warn", "wait", t("wall.reconnecting"));
}

function say(tone: string, glyph: string, text: string): void {
  the("status").replaceChildren(el("span", { class: tone }, icon(glyph)), el("span", {}, text));
}
