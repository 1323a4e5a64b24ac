// The catalogue: what is done, and where to go on.

import { el, icon } from "./dom";
import { all } from "./progress";
import { t } from "./text";
import { setUpTheme } from "./theme";

setUpTheme();
const progress = all();
let latest: { id: string; at: number } | undefined;
for (const item of document.querySelectorAll<HTMLElement>(".lessons > li[data-lesson]")) {
  const id = item.dataset.lesson ?? "";
  const seen = progress[id];
  const state = item.querySelector<HTMLElement>(".state");
  // What the server keeps is newer, and holds on every device.
  if (!seen || !state || item.dataset.stored !== undefined) continue;
  const steps = Number(item.dataset.steps);
  if (seen.done.length >= steps) {
    state.className = "state";
    state.replaceChildren(el("span", { class: "ok" }, icon("check")), t("catalogue.done"));
    continue;
  }
  state.className = "state";
  const pips = Array.from({ length: steps }, (_, at) => el("i", { class: at < seen.done.length ? "d" : at === seen.number - 1 ? "h" : undefined }));
  state.replaceChildren(el("span", { class: "pips", "aria-hidden": "true" }, ...pips), t("catalogue.step", { number: seen.number, of: steps }));
  if (!latest || seen.at > latest.at) latest = { id, at: seen.at };
}
const place = document.getElementById("continue");
const current = latest && progress[latest.id];
if (place && latest && current) {
  const link = place.querySelector("a");
  const where = place.querySelector("[data-where]");
  const title = place.querySelector("[data-title]");
  if (link) link.href = `/lessons/${latest.id}#${current.step}`;
  if (where) where.textContent = t("catalogue.step", { number: current.number, of: current.of });
  if (title) title.textContent = current.title;
  place.hidden = false;
}
