// What the instructor does: each is a word to the server. A refusal is shown where it arose.

import { the } from "../dom";
import "./wall-text";
import { t } from "../text";

export type Deed =
  | { op: "pause" | "resume" | "close" | "end" | "release" }
  | { op: "hold"; lesson: string; step: string }
  | { op: "tell"; to?: string[]; text: string; command: string }
  | { op: "push"; to?: string[]; file: string; text: string }
  | { op: "lower"; learner: string }
  | { op: "ask"; learner: string; level: "look" | "type" }
  | { op: "typing"; learner: string; text: string }
  | { op: "run"; learner: string; line: string };

/** Does it; says whether it was done. */
export async function perform(workshop: string, deed: Deed): Promise<boolean> {
  const refusal = await ask(`/workshops/${workshop}/do`, deed);
  const place = the("wrong");
  place.textContent = refusal ?? "";
  place.hidden = refusal === undefined;
  return refusal === undefined;
}

/** Why not, if not. */
async function ask(address: string, deed: Deed): Promise<string | undefined> {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(deed),
      redirect: "manual",
    });
    if (answer.status === 204) return undefined;
    if (answer.type === "opaqueredirect") return t("wall.signedOut");
    return await answer.text();
  } catch {
    return t("wall.noServer");
  }
}
