// The lesson's own blocks come in English with the lesson; their labels are put into the page's language.

import { setText } from "./dom";
import { type Key, t } from "./text";

const LABELS: [string, string, Key][] = [
  [".block.out .block-head b", "Expected output", "block.expected"],
  [".block.out .block-head b", "Output", "block.output"],
  [".block.out .differs", "slanted parts will differ", "block.differs"],
  [".block .open", "Open in editor", "block.open"],
];

export function translateBlocks(): void {
  if (document.documentElement.lang === "en") return;
  const { lang } = document.documentElement;
  for (const [selector, english, key] of LABELS) {
    for (const label of document.querySelectorAll<HTMLElement>(selector)) {
      if (label.textContent !== english) continue;
      setText(label, t(key));
      label.lang = lang;
    }
  }
  for (const button of document.querySelectorAll<HTMLElement>(".block .copy")) {
    button.setAttribute("aria-label", t("run.copy"));
    button.lang = lang;
  }
}
