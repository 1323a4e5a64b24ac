// Where in the lesson one is, and which steps are done: those whose commands have all been run.

import type { Connection } from "./connection";
import { el, icon, setText, the } from "./dom";
import * as progress from "./progress";
import type { StepChecks } from "./protocol";
import { t } from "./text";

export class Steps {
  readonly #lesson: string;
  readonly #title: string;
  readonly #sections = [...document.querySelectorAll<HTMLElement>("section.step")];
  readonly #links = [...document.querySelectorAll<HTMLAnchorElement>(".steps a")];
  readonly #done = new Set<string>();
  readonly #connection: Connection;
  #current = 0;

  readonly #checks: (step: string) => { done: number; all: number } | undefined;
  readonly #moved: (step: number) => void;

  /** `moved` hears which step one reads, from 0; -1 is before the first. */
  constructor(lesson: string, title: string, connection: Connection, checks: (step: string) => { done: number; all: number } | undefined, moved: (step: number) => void) {
    this.#checks = checks;
    this.#connection = connection;
    this.#moved = moved;
    this.#lesson = lesson;
    this.#title = title;
    for (const id of progress.all()[lesson]?.done ?? []) this.#done.add(id);
    const scroller = the("lesson");
    const look = () => requestAnimationFrame(() => this.#look());
    scroller.addEventListener("scroll", look, { passive: true });
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    for (const section of this.#sections) this.#mark(section);
    // What the server has kept holds on every device.
    connection.on("progress", ({ done }) => {
      for (const id of done) this.#done.add(id);
      for (const section of this.#sections) this.#mark(section);
      this.#keep();
    });
    connection.on("welcome", () => this.#tell());
    this.#look();
  }

  /** Tells the server which step is read: it counts the time, and knows where to go on. */
  #tell(): void {
    const section = this.#sections[this.#current - 1];
    if (section) this.#connection.tell({ op: "step", step: this.#id(section) });
  }

  /** How the steps stand whose checks the server watches. */
  stand(states: StepChecks[]): void {
    for (const { step, done } of states) {
      if (!done || this.#done.has(step)) continue;
      this.#done.add(step);
      const section = this.#sections.find((one) => this.#id(one) === step);
      if (section) this.#mark(section);
    }
    this.#keep();
    this.#here();
  }

  /** Something ran: steps may be done. */
  check(): void {
    for (const section of this.#sections) {
      const blocks = [...section.querySelectorAll<HTMLElement>(".block.command[data-command]")];
      const id = this.#id(section);
      // Where there are checks, what counts is the state of the cluster.
      if (section.querySelector(".checks")) continue;
      if (blocks.length && !this.#done.has(id) && blocks.every((block) => block.dataset.ran === "ok")) {
        this.#done.add(id);
        this.#mark(section);
        this.#keep();
      }
    }
  }

  #id(section: HTMLElement): string {
    return section.getAttribute("aria-labelledby") ?? "";
  }

  #mark(section: HTMLElement): void {
    const at = this.#sections.indexOf(section);
    const link = this.#links[at];
    if (!link || !this.#done.has(this.#id(section))) return;
    link.parentElement?.classList.add("done");
    link.setAttribute("aria-label", t("steps.done", { number: at + 1, title: link.title }));
    link.replaceChildren(icon("check", "ico"));
  }

  #look(): void {
    // On a narrow screen it is the page that scrolls, and the lesson's top with it; whoever is at the workbench reads nothing.
    const { top, bottom } = the("lesson").getBoundingClientRect();
    const line = Math.max(0, top) + Math.min(innerHeight, the("lesson").clientHeight) * 0.35;
    if (bottom < line) return;
    const past = this.#sections.filter((section) => section.getBoundingClientRect().top <= line).length;
    this.#sections.slice(0, Math.max(0, past - 1)).forEach((section) => {
      // A step without commands is done once one has read past it.
      if (!section.querySelector(".block.command[data-command], .checks") && !this.#done.has(this.#id(section))) {
        this.#done.add(this.#id(section));
        this.#mark(section);
      }
    });
    if (past === this.#current) return;
    this.#current = past;
    this.#moved(past - 1);
    this.#links.forEach((link, at) => (at === past - 1 ? link.setAttribute("aria-current", "step") : link.removeAttribute("aria-current")));
    this.#here();
    setText(the("switch-step"), past ? t("steps.here", { number: past, of: this.#links.length }) : t("steps.many", { count: this.#links.length }));
    this.#keep();
    this.#tell();
  }

  #here(): void {
    const section = this.#sections[this.#current - 1];
    const title = this.#links[this.#current - 1]?.title;
    const checks = section && this.#checks(this.#id(section));
    const parts = [title ? el("b", {}, title) : "", checks ? ` ${t("steps.checks", checks)}` : ""];
    document.getElementById("here")?.replaceChildren(...parts);
  }

  #keep(): void {
    if (!this.#current) return;
    const section = this.#sections[this.#current - 1];
    progress.keep(this.#lesson, {
      done: [...this.#done],
      step: section ? this.#id(section) : "",
      number: this.#current,
      of: this.#sections.length,
      title: this.#title,
      at: Date.now(),
    });
  }
}
