// A message to one learner, the stuck, or everybody; with a command to run or a file for the editor.

import { el, setText, the } from "../dom";
import "./wall-text";
import { t } from "../text";
import { perform } from "./deeds";

export class Messages {
  readonly #workshop: string;
  readonly #form = the<HTMLFormElement>("message");
  #stuck: string[] = [];
  #one: string | undefined;

  constructor(workshop: string) {
    this.#workshop = workshop;
    opener("attach", "attached");
    opener("attach-file", "filed");
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  stuck(ids: string[]): void {
    this.#stuck = ids;
    setText(the("to-stuck"), ids.length ? t("wall.theStuckMany", { count: ids.length }) : t("wall.theStuck"));
  }

  /** The learner whose page is open can be written to. */
  one(id: string | undefined, name: string): void {
    this.#one = id;
    const choice = the("to-one");
    choice.hidden = !id;
    setText(choice.querySelector("span") as Element, name);
    const radio = this.#form.elements.namedItem("to") as RadioNodeList;
    if (id) radio.value = "one";
    else if (radio.value === "one") radio.value = "all";
  }

  #to(): string[] | undefined {
    const chosen = (this.#form.elements.namedItem("to") as RadioNodeList).value;
    if (chosen === "stuck") return this.#stuck;
    return chosen === "one" && this.#one ? [this.#one] : undefined;
  }

  async #send(): Promise<void> {
    const text = the<HTMLTextAreaElement>("text");
    const command = the<HTMLInputElement>("command");
    const name = the<HTMLInputElement>("file-name");
    const file = the<HTMLTextAreaElement>("file-text");
    const to = this.#to();
    const filed = name.value.trim() !== "" && file.value.trim() !== "";
    if (filed && !(await perform(this.#workshop, { op: "push", to, file: name.value.trim(), text: file.value }))) return;
    const said = text.value.trim() || (filed ? t("wall.inEditor", { file: name.value.trim() }) : "");
    if (!(await perform(this.#workshop, { op: "tell", to, text: said, command: command.value }))) return;
    for (const field of [text, command, name, file]) field.value = "";
    the("sent").replaceChildren(el("span", { class: "ok" }, to ? t("wall.sentTo", { count: to.length }) : t("wall.sentToAll")));
  }
}

function opener(button: string, place: string): void {
  the(button).addEventListener("click", () => {
    the(place).hidden = !the(place).hidden;
    the(button).setAttribute("aria-expanded", String(!the(place).hidden));
    if (!the(place).hidden) the(place).querySelector("input")?.focus();
  });
}
