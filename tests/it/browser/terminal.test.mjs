import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

const screen = (learner) => learner.page.locator(".xterm-rows");

test("kubectl exec -it is a real terminal: a shell, vi, a reload, an exit code", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl run box --image=busybox --restart=Never -- sleep 3600");
  await learner.seesPod("box", "Running");
  await learner.type("kubectl exec -it box -- sh");
  await learner.says(screen(learner), "/ #");
  const keys = learner.page.keyboard;
  await keys.type("echo $((40 + 2)) grün; tty\n");
  await learner.says(screen(learner), "42 grün");
  await learner.says(screen(learner), "/dev/");
  await keys.type("vi /tmp/x\n");
  await learner.says(screen(learner), "~");
  await keys.type("ihello world");
  await learner.says(screen(learner), "hello world");

  await learner.reload();
  await learner.says(screen(learner), "hello world");
  await learner.page.locator(".screen").click();
  await keys.press("Escape");
  await learner.says(screen(learner), "- /tmp/x");
  await keys.type(":wq\n");
  await learner.says(screen(learner), "/ #");
  await keys.type("cat /tmp/x; exit 3\n");
  await learner.says(learner.console, "command terminated with exit code 3");
  assert.ok((await learner.console.innerText()).includes("hello world"), "what was on the screen stays readable");
  assert.deepEqual(learner.complaints, []);
});

test("a terminal is left by keyboard, read by a screen reader, and other commands run beside it", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl run box --image=busybox --restart=Never -it --rm -- sh");
  await learner.says(screen(learner), "/ #");
  await learner.page.keyboard.press("Shift+Tab");
  const inside = () => learner.page.evaluate(() => document.activeElement.closest(".screen") !== null);
  assert.equal(await inside(), false, "Shift+Tab leaves the terminal");
  await learner.page.getByRole("checkbox", { name: "Screen reader" }).check();
  await learner.page.locator(".xterm-accessibility").first().waitFor({ state: "attached" });
  await learner.page.getByRole("tab", { name: "Console", exact: true }).click();
  await learner.type("kubectl get pod box");
  await learner.says(learner.console, "Running");
  await learner.page.getByRole("tab", { name: "Terminal: box" }).click();
  await learner.page.keyboard.type("exit\n");
  await learner.says(learner.console, 'pod "box" deleted from default namespace');
  assert.deepEqual(learner.complaints, []);
});
