import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

test("the first lesson", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  const count = await learner.blocks().count();
  assert.ok(count >= 8, `${count} commands`);
  for (let number = 0; number < count; number++) {
    const block = learner.blocks().nth(number);
    assert.equal(await learner.run(block), 0, `${await block.getAttribute("data-command")}\n${await learner.console.innerText()}`);
  }
  const said = await learner.console.innerText();
  for (const words of ["pod/busybox created", "Hello World", "Completed", "pod/busybox unchanged", 'pod "busybox" deleted from default namespace']) {
    assert.ok(said.includes(words), `${words} is not in the console:\n${said}`);
  }
  await learner.seesNoPods();
  assert.deepEqual(learner.complaints, []);
});

test("the second lesson, with the app in the browser and its log streaming in", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("The anatomy of a Pod manifest");
  await learner.apply.click();
  await learner.seesPod("pythonapp", "Running");
  await learner.start(learner.block("kubectl port-forward pod/pythonapp 5000:5000"));
  await learner.says(learner.console, "Forwarding from 127.0.0.1:5000 -> 5000");
  await learner.tab("Preview").click();
  const app = learner.page.frameLocator("iframe").locator("body");
  await app.filter({ hasText: "pythonapp" }).waitFor();
  await learner.tab("Logs").click();
  await learner.says(learner.page.getByRole("tabpanel", { name: "Logs" }), "GET /");
  await learner.block("kubectl port-forward pod/pythonapp 5000:5000").getByRole("button", { name: "Stop" }).click();
  assert.equal(await learner.run(learner.block("kubectl delete pod pythonapp")), 0);
  await learner.tab("Pods").click();
  await learner.seesNoPods();
  assert.deepEqual(learner.complaints, []);
});
