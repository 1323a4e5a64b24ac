// The checks of the lesson's steps: green by themselves, and with the reason while they are not.

import type { Connection } from "./connection";
import { el, hidden, icon } from "./dom";
import type { CheckState, StepChecks } from "./protocol";
import { t } from "./text";

export class Verdicts {
  readonly #places = new Map([...document.querySelectorAll<HTMLElement>(".checks[data-step]")].map((place) => [place.dataset.step ?? "", place]));
  readonly #drawn = new Map<HTMLElement, string>();
  readonly #states = new Map<string, StepChecks>();

  /** `told` hears how all steps stand. */
  constructor(connection: Connection, told: (steps: StepChecks[]) => void) {
    for (const place of this.#places.values()) for (const item of items(place)) mark(item, false);
    connection.on("checks", ({ steps }) => {
      for (const step of steps) {
        this.#states.set(step.step, step);
        this.#show(step);
      }
      told(steps);
    });
  }

  /** How many of a step's checks hold; undefined where it has none. */
  of(step: string): { done: number; all: number } | undefined {
    const known = this.#states.get(step);
    const all = known?.checks.length ?? items(this.#places.get(step)).length;
    return all ? { done: known?.checks.filter((check) => check.holds).length ?? 0, all } : undefined;
  }

  #show({ step, checks }: StepChecks): void {
    const place = this.#places.get(step);
    checks.forEach((check, at) => {
      const item = items(place)[at];
      const drawn = JSON.stringify(check);
      if (!item || this.#drawn.get(item) === drawn) return;
      this.#drawn.set(item, drawn);
      mark(item, check.holds);
      explain(item, check);
    });
  }
}

function items(place: HTMLElement | undefined): HTMLElement[] {
  return [...(place?.querySelectorAll<HTMLElement>(".check") ?? [])];
}

function mark(item: HTMLElement, holds: boolean): void {
  item.classList.toggle("holds", holds);
  const place = item.querySelector(".mark");
  place?.replaceChildren(icon(holds ? "check" : "wait", "ico"));
  const says = item.querySelector(".says");
  says?.querySelector(".vh")?.remove();
  says?.prepend(hidden(`${t(holds ? "check.done" : "check.watching")}: `));
}

/** What is, what is wanted, and why, in that order; nothing once it holds. */
function explain(item: HTMLElement, check: CheckState): void {
  const place = item.querySelector<HTMLElement>(".because");
  if (!place) return;
  const open = place.querySelector("details")?.open ?? false;
  if (check.holds) {
    place.replaceChildren();
    return;
  }
  const pairs: [string, string][] = [
    [t("check.is"), check.is],
    [t("check.wanted"), check.wanted],
  ];
  const known = pairs.flatMap(([name, value]) => (!value ? [] : [el("span", { class: "pair" }, el("b", {}, name), el("code", {}, value))]));
  const hint = check.hint ? el("details", { class: "fold", open }, el("summary", {}, t("check.hint")), el("div", {}, ...spans(check.hint))) : null;
  place.replaceChildren(...(known.length ? [el("span", { class: "gotwant" }, ...known)] : []), ...spans(check.because), ...(hint ? [hint] : []));
}

/** Text with `code` in it. */
function spans(text: string): (string | HTMLElement)[] {
  return text.split("`").map((part, at) => (at % 2 ? el("code", {}, part) : part));
}
