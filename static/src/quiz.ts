// Questions: answered in place. Without this script the form leads to a page with the answer.

import { icon, the } from "./dom";
import { t } from "./text";

/** What the server says to an answer: for each choice that was made, whether it is right, and why. */
interface Answer {
  right: boolean;
  choices?: { index: number; right: boolean; why?: string }[];
}

export function setUpQuizzes(): void {
  the("lesson").addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("form.quiz")) return;
    event.preventDefault();
    void ask(form);
  });
}

async function ask(form: HTMLFormElement): Promise<void> {
  const verdict = form.querySelector<HTMLElement>(".verdict");
  const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } }).catch(() => undefined);
  const said = answer?.ok ? ((await answer.json().catch(() => undefined)) as Answer | undefined) : undefined;
  if (!said) {
    // The form's own way still leads to the answer.
    form.submit();
    return;
  }
  for (const old of form.querySelectorAll(".why")) old.remove();
  for (const { index, right, why } of said.choices ?? []) tell(form, index, right, why);
  verdict?.replaceChildren(icon(said.right ? "check" : "cross"), t(said.right ? "quiz.right" : "quiz.wrong"));
  verdict?.classList.toggle("ok", said.right);
  verdict?.classList.toggle("bad", !said.right);
}

function tell(form: HTMLFormElement, index: number, right: boolean, why: string | undefined): void {
  const choice = form.querySelector(`input[value="${index}"]`)?.closest(".choice");
  if (!choice || !why) return;
  const place = document.createElement("div");
  place.className = `why ${right ? "ok" : "bad"}`;
  place.textContent = why;
  choice.append(place);
}
