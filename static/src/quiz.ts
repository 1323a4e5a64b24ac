// Questions of a lesson: the server alone knows what is right, and says it after one has answered.

import { el, icon, the } from "./dom";
import { t } from "./text";

interface Verdict {
  right: boolean;
  /** Of each choice that was made; `why` is HTML of the lesson's own, made and cleaned by the server. */
  choices: { choice: number; right: boolean; why: string }[];
}

export function setUpQuizzes(): void {
  const lesson = the("lesson");
  lesson.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("form.quiz")) return;
    event.preventDefault();
    void ask(form);
  });
  lesson.addEventListener("change", ({ target }) => {
    const form = (target as Element).closest<HTMLFormElement>("form.quiz");
    if (form) clear(form);
  });
}

async function ask(form: HTMLFormElement): Promise<void> {
  const choices = new FormData(form).getAll("choice").map(Number);
  clear(form);
  if (!choices.length) {
    say(form, "", t("quiz.choose"));
    return;
  }
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ choices }) };
  const answer = await fetch(form.action, request).catch(() => undefined);
  if (!answer?.ok) {
    say(form, "bad", t("quiz.noAnswer"));
    return;
  }
  const verdict = (await answer.json()) as Verdict;
  for (const { choice, right, why } of verdict.choices) if (why) explain(form, choice, right, why);
  say(form, verdict.right ? "ok" : "bad", t(verdict.right ? "quiz.right" : "quiz.wrong"));
}

function say(form: HTMLFormElement, tone: string, text: string): void {
  const place = form.querySelector(".verdict");
  if (!place) return;
  place.className = `verdict ${tone}`;
  place.replaceChildren(...(tone ? [icon(tone === "ok" ? "check" : "cross")] : []), text);
}

function explain(form: HTMLFormElement, choice: number, right: boolean, why: string): void {
  const note = el("div", { class: `why ${right ? "ok" : "bad"}` });
  note.append(...new DOMParser().parseFromString(why, "text/html").body.childNodes);
  form.querySelectorAll(".choice")[choice]?.append(note);
}

function clear(form: HTMLFormElement): void {
  for (const note of form.querySelectorAll(".why")) note.remove();
  form.querySelector(".verdict")?.replaceChildren();
}
