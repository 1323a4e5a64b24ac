// Reset sandbox: asked once, in the page's own words.

import type { Connection } from "./connection";
import { el, the } from "./dom";
import { t } from "./text";

export function setUpReset(connection: Connection): void {
  const button = the<HTMLButtonElement>("reset");
  button.addEventListener("click", async () => {
    if ((await confirm()) && !connection.tell({ op: "reset" })) say(button, t("reset.offline"));
  });
}

let dialog: HTMLDialogElement | undefined;

/** Whether the learner really wants an empty cluster. */
export function confirm(): Promise<boolean> {
  const asked = (dialog ??= make());
  asked.returnValue = "";
  asked.showModal();
  asked.querySelector<HTMLButtonElement>('[value="no"]')?.focus();
  return new Promise((resolve) => asked.addEventListener("close", () => resolve(asked.returnValue === "yes"), { once: true }));
}

function make(): HTMLDialogElement {
  const yes = el("button", { class: "btn primary", value: "yes" }, t("reset.yes"));
  const no = el("button", { class: "btn", value: "no" }, t("reset.no"));
  const form = el("form", { method: "dialog" }, el("h2", { id: "reset-title" }, t("reset.title")), el("p", {}, t("reset.text")), el("div", { class: "row" }, yes, no));
  const made = el("dialog", { class: "ask", "aria-labelledby": "reset-title" }, form);
  document.body.append(made);
  return made;
}

function say(button: HTMLButtonElement, text: string): void {
  const label = button.querySelector("span");
  if (!label) return;
  const before = label.textContent;
  label.textContent = text;
  setTimeout(() => (label.textContent = before), 2_500);
}
