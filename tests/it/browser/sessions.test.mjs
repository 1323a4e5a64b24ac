import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

test("a reload finds everything as it was, and a stranger sees nothing of it", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("The anatomy of a Pod manifest");
  await learner.apply.click();
  await learner.says(learner.console, "pod/pythonapp created");
  await learner.seesPod("pythonapp", "Running");
  await learner.reload();
  await learner.seesPod("pythonapp", "Running");
  await learner.says(learner.console, "pod/pythonapp created");

  const stranger = await Learner.arrive(chromium);
  await stranger.open("The anatomy of a Pod manifest");
  await stranger.seesNoPods();
  await stranger.type("kubectl get pods");
  await stranger.says(stranger.console, "No resources found in default namespace.");
  assert.deepEqual([learner.complaints, stranger.complaints], [[], []]);
});

test("a command that is sent while the line is cut runs once when it is back", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("echo before");
  await learner.says(learner.console, "before");
  await learner.page.context().setOffline(true);
  await learner.type("echo sent-while-away");
  await learner.page.context().setOffline(false);
  await learner.connected();
  await learner.type("echo after");
  await learner.says(learner.console, "after");
  const said = await learner.console.innerText();
  assert.equal(said.split("\n").filter((line) => line.trim() === "sent-while-away").length, 1, said);
});

test("two tabs of one learner show the same", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  const other = new Learner(await learner.page.context().newPage());
  await other.page.goto(learner.page.url());
  await other.connected();
  await learner.type("kubectl run twin --image=busybox --restart=Never -- echo seen twice");
  await other.says(other.console, "pod/twin created");
  await other.seesPod("twin", "Completed");
});
