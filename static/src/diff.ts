// What `kubectl diff` printed, as something to look at: objects, and lines that come, go or stay.

import { el, icon } from "./dom";
import { t } from "./text";

export interface Change {
  /** `Pod web` */
  object: string;
  lines: { mark: "+" | "-" | " " | "@"; text: string }[];
}

/** Reads a unified diff of files called `v1.Pod.default.web`. */
export function changes(text: string): Change[] {
  const found: Change[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("diff ")) continue;
    if (line.startsWith("--- ")) found.push({ object: objectOf(line), lines: [] });
    else if (line.startsWith("+++ ") || line.startsWith("\\ ")) continue;
    else if (/^[-+ @]/.test(line)) {
      const mark = line[0] as "+" | "-" | " " | "@";
      found.at(-1)?.lines.push({ mark, text: mark === "@" ? line : line.slice(1) });
    }
  }
  return found;
}

/** `--- /tmp/LIVE-1/v1.Pod.default.web  2026…` → `Pod web` */
function objectOf(line: string): string {
  const file = line.split("\t")[0]?.split("/").at(-1) ?? "";
  const parts = file.split(".");
  const kind = parts.findIndex((part) => /^[A-Z]/.test(part));
  return kind < 0 ? file : `${parts[kind]} ${parts.slice(kind + 2).join(".")}`;
}

/** The comparison, over the editor until it is closed. */
export function show(place: HTMLElement, text: string, closed: () => void): void {
  const close = el("button", { class: "btn quiet", type: "button", "aria-label": t("editor.closeDiff") }, icon("cross"));
  const end = () => {
    place.hidden = true;
    place.replaceChildren();
    closed();
  };
  close.addEventListener("click", end);
  place.onkeydown = (event) => {
    if (event.key === "Escape") end();
  };
  const objects = changes(text).map(({ object, lines }) => el("section", { "aria-label": object }, el("h4", {}, object), el("pre", { tabindex: 0 }, ...lines.map(row))));
  place.replaceChildren(el("div", { class: "explain-head" }, el("h3", { class: "grow" }, t("editor.diff")), close), ...objects);
  place.hidden = false;
  close.focus({ preventScroll: true });
}

function row({ mark, text }: Change["lines"][number]): HTMLElement {
  const kind = mark === "+" ? "ins" : mark === "-" ? "del" : "span";
  return el(kind, { class: mark === "@" ? "hunk" : undefined }, mark === "@" ? `${text}\n` : `${mark} ${text}\n`);
}
