// Open port-forwards: the Pod's own page, beside the lesson. The frame is sandboxed, so the page in it is a stranger
// to ours: no cookie, no storage, no way up.

import type { Connection } from "./connection";
import { el, icon, the } from "./dom";
import type { Forward } from "./protocol";
import type { Tabs } from "./tabs";
import { t } from "./text";

export class Preview {
  readonly #panel = the("v-preview");
  readonly #tab = the("t-preview");
  readonly #tabs: Tabs;
  #shown: Forward | undefined;

  constructor(connection: Connection, tabs: Tabs, wanted: () => boolean) {
    this.#tabs = tabs;
    connection.on("forwards", ({ forwards }) => this.#show(forwards, wanted()));
  }

  #show(forwards: Forward[], wanted: boolean): void {
    const kept = forwards.find((forward) => forward.url === this.#shown?.url);
    if (kept) {
      this.#others(forwards, kept);
      return;
    }
    const newest = forwards.at(-1);
    if (newest) this.#open(newest, forwards, wanted);
    else this.#close();
  }

  #open(forward: Forward, forwards: Forward[], wanted: boolean): void {
    this.#shown = forward;
    this.#tab.hidden = false;
    const frame = el("iframe", { class: "frame", src: forward.url, title: t("preview.title", { port: forward.port }), sandbox: "allow-scripts allow-forms", referrerpolicy: "no-referrer" });
    const reload = el("button", { class: "btn quiet", type: "button", "aria-label": t("preview.reload"), title: t("preview.reload") }, icon("reset", "ico"));
    reload.addEventListener("click", () => {
      frame.src = forward.url;
    });
    const out = el("a", { class: "btn quiet", href: forward.url, target: "_blank", rel: "noopener noreferrer" }, t("preview.open", { port: forward.port }));
    const choices = el("span", { class: "row", "data-choices": "" });
    const bar = el("div", { class: "view-head" }, el("span", { class: "address" }, `http://localhost:${forward.port}/`), el("span", { class: "mute" }, forward.target), choices, el("span", { class: "push" }), reload, out);
    this.#panel.classList.add("preview");
    this.#panel.replaceChildren(bar, frame);
    this.#others(forwards, forward);
    if (wanted) this.#tabs.choose(this.#tab);
  }

  #others(forwards: Forward[], shown: Forward): void {
    const buttons = forwards.filter((forward) => forward.url !== shown.url).map((forward) => {
      const button = el("button", { class: "btn quiet", type: "button" }, t("preview.port", { port: forward.port }));
      button.addEventListener("click", () => this.#open(forward, forwards, false));
      return button;
    });
    this.#panel.querySelector("[data-choices]")?.replaceChildren(...buttons);
  }

  #close(): void {
    if (!this.#shown) return;
    const { port } = this.#shown;
    this.#shown = undefined;
    const text = t("preview.ended", { port });
    this.#panel.replaceChildren(el("div", { class: "nothing" }, el("p", { class: "empty" }, text)));
  }
}
