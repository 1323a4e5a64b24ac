// `kubectl edit` and its like: the editor is the page's own, and the command waits for what one makes of the text.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

const configMap = (name, data) => `apiVersion: v1\ndata:\n${data}kind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: default\n`;

/** Waits for the tab of a command's text. */
async function opens(learner, name) {
  const tab = learner.page.getByRole("tab", { name: `${name} , a command waits for it` });
  await tab.and(learner.page.locator("[aria-selected=true]")).waitFor();
  await learner.page.locator(".cm-content").waitFor();
  return tab;
}

/** Changes what the text says. The rest stays: an object is known by its uid. */
async function change(learner, from, to) {
  await learner.says(learner.manifest, from);
  const lines = await learner.page.locator(".cm-line").allInnerTexts();
  await learner.write(lines.map((line) => line.replace("\n", "")).join("\n").replace(from, to));
}

test("kubectl edit opens the object as a tab, opens it again with the reason when it is refused, and goes on with Ctrl+Enter", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl create configmap colours --from-literal=sky=blue");
  await learner.says(learner.console, "configmap/colours created");
  await learner.type("kubectl edit configmap colours");
  const editor = learner.page.getByRole("region", { name: "Editor" });
  await opens(learner, "configmaps-colours.yaml");
  await learner.says(learner.manifest, "sky: blue");
  await learner.says(editor, "kubectl edit configmap colours waits for this text");
  assert.equal(await learner.button("Delete").isVisible(), false, "it is no file");

  await change(learner, "sky: blue", "sky: [grey]");
  await learner.apply.click();
  await learner.says(learner.manifest, "# configmaps \"colours\" was not valid:");
  await learner.says(editor.locator(".verdict-line"), "unrecognized type: string");
  await learner.says(learner.manifest, "sky: [grey]");
  await opens(learner, "configmaps-colours.yaml");

  await change(learner, "sky: [grey]", "sky: grey");
  await learner.page.keyboard.press("Control+Enter");
  await learner.says(learner.console, "configmap/colours edited");
  await learner.page.getByRole("tab", { name: "10-pod.yaml" }).and(learner.page.locator("[aria-selected=true]")).waitFor();
  assert.equal(await learner.page.evaluate(() => document.activeElement.id), "cmd", "one types on where one was");
  await learner.type("kubectl get configmap colours -o jsonpath='{.data.sky}'");
  await learner.says(learner.console, "grey");
  assert.deepEqual(learner.complaints, []);
});

test("what was typed into the text is there after a reload, and in another tab", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl create configmap colours --from-literal=sky=blue");
  await learner.says(learner.console, "configmap/colours created");
  await learner.type("kubectl edit configmap colours");
  await opens(learner, "configmaps-colours.yaml");
  await change(learner, "sky: blue", "sky: half writ");
  await learner.reload();
  await opens(learner, "configmaps-colours.yaml");
  await learner.says(learner.manifest, "sky: half writ");

  const other = new Learner(await learner.page.context().newPage());
  await other.page.goto(learner.page.url());
  await opens(other, "configmaps-colours.yaml");
  await other.says(other.manifest, "sky: half writ");
  await change(other, "sky: half writ", "sky: written");
  await other.apply.click();
  await learner.says(learner.console, "configmap/colours edited");
  assert.deepEqual(learner.complaints, []);
});

test("closing the text leaves the object as it is; a reload finds it; Ctrl-C gives it up", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl create configmap colours --from-literal=sky=blue");
  await learner.says(learner.console, "configmap/colours created");
  await learner.type("kubectl edit configmap colours");
  const tab = await opens(learner, "configmaps-colours.yaml");
  await learner.reload();
  await tab.waitFor();
  await learner.button("Close").click();
  await learner.says(learner.console, "Edit cancelled, no changes made.");
  await tab.waitFor({ state: "detached" });

  await learner.type("kubectl edit configmap colours");
  await tab.waitFor();
  await learner.command.press("Control+c");
  await tab.waitFor({ state: "detached" });
  assert.deepEqual(learner.complaints, []);
});

test("what create --edit makes is edited as well", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.command.fill(`cat <<EOF > fresh.yaml\n${configMap("fresh", "  sky: blue\n")}EOF`);
  await learner.command.press("Enter");
  await learner.tab("fresh.yaml").waitFor();
  await learner.type("kubectl create -f fresh.yaml --edit");
  const tab = learner.page.locator(".tab.edit");
  await tab.waitFor();
  await learner.write(configMap("fresh", "  sky: green\n"));
  await learner.apply.click();
  await learner.says(learner.console, "configmap/fresh created");
  await learner.type("kubectl get configmap fresh -o jsonpath='{.data.sky}'");
  await learner.says(learner.console, "green");
  assert.deepEqual(learner.complaints, []);
});
