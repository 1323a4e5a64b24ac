// A learner's page in a workshop: the hand, the instructor's messages, where everybody is held, and what the
// instructor may see. Nothing of it is there for somebody who learns alone.

import type { Connection } from "../connection";
import { el, icon, setText, the } from "../dom";
import type { Seat, SeatRequest } from "../protocol";
import "./seat-text";
import { t } from "../text";

export class Bar {
  readonly #connection: Connection;
  readonly #run: (line: string) => void;
  readonly #title = el("b", {});
  readonly #word = el("span", { class: "state", role: "status" });
  readonly #asks = el("span", { class: "row" });
  readonly #sharing = el("span", { class: "row" });
  readonly #question = el("input", { "aria-label": t("seat.question"), placeholder: t("seat.questionShort"), maxlength: 200 });
  readonly #raise = el("button", { class: "btn", type: "submit" }, icon("hand", "ico"), t("seat.raise"));
  readonly #lower = el("button", { class: "btn", type: "button", "aria-pressed": "true" }, icon("hand", "ico warn"), t("seat.lower"));
  readonly #hand = el("form", { class: "push" }, this.#question, this.#raise, this.#lower);
  readonly #notes = el("section", { class: "workshop-notes", "aria-label": t("seat.messages"), "aria-live": "polite" });
  readonly #typing = el("p", { class: "typing", role: "status" });
  readonly #bar = el("section", { class: "workshop-bar", "aria-label": t("seat.workshop") }, this.#title, this.#word, this.#asks, this.#sharing, this.#hand);
  #seen = new Set<string>(stored());

  constructor(connection: Connection, run: (line: string) => void) {
    this.#connection = connection;
    this.#run = run;
    document.querySelector("header.top")?.after(this.#bar);
    document.body.classList.add("in-workshop");
    document.querySelector("#lesson article")?.prepend(this.#notes);
    the("prompt").before(this.#typing);
    this.#hand.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say({ what: "raise", question: this.#question.value });
    });
    this.#lower.addEventListener("click", () => this.#say({ what: "lower" }));
  }

  show(seat: Seat): void {
    setText(this.#title, seat.title);
    this.#bar.classList.toggle("paused", seat.paused);
    setText(this.#word, word(seat));
    this.#raise.hidden = seat.hand;
    this.#question.hidden = seat.hand;
    this.#lower.hidden = !seat.hand;
    this.#hand.hidden = seat.ended;
    this.#showAsks(seat);
    this.#showSharing(seat);
    this.#showNotes(seat);
    setText(this.#typing, seat.typing ? t("seat.types", { instructor: seat.instructor, text: seat.typing }) : "");
    close(seat.hold?.lesson === document.body.dataset.lesson ? seat.hold?.step : undefined);
  }

  #say(say: SeatRequest): void {
    this.#connection.tell({ op: "workshop", say });
  }

  #showAsks({ asks, instructor }: Seat): void {
    if (!asks) return this.#asks.replaceChildren();
    const what = t(asks === "type" ? "seat.asksType" : "seat.asksLook", { instructor });
    const allow = el("button", { class: "btn primary", type: "button" }, t("seat.allow"));
    const refuse = el("button", { class: "btn quiet", type: "button" }, t("seat.notNow"));
    allow.addEventListener("click", () => this.#say({ what: "share", level: asks }));
    refuse.addEventListener("click", () => this.#say({ what: "share", level: "nothing" }));
    this.#asks.replaceChildren(el("span", {}, what), allow, refuse);
  }

  #showSharing({ shares, watched, instructor }: Seat): void {
    if (shares === "nothing") return this.#sharing.replaceChildren();
    const stop = el("button", { class: "btn quiet", type: "button" }, t("seat.stop"));
    stop.addEventListener("click", () => this.#say({ what: "share", level: "nothing" }));
    const may = shares === "type" ? "seat.mayType" : "seat.mayLook";
    this.#sharing.replaceChildren(el("span", { class: "warn" }, t(watched ? "seat.looking" : may, { instructor })), stop);
  }

  #showNotes({ notes, instructor }: Seat): void {
    const fresh = notes.filter((note) => !this.#seen.has(note.id));
    this.#notes.replaceChildren(
      ...fresh.map((note) => {
        const dismiss = el("button", { class: "btn quiet", type: "button" }, t("seat.done"));
        dismiss.addEventListener("click", () => {
          this.#seen.add(note.id);
          store([...this.#seen]);
          dismiss.closest(".workshop-note")?.remove();
        });
        const at = new Date(note.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
        const card = el("div", { class: "workshop-note" }, el("div", { class: "row" }, el("b", {}, `${instructor}, ${at}`), dismiss), note.text ? el("p", {}, note.text) : null);
        if (note.command) {
          const start = el("button", { class: "btn primary", type: "button" }, icon("run"), t("seat.run"));
          start.addEventListener("click", () => this.#run(note.command));
          card.append(el("div", { class: "row" }, el("code", {}, note.command), start));
        }
        return card;
      }),
    );
  }
}

function word({ paused, ended, hold, instructor }: Seat): string {
  if (ended) return t("seat.over");
  if (paused) return t("seat.paused", { instructor });
  return hold ? t("seat.held", { step: hold.title }) : "";
}

/** What lies beyond a step is greyed; without one everything is open. */
function close(step: string | undefined): void {
  let beyond = false;
  for (const section of document.querySelectorAll<HTMLElement>("section.step")) {
    section.classList.toggle("beyond", beyond);
    section.inert = beyond;
    if (section.getAttribute("aria-labelledby") === step) beyond = true;
  }
}

const KEY = "podyard-notes";

function stored(): string[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as string[];
  } catch {
    return [];
  }
}

function store(seen: string[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(seen.slice(-200)));
  } catch {
    // A browser that stores nothing shows the message again after a reload.
  }
}
