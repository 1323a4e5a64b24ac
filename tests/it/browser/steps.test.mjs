import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

test("a step's checks turn green by themselves, and say why while they do not", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("Why is my Pod restarting?");
  const check = learner.page.locator(".check").first();
  await learner.says(check, "watching: ");
  await learner.says(check.locator(".because"), /\w/);
  await learner.apply.click();
  await learner.says(check, "holds: ");
  await learner.page.getByRole("link", { name: /^Step 1, done: / }).waitFor();
  await learner.reload();
  await learner.says(check, "holds: ");
  assert.deepEqual(learner.complaints, []);
});

test("a question is answered in place, with the reason", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("Why is my Pod restarting?");
  const question = learner.page.getByRole("group", { name: /exit code is 128/ });
  const form = learner.page.locator("form.quiz").filter({ has: question });
  await form.getByRole("button", { name: "Check" }).click();
  await learner.says(form, "Choose an answer first.");
  await question.getByRole("radio", { name: "At the memory limit" }).check();
  await form.getByRole("button", { name: "Check" }).click();
  await learner.says(form.locator(".verdict"), "Not quite.");
  await question.getByRole("radio", { name: /command and args/ }).check();
  await form.getByRole("button", { name: "Check" }).click();
  await learner.says(form.locator(".verdict"), "Right.");
  assert.deepEqual(learner.complaints, []);
});
