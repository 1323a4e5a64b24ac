// Whose hands were on the keyboard.

import { el } from "../dom";
import { t } from "../text";

/** Whose command it was, where it was not the learner's own. */
export function by(id: string): HTMLElement | null {
  const who = /^by:([^:]+):/.exec(id)?.[1];
  return who ? el("span", { class: "tag" }, ` ${t("console.typedBy", { who })}`) : null;
}
