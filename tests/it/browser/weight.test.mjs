// Budgets: what a lesson's page weighs, and how it stays quick under load.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

const KB = 1024;

test("a lesson weighs under 60 kB without editor and 300 kB with everything, and asks nobody else", async () => {
  const learner = await Learner.arrive(chromium);
  const weights = new Map();
  const foreign = [];
  const sizes = [];
  learner.page.on("requestfinished", (request) => {
    const address = new URL(request.url());
    if (address.origin !== process.env.PODYARD_URL) foreign.push(request.url());
    sizes.push(request.sizes().then(({ responseBodySize }) => weights.set(address.pathname, responseBodySize)));
  });
  await learner.open("From containers to Pods");
  await learner.page.locator(".cm-content").waitFor();
  await learner.type("kubectl run box --image=busybox --restart=Never -it --rm -- sh");
  await learner.says(learner.page.locator(".xterm-rows"), "/ #");
  await Promise.all(sizes);
  const pages = [...weights].filter(([path]) => path.startsWith("/static/") || path.startsWith("/lessons/"));
  const late = (path) => /chunks\/(codemirror|screen)/.test(path);
  const sum = (list) => list.reduce((total, [, size]) => total + size, 0);
  const [early, all] = [sum(pages.filter(([path]) => !late(path))), sum(pages)];
  const told = pages.map(([path, size]) => `${size} ${path}`).join("\n");
  console.log(`without editor ${(early / KB).toFixed(1)} kB, in all ${(all / KB).toFixed(1)} kB\n${told}`);
  assert.ok(pages.some(([path]) => late(path)), told);
  assert.ok(early < 60 * KB, `${early} bytes without editor:\n${told}`);
  assert.ok(all < 300 * KB, `${all} bytes in all:\n${told}`);
  assert.deepEqual(foreign, []);
});

test("the lesson can be read before any script has come", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.page.route("**/*.js*", () => {});
  await learner.page.goto(`${process.env.PODYARD_URL}/lessons/from-containers-to-pods`, { waitUntil: "commit" });
  await learner.page.getByRole("heading", { level: 1, name: "From containers to Pods" }).waitFor();
  await learner.says(learner.page.locator("#manifest"), "apiVersion");
});

test("under a flood of output the page still takes every key", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl run flood --image=busybox --restart=Never -- sh -c 'i=0; while true; do i=$((i+1)); echo line $i of many; [ $((i % 100)) = 0 ] && sleep 0.1; done'");
  await learner.seesPod("flood", "Running");
  await learner.tab("Logs").click();
  await learner.type("kubectl logs -f flood");
  await learner.says(learner.console, "line 1000 of many");
  await learner.command.pressSequentially("echo every key arrives");
  assert.equal(await learner.command.inputValue(), "echo every key arrives");
  await learner.command.press("Enter");
  await learner.says(learner.console.locator(".entry .o"), /^every key arrives$/m);
  await learner.type("kubectl delete pod flood --now");
  await learner.says(learner.console, 'pod "flood" deleted from default namespace');
});
