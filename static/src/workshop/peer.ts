// A learner's page as the instructor sees it, once the learner allows it: files, Pods, console; and a line to type.

import { el, icon, the } from "../dom";
import type { LessonFile, Message } from "../protocol";
import "./wall-text";
import { t } from "../text";
import { by } from "./by";
import { perform } from "./deeds";
import { listen } from "./events";

type Standing = { op: "standing"; shares: "nothing" | "look" | "type"; lesson: string; here: boolean };
type Heard = Standing | Message;

export class Peer {
  readonly #place = the("peer");
  readonly #workshop: string;
  readonly #closed: () => void;
  #stop: (() => void) | undefined;
  #learner = "";
  #name = "";
  #parts = parts();

  constructor(workshop: string, closed: () => void) {
    this.#workshop = workshop;
    this.#closed = closed;
  }

  get learner(): string {
    return this.#learner;
  }

  open(learner: string, name: string, where: string): void {
    this.close();
    this.#learner = learner;
    this.#name = name;
    this.#parts = parts();
    const shut = el("button", { class: "btn quiet", type: "button", "aria-label": t("wall.closePeer", { name }) }, icon("cross"));
    shut.addEventListener("click", () => {
      this.close();
      this.#closed();
    });
    const { consent, files, text, pods, log, say } = this.#parts;
    this.#place.setAttribute("aria-label", t("wall.peerOf", { name }));
    this.#place.replaceChildren(
      el("div", { class: "sec-head" }, el("h2", {}, name), el("span", { class: "mute" }, where), shut),
      consent,
      files,
      text,
      el("div", { class: "sec-head" }, el("h2", {}, "Pods"), el("span", { class: "mute" }, t("wall.live"))),
      pods,
      el("div", { class: "sec-head" }, el("h2", {}, t("wall.console")), el("span", { class: "mute" }, t("wall.youWatch", { name }))),
      log,
      say,
    );
    this.#place.hidden = false;
    this.#askFirst();
    this.#wireSay();
    this.#connect();
    shut.focus();
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#learner = "";
    this.#place.hidden = true;
  }

  /** The stream is refused until the learner allows looking: it is tried again while the page is open. */
  #connect(): void {
    const address = `/workshops/${this.#workshop}/learners/${this.#learner}/live`;
    this.#stop = listen<Heard>(address, (heard) => this.#show(heard));
  }

  #askFirst(): void {
    const ask = this.#button(t("wall.askLook"), "look");
    this.#parts.consent.replaceChildren(el("span", { class: "state" }, t("wall.mayNotLook", { name: this.#name })), ask);
    for (const part of [this.#parts.text, this.#parts.pods, this.#parts.log]) part.replaceChildren();
  }

  #button(word: string, level: "look" | "type"): HTMLElement {
    const button = el("button", { class: "btn push", type: "button" }, word);
    button.addEventListener("click", async () => {
      if (await perform(this.#workshop, { op: "ask", learner: this.#learner, level })) {
        button.textContent = t("wall.asked");
        button.setAttribute("disabled", "");
      }
    });
    return button;
  }

  #wireSay(): void {
    const { say, line } = this.#parts;
    const learner = this.#learner;
    line.setAttribute("aria-label", t("wall.typeInto", { name: this.#name }));
    line.addEventListener("input", () => void perform(this.#workshop, { op: "typing", learner, text: line.value }));
    say.addEventListener("submit", async (event) => {
      event.preventDefault();
      const typed = line.value.trim();
      if (typed && (await perform(this.#workshop, { op: "run", learner, line: typed }))) line.value = "";
    });
  }

  #show(heard: Heard): void {
    switch (heard.op) {
      case "standing":
        return this.#standing(heard);
      case "file":
        return this.#file(heard);
      case "pods":
        return this.#pods(heard.columns, heard.rows.map((row) => row.cells));
      case "started":
      case "output":
      case "exit":
      case "clear":
        return this.#console(heard);
    }
  }

  #standing({ shares, here }: Standing): void {
    if (shares === "nothing") return this.#askFirst();
    const word = t(!here ? "wall.isAway" : shares === "type" ? "wall.letsType" : "wall.letsLook", { name: this.#name });
    const seen = el("span", { class: "state" }, el("span", { class: "ok" }, icon("check")), word);
    this.#parts.consent.replaceChildren(seen, ...(shares === "look" ? [this.#button(t("wall.askType"), "type")] : []));
    this.#parts.say.hidden = shares !== "type";
    this.#parts.files.replaceChildren();
    this.#parts.log.replaceChildren();
  }

  #file({ name, text }: LessonFile): void {
    const { files, text: place } = this.#parts;
    let tab = files.querySelector<HTMLButtonElement>(`[data-file="${CSS.escape(name)}"]`);
    const show = () => {
      for (const other of files.children) other.setAttribute("aria-selected", String(other === tab));
      place.replaceChildren(el("pre", {}, tab?.dataset.text ?? ""));
    };
    if (!tab) {
      tab = el("button", { class: "tab", role: "tab", type: "button", "data-file": name, "aria-selected": "false" }, name);
      tab.addEventListener("click", show);
      files.append(tab);
    }
    tab.dataset.text = text;
    if (files.children.length === 1 || tab.getAttribute("aria-selected") === "true") show();
  }

  #pods(columns: string[], rows: string[][]): void {
    const shown = Math.min(columns.length, 5);
    const head = el("tr", {}, ...columns.slice(0, shown).map((name) => el("th", { scope: "col" }, name)));
    const body = rows.map((cells) => el("tr", {}, ...cells.slice(0, shown).map((cell) => el("td", {}, cell))));
    const table = el("table", { class: "kt" }, el("thead", {}, head), el("tbody", {}, ...body));
    this.#parts.pods.replaceChildren(rows.length ? table : el("p", { class: "empty" }, "No resources found in default namespace."));
  }

  #console(frame: Extract<Message, { op: "started" | "output" | "exit" | "clear" }>): void {
    const log = this.#parts.log;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
    if (frame.op === "clear") log.replaceChildren();
    if (frame.op === "started") log.append(el("div", { class: "cmdline in" }, frame.line, by(frame.id)));
    if (frame.op === "output") log.append(el("div", { class: frame.stream === "stderr" ? "e" : "o" }, frame.text));
    while (log.children.length > 500) log.firstElementChild?.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }
}

function parts() {
  const line = el("input", { autocomplete: "off", spellcheck: "false", placeholder: "kubectl …" });
  return {
    consent: el("div", { class: "consent" }),
    files: el("div", { class: "tabs", role: "tablist", "aria-label": t("wall.files") }),
    text: el("div", { class: "inset", tabindex: "0", role: "region", "aria-label": t("wall.oneFile") }),
    pods: el("div", { class: "kt-wrap", tabindex: "0", role: "region", "aria-label": "Pods" }),
    log: el("div", { class: "log inset", role: "log", tabindex: "0", "aria-label": t("wall.console") }),
    line,
    say: el("form", { class: "say", hidden: true }, el("span", { class: "mute", "aria-hidden": "true" }, "$"), line, el("button", { class: "btn", type: "submit" }, t("wall.run"))),
  };
}
