// The dividers between the panes: dragged, or moved with the arrow keys; the places are kept on this machine. A double
// click puts a divider back.

import { the } from "./dom";

/** Percent, below which nobody can read. */
const NARROW = 12;

interface Divider {
  id: string;
  /** What it sets, in percent of its frame. */
  property: string;
  frame: HTMLElement;
  least: number;
  most: number;
  /** Where it would stand under a pointer. */
  under(event: PointerEvent, frame: DOMRect): number;
  /** Where it stands by itself. */
  natural(frame: DOMRect): number;
}

export function setUpSplit(): void {
  const split = document.querySelector<HTMLElement>(".split") ?? document.body;
  const work = the("workbench");
  const height = (name: string, frame: DOMRect) => ((document.querySelector(`.pane.${name}`)?.clientHeight ?? 0) / frame.height) * 100;
  setUp({ id: "divider", property: "--lesson-width", frame: split, least: 0, most: 100, under: (event, frame) => ((event.clientX - frame.left) / frame.width) * 100, natural: (frame) => (the("lesson").offsetWidth / frame.width) * 100 });
  setUp({ id: "divider-live", property: "--editor-height", frame: work, least: 5, most: 80, under: (event, frame) => ((event.clientY - frame.top) / frame.height) * 100, natural: (frame) => height("editor", frame) });
  setUp({ id: "divider-console", property: "--console-height", frame: work, least: 5, most: 80, under: (event, frame) => ((frame.bottom - event.clientY) / frame.height) * 100, natural: (frame) => height("console", frame) });
}

function setUp(of: Divider): void {
  const divider = the(of.id);
  const key = `podyard-${of.id}`;
  const level = divider.getAttribute("aria-orientation") === "horizontal";
  const set = (percent: number, keep: boolean) => {
    const value = folded(Math.min(of.most, Math.max(of.least, percent)), of);
    of.frame.style.setProperty(of.property, `${value}%`);
    of.frame.classList.toggle("folded-before", value === 0);
    of.frame.classList.toggle("folded-after", value === 100);
    divider.setAttribute("aria-valuenow", String(Math.round(value)));
    if (keep) store(key, value);
  };
  const kept = stored(key);
  if (kept !== undefined) set(kept, false);
  else divider.setAttribute("aria-valuenow", String(Math.round(of.natural(of.frame.getBoundingClientRect()))));
  const now = () => Number(divider.getAttribute("aria-valuenow"));

  divider.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    divider.focus();
    divider.setPointerCapture(event.pointerId);
    document.documentElement.classList.add("dragging", level ? "level" : "upright");
  });
  divider.addEventListener("pointermove", (event) => {
    if (divider.hasPointerCapture(event.pointerId)) set(of.under(event, of.frame.getBoundingClientRect()), false);
  });
  const drop = () => {
    document.documentElement.classList.remove("dragging", "level", "upright");
    store(key, now());
  };
  divider.addEventListener("pointerup", drop);
  divider.addEventListener("pointercancel", drop);
  const reset = () => {
    of.frame.style.removeProperty(of.property);
    of.frame.classList.remove("folded-before", "folded-after");
    store(key, undefined);
    divider.setAttribute("aria-valuenow", String(Math.round(of.natural(of.frame.getBoundingClientRect()))));
  };
  divider.addEventListener("dblclick", reset);
  // The console's share grows upwards.
  const up = of.id === "divider-console" ? 2 : -2;
  divider.addEventListener("keydown", (event) => {
    const steps: Record<string, number> = level ? { ArrowUp: up, ArrowDown: -up } : { ArrowLeft: -2, ArrowRight: 2 };
    const by = steps[event.key];
    if (event.key === "Enter") reset();
    else if (event.key === "Home") set(of.least, true);
    else if (event.key === "End") set(of.most, true);
    else if (by !== undefined) set(unfolded(now() + by, by, of), true);
    else return;
    event.preventDefault();
  });
}

/** A side that is nearly gone is gone. */
function folded(percent: number, of: Divider): number {
  if (of.least === 0 && percent < NARROW) return 0;
  return of.most === 100 && percent > 100 - NARROW ? 100 : percent;
}

/** Out of a fold, the arrows go at once to where something is to be seen. */
function unfolded(percent: number, by: number, of: Divider): number {
  if (of.least === 0 && by > 0 && percent < NARROW) return NARROW + 2;
  return of.most === 100 && by < 0 && percent > 100 - NARROW ? 98 - NARROW : percent;
}

function stored(key: string): number | undefined {
  try {
    const text = localStorage.getItem(key);
    return text === null ? undefined : Number(text);
  } catch {
    return undefined;
  }
}

function store(key: string, value: number | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, String(value));
  } catch {
    // A private window: the place lasts as long as the page.
  }
}
