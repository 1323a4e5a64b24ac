import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

const pod = (container) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n${container}`;

/** What is applied, what the console answers, and where the page points. */
const MISTAKES = [
  ["an unknown field", pod("  - name: a\n    imag: busybox\n"), 'unknown field "spec.containers[0].imag"', "8:5"],
  ["a missing image", pod("  - name: a\n"), "spec.containers[0].image: Required value", "7:5"],
  ["an unknown kind", "apiVersion: v1\nkind: Podd\nmetadata:\n  name: web\n", 'no matches for kind "Podd" in version "v1"', "2:1"],
  ["no YAML", "apiVersion: v1\nkind: Pod\nmetadata:\n name: web\n  labels: {}\n", "error converting YAML to JSON: yaml: line 5", "5:"],
  ["no object", "just some words\n", "error", ""],
];

test("each mistake is answered in Kubernetes' words, with its place, and the text stays", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  for (const [what, manifest, words, place] of MISTAKES) {
    await learner.write(manifest);
    await learner.apply.click();
    await learner.says(learner.console, words);
    const verdict = learner.page.getByRole("region", { name: "Editor" });
    await learner.says(verdict, place);
    if (place) await learner.page.locator(".cm-lint-marker-error").first().waitFor();
    await learner.type("clear");
    await learner.console.filter({ hasNotText: words }).waitFor();
    assert.ok((await learner.manifest.innerText()).includes(manifest.trim().split("\n").at(-1).trim()), what);
  }
  await learner.reload();
  await learner.says(learner.manifest, "just some words");
});
