// Reset sandbox: asked once, in the page's own words.

import type { Connection } from "./connection";
import { el, the } from "./dom";

export function setUpReset(connection: Connection): void {
  const button = the<HTMLButtonElement>("reset");
  const yes = el("button", { class: "btn primary", value: "yes" }, "Yes, start afresh");
  const no = el("button", { class: "btn", value: "no" }, "Keep it");
  const form = el("form", { method: "dialog" }, el("h2", { id: "reset-title" }, "Start with an empty cluster?"), el("p", {}, "Everything in your sandbox is thrown away: Pods, logs, events. Your files in the editor stay as they are."), el("div", { class: "row" }, yes, no));
  const dialog = el("dialog", { class: "ask", "aria-labelledby": "reset-title" }, form);
  document.body.append(dialog);
  button.addEventListener("click", () => {
    dialog.returnValue = "";
    dialog.showModal();
    no.focus();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    if (!connection.tell({ op: "reset" })) say(button, "Not connected: nothing was reset");
  });
}

function say(button: HTMLButtonElement, text: string): void {
  const label = button.querySelector("span");
  if (!label) return;
  const before = label.textContent;
  label.textContent = text;
  setTimeout(() => (label.textContent = before), 2_500);
}
