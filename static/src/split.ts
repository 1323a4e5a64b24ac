// The dividers between the panes: dragged, or moved with the arrow keys; the place is kept on this machine.

import { the } from "./dom";

const KEY = "podyard-split";
const LEAST = 25;
const MOST = 60;

export function setUpSplit(): void {
  const divider = the("divider");
  const split = divider.closest(".split") as HTMLElement;
  const set = (percent: number, keep: boolean) => {
    const value = Math.min(MOST, Math.max(LEAST, percent));
    split.style.setProperty("--lesson-width", `${value}%`);
    divider.setAttribute("aria-valuenow", String(Math.round(value)));
    if (keep) store(value);
  };
  const kept = stored();
  if (kept) set(kept, false);
  else divider.setAttribute("aria-valuenow", String(Math.round((the("lesson").offsetWidth / split.offsetWidth) * 100)));
  const now = () => Number(divider.getAttribute("aria-valuenow"));

  divider.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    divider.focus();
    divider.setPointerCapture(event.pointerId);
    document.documentElement.classList.add("dragging");
  });
  divider.addEventListener("pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const { left, width } = split.getBoundingClientRect();
    set(((event.clientX - left) / width) * 100, false);
  });
  const drop = () => {
    document.documentElement.classList.remove("dragging");
    store(now());
  };
  divider.addEventListener("pointerup", drop);
  divider.addEventListener("pointercancel", drop);
  divider.addEventListener("dblclick", () => {
    split.style.removeProperty("--lesson-width");
    store(undefined);
  });
  divider.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: now() - 2, ArrowRight: now() + 2, Home: LEAST, End: MOST }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    set(to, true);
  });
}

function stored(): number | undefined {
  try {
    return Number(localStorage.getItem(KEY)) || undefined;
  } catch {
    return undefined;
  }
}

function store(value: number | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, String(value));
  } catch {
    // A private window: the width lasts as long as the page.
  }
}
