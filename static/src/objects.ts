// The YAML view: one object as the cluster has it, with what has just changed marked.

import { type Kind, KINDS, follow, names } from "./cluster";
import type { Connection } from "./connection";
import { el, hidden, setText, the } from "./dom";
import { t } from "./text";
import { changed, type Line, lines, shown, type Value } from "./yaml";

/** As long as a change stays marked. */
const MARKED = 4_000;
/** A watch that has ended is begun again after this. */
const AGAIN = 2_000;
/** After a change in the cluster, the list of objects is asked for again after this. */
const SETTLE = 800;

type Stored = { [key: string]: Value };

export class Objects {
  readonly #panel = the("v-yaml");
  readonly #choice = el("select", { class: "select", "aria-label": t("yaml.object") });
  readonly #full = el("input", { type: "checkbox" });
  readonly #note = el("span", { class: "mute" });
  readonly #head: HTMLElement;
  readonly #text = el("pre", { class: "yaml-text" });
  readonly #empty = el("div", { class: "nothing" }, el("p", { class: "empty" }, t("yaml.empty")));
  #wanted = "";
  #following: AbortController | undefined;
  #last: Stored | undefined;
  #timer: number | undefined;
  #listing: number | undefined;

  constructor(connection: Connection) {
    const full = el("label", { class: "row" }, this.#full, t("yaml.full"));
    this.#head = el("div", { class: "view-head" }, el("label", {}, `${t("yaml.object")} `, this.#choice), this.#note, el("span", { class: "push" }), full);
    this.#panel.replaceChildren(this.#head, this.#empty, this.#text);
    this.#head.hidden = true;
    this.#choice.addEventListener("change", () => this.#follow(this.#choice.value));
    this.#full.addEventListener("change", () => this.#draw(new Set()));
    connection.on("pods", () => this.#listSoon());
    connection.on("events", () => this.#listSoon());
    connection.on("sandbox", () => {
      this.#stop();
      this.#listSoon();
    });
  }

  /** The tab has been chosen. */
  open(): void {
    void this.#list();
    if (this.#wanted && !this.#following) this.#follow(this.#wanted);
  }

  /** Which Pod to look at next. */
  want(pod: string): void {
    this.#wanted = `Pod/${pod}`;
    this.#stop();
    this.#last = undefined;
    if (!this.#panel.hidden) this.#follow(this.#wanted);
  }

  #listSoon(): void {
    if (this.#panel.hidden) return;
    clearTimeout(this.#listing);
    this.#listing = window.setTimeout(() => void this.#list(), SETTLE);
  }

  async #list(): Promise<void> {
    const all = await Promise.all(KINDS.map(async (kind) => ({ kind, names: await names(kind) })));
    const groups = all.filter((one) => one.names.length);
    const value = (kind: Kind, name: string) => `${kind.kind}/${name}`;
    const known = groups.flatMap((group) => group.names.map((name) => value(group.kind, name)));
    if (known.join() !== this.#choice.dataset.known) {
      this.#choice.dataset.known = known.join();
      this.#choice.replaceChildren(...groups.map((group) => el("optgroup", { label: group.kind.kind }, ...group.names.map((name) => el("option", { value: value(group.kind, name) }, `${group.kind.kind.toLowerCase()}/${name}`)))));
    }
    if (!this.#wanted || (!this.#last && !known.includes(this.#wanted))) this.#wanted = known[0] ?? "";
    this.#choice.value = this.#wanted;
    this.#head.hidden = !known.length && !this.#last;
    this.#empty.hidden = !this.#head.hidden;
    if (this.#wanted && !this.#following) this.#follow(this.#wanted);
  }

  #stop(): void {
    this.#following?.abort();
    this.#following = undefined;
  }

  #follow(wanted: string): void {
    const another = wanted !== this.#wanted;
    this.#stop();
    this.#wanted = wanted;
    if (another) this.#last = undefined;
    const [kindName, name = ""] = wanted.split("/");
    const kind = KINDS.find((one) => one.kind === kindName);
    if (!kind) return;
    const following = new AbortController();
    this.#following = following;
    void follow(kind, name, following.signal, (object) => this.#seen(object)).finally(() => {
      setTimeout(() => {
        if (this.#following === following) this.#following = undefined;
        if (!this.#following && !this.#panel.hidden && this.#wanted === wanted) this.#follow(wanted);
      }, AGAIN);
    });
  }

  #seen(object: Stored | undefined): void {
    if (!object) {
      if (this.#last) setText(this.#note, t("yaml.gone", { name: this.#wanted.toLowerCase() }));
      return;
    }
    const before = this.#last;
    this.#last = object;
    this.#head.hidden = false;
    this.#empty.hidden = true;
    this.#draw(before ? changed(before, object) : new Set());
  }

  #draw(marked: Set<string>): void {
    if (!this.#last) return;
    const all = lines(this.#full.checked ? this.#last : shown(this.#last));
    this.#text.setAttribute("aria-label", this.#wanted);
    this.#text.replaceChildren(...all.map((line) => drawLine(line, marked.has(line.path) && !line.path.endsWith("resourceVersion"))));
    const version = (this.#last.metadata as { resourceVersion?: string } | undefined)?.resourceVersion ?? "";
    setText(this.#note, t("yaml.version", { version }));
    clearTimeout(this.#timer);
    const first = this.#text.querySelector(".lit");
    if (!first) return;
    first.scrollIntoView({ block: "nearest" });
    this.#timer = window.setTimeout(() => {
      for (const line of this.#text.querySelectorAll(".lit")) line.classList.remove("lit");
    }, MARKED);
  }
}

function drawLine({ text }: Line, lit: boolean): HTMLElement {
  const key = text.match(/^(\s*(?:- )*)([^\s:"'][^:]*|"[^"]*"):(\s|$)/);
  const parts = key ? [key[1] ?? "", el("span", { class: "y-key" }, key[2] ?? ""), text.slice((key[1]?.length ?? 0) + (key[2]?.length ?? 0))] : [text];
  return el("div", { class: lit ? "lit" : undefined }, ...parts, lit ? hidden(t("pods.changed")) : null, "\n");
}
