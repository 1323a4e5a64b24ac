import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

test("Tab completes from the cluster, a Pod's name in the output opens it, several commands run at once", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl run hello --image=busybox --restart=Never -- sh -c 'echo said so; sleep 3600'");
  await learner.seesPod("hello", "Running");
  await learner.command.fill("kubectl describe po");
  await learner.command.press("Tab");
  await learner.says(learner.page.locator(".choices"), "pods");
  await learner.command.fill("kubectl get pod hel");
  await learner.command.press("Tab");
  await learner.page.waitForFunction(() => document.getElementById("cmd").value === "kubectl get pod hello ");
  await learner.command.press("Enter");

  await learner.type("kubectl get pods -w");
  await learner.button("Stop kubectl get pods -w").waitFor();
  await learner.type("echo beside");
  await learner.says(learner.console, "beside");
  await learner.button("Stop kubectl get pods -w").click();
  await learner.says(learner.console, "stopped");

  await learner.console.getByRole("link", { name: "hello" }).first().click();
  await learner.says(learner.page.getByRole("tabpanel", { name: "Logs" }), "said so");
  assert.deepEqual(learner.complaints, []);
});

test("a pasted here-document runs as it stands, and history brings it back", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.command.focus();
  await learner.page.keyboard.insertText("cat <<EOF > note.txt\nfirst\nsecond\nEOF");
  await learner.command.press("Enter");
  await learner.page.getByRole("tab", { name: "note.txt" }).waitFor();
  await learner.type("cat note.txt");
  await learner.says(learner.console, "second");
  await learner.command.press("ArrowUp");
  assert.equal(await learner.command.inputValue(), "cat note.txt");
  assert.deepEqual(learner.complaints, []);
});

test("a line is cut and pasted with keys, and Ctrl+C over a selection copies and stops nothing", async () => {
  const learner = await Learner.arrive(chromium, { permissions: ["clipboard-read", "clipboard-write"] });
  await learner.open("From containers to Pods");
  await learner.type("sleep 3600");
  await learner.button("Stop sleep 3600").waitFor();
  await learner.command.fill("echo carried over");
  await learner.command.press("Control+a");
  await learner.command.press("Control+x");
  assert.equal(await learner.command.inputValue(), "");
  await learner.command.press("Control+v");
  assert.equal(await learner.command.inputValue(), "echo carried over");
  await learner.command.press("Control+a");
  await learner.command.press("Control+c");
  await learner.command.press("Control+v");
  await learner.command.press("Enter");
  await learner.says(learner.console.locator(".o"), "carried over");
  assert.equal(await learner.button("Stop sleep 3600").isVisible(), true, "copying has stopped a command");
  await learner.command.press("Control+c");
  await learner.button("Stop sleep 3600").waitFor({ state: "detached" });
  assert.deepEqual(learner.complaints, []);
});

test("catching up runs the commands of the steps before", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  const steps = learner.page.getByRole("navigation", { name: "Steps of this lesson" });
  await steps.getByRole("link").nth(2).click();
  const catchUp = learner.button("Catch me up");
  await catchUp.waitFor();
  const before = await learner.page.locator("section.step").evaluateAll((all) => all.slice(0, 2).flatMap((one) => [...one.querySelectorAll("[data-command]")].map((block) => block.dataset.command)));
  await catchUp.click();
  await learner.says(steps, /Ready for step|Catch me up/);
  const said = await learner.console.innerText();
  for (const line of before) assert.ok(said.includes(line.split("\n")[0]), `${line} has not run:\n${said}`);
  assert.deepEqual(learner.complaints, []);
});

test("where websockets are blocked, the page goes around them", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.page.addInitScript(() => {
    window.WebSocket = class extends EventTarget {
      constructor() {
        super();
        setTimeout(() => this.dispatchEvent(new CloseEvent("close", { code: 1006 })));
      }
      send() {}
      close() {}
    };
  });
  await learner.open("From containers to Pods");
  await learner.says(learner.page.getByRole("status"), "Connected without a websocket");
  await learner.type("kubectl run around --image=busybox --restart=Never -- echo all the same");
  await learner.seesPod("around", "Completed");
  await learner.type("kubectl logs around");
  await learner.says(learner.console.locator(".o"), "all the same");
  assert.deepEqual(learner.complaints, []);
});

test("the page in German, by the browser's wish and by choice", async () => {
  const learner = await Learner.arrive(chromium, { locale: "de-AT" });
  await learner.page.getByRole("heading", { name: "Lektionen" }).waitFor();
  await learner.page.getByRole("link", { name: "English" }).click();
  await learner.page.getByRole("heading", { name: "Lessons" }).waitFor();
  await learner.page.getByRole("link", { name: "Deutsch" }).click();
  await learner.page.getByRole("heading", { name: "Lektionen" }).waitFor();
  await learner.page.getByRole("listitem").getByRole("link").first().click();
  await learner.says(learner.page.getByRole("status"), "Verbunden");
  assert.equal(await learner.page.locator("html").getAttribute("lang"), "de");
  await learner.page.getByRole("textbox", { name: "Befehl" }).fill("kubectl get pods");
  await learner.page.keyboard.press("Enter");
  await learner.says(learner.page.getByRole("log", { name: "Konsole" }), "No resources found in default namespace.");
  assert.deepEqual(learner.complaints, []);
});
