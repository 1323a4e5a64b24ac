// Who needs the instructor: raised hands and the stuck, longest first.

import { el, icon, setText, the } from "../dom";
import "./wall-text";
import { t } from "../text";
import type { Need, Stuck } from "./events";
import { words } from "./stuck";

export interface Doings {
  open(id: string): void;
  lower(id: string): void;
  called(id: string, name: string): string;
}

export function showHands(hands: Need<string>[], doings: Doings): void {
  setText(the("hands-count"), hands.length > 1 ? t("wall.handsMany", { count: hands.length }) : hands.length ? "1" : t("wall.none"));
  the("hands").replaceChildren(
    ...hands.map((need) => {
      const open = el("button", { class: "btn", type: "button" }, t("wall.open"));
      const lower = el("button", { class: "btn quiet", type: "button" }, t("wall.lower"));
      open.addEventListener("click", () => doings.open(need.id));
      lower.addEventListener("click", () => doings.lower(need.id));
      return item(need, "hand", "ico warn", doings, el("p", {}, need.why ? `“${need.why}”` : t("wall.noQuestion")), el("div", { class: "acts" }, open, lower));
    }),
  );
}

export function showStuck(stuck: Need<Stuck>[], doings: Doings): void {
  setText(the("stuck-count"), stuck.length ? String(stuck.length) : t("wall.nobody"));
  the("stuck").replaceChildren(
    ...stuck.map((need) => {
      const code = need.why.is === "sameError" ? need.why.error : undefined;
      const why = el("p", {}, words(need.why), code ? " " : null, code ? el("code", {}, code) : null);
      const open = el("button", { class: "btn", type: "button" }, t("wall.open"));
      open.addEventListener("click", () => doings.open(need.id));
      return item(need, "alert", "ico bad", doings, why, el("div", { class: "acts" }, open));
    }),
  );
}

function item(need: Need<unknown>, glyph: string, classes: string, doings: Doings, ...rest: HTMLElement[]): HTMLElement {
  const who = el("span", { class: "who" }, doings.called(need.id, need.name));
  return el("li", { "data-learner": need.id }, icon(glyph, classes), who, el("span", { class: "since" }, `${need.minutes} min`), ...rest);
}
