// Who needs the instructor: raised hands and the stuck, longest first.

import { el, icon, setText, the } from "../dom";
import type { Need } from "./events";

export interface Doings {
  open(id: string): void;
  lower(id: string): void;
  called(id: string, name: string): string;
}

export function showHands(hands: Need[], doings: Doings): void {
  setText(the("hands-count"), hands.length > 1 ? `${hands.length}, longest first` : hands.length ? "1" : "none");
  the("hands").replaceChildren(
    ...hands.map((need) => {
      const open = el("button", { class: "btn", type: "button" }, "Open");
      const lower = el("button", { class: "btn quiet", type: "button" }, "Lower");
      open.addEventListener("click", () => doings.open(need.id));
      lower.addEventListener("click", () => doings.lower(need.id));
      return item(need, "hand", "ico warn", doings, el("p", {}, need.why ? `“${need.why}”` : "No question written."), el("div", { class: "acts" }, open, lower));
    }),
  );
}

export function showStuck(stuck: Need[], doings: Doings): void {
  setText(the("stuck-count"), stuck.length ? String(stuck.length) : "nobody");
  the("stuck").replaceChildren(
    ...stuck.map((need) => {
      const why = el("p", {}, need.why, need.code ? " " : null, need.code ? el("code", {}, need.code) : null);
      const open = el("button", { class: "btn", type: "button" }, "Open");
      open.addEventListener("click", () => doings.open(need.id));
      return item(need, "alert", "ico bad", doings, why, el("div", { class: "acts" }, open));
    }),
  );
}

function item(need: Need, glyph: string, classes: string, doings: Doings, ...rest: HTMLElement[]): HTMLElement {
  const who = el("span", { class: "who" }, doings.called(need.id, need.name));
  return el("li", { "data-learner": need.id }, icon(glyph, classes), who, el("span", { class: "since" }, `${need.minutes} min`), ...rest);
}
