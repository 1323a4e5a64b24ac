// Accessibility, sizes, themes: axe finds nothing, nothing overflows, everything is reached by keyboard.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { findings } from "./axe.mjs";
import { Learner, browser } from "./learner.mjs";

const SHOTS = process.env.PODYARD_SCREENSHOTS ?? "target/screenshots";
const SIZES = [[1920, 1080], [1280, 720], [768, 1024], [390, 844]];

let chromium;
before(async () => {
  chromium = await browser();
  mkdirSync(SHOTS, { recursive: true });
});
after(() => chromium.close());

for (const theme of ["light", "dark"]) {
  test(`axe finds nothing, and nothing overflows, in the ${theme} theme`, async () => {
    const learner = await Learner.arrive(chromium, { colorScheme: theme, reducedMotion: "reduce" });
    assert.deepEqual(await findings(learner.page), [], "the catalogue");
    await learner.open("From containers to Pods");
    await learner.page.locator(".cm-content").waitFor();
    await learner.type("kubectl run bad --image=busybox -- sh -c 'echo why; exit 2'");
    await learner.seesPod("bad", "CrashLoopBackOff");
    await learner.page.getByRole("button", { name: "CrashLoopBackOff, explain" }).click();
    await learner.says(learner.page.locator(".explain"), "last log line");
    for (const [width, height] of SIZES) {
      await learner.page.setViewportSize({ width, height });
      assert.deepEqual(await findings(learner.page), [], `${width} x ${height}`);
      const wider = await learner.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wider, 0, `the page is ${wider} px too wide at ${width} x ${height}`);
      await learner.page.screenshot({ path: `${SHOTS}/lesson-${theme}-${width}.png` });
    }
    await learner.page.setViewportSize({ width: 1280, height: 720 });
    for (const view of ["Logs", "Events", "YAML", "Timeline"]) {
      await learner.page.getByRole("tab", { name: view, exact: true }).click();
      await learner.page.getByRole("tabpanel", { name: view, exact: true }).filter({ hasText: /bad|why/ }).waitFor();
      assert.deepEqual(await findings(learner.page), [], view);
      await learner.page.screenshot({ path: `${SHOTS}/${view.toLowerCase()}-${theme}.png` });
    }
    assert.deepEqual(learner.complaints, []);
  });
}

test("every page flows into 320 px, which is also 1280 px at four times the size", async () => {
  const learner = await Learner.arrive(chromium, { viewport: { width: 320, height: 640 } });
  for (const path of ["/", "/lessons/glossary", "/lessons/probes", "/lessons/from-containers-to-pods", "/join", "/workshops", "/continue"]) {
    await learner.page.goto(`${process.env.PODYARD_URL}${path}`);
    if (path.startsWith("/lessons/")) await learner.connected();
    const wider = await learner.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wider, 0, `${path} is ${wider} px too wide`);
    assert.deepEqual(await findings(learner.page), [], path);
  }
  assert.deepEqual(learner.complaints, []);
});

test("a lesson by keyboard alone: run, apply, look, reset", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("The anatomy of a Pod manifest");
  await learner.page.locator(".cm-content").waitFor();
  const keys = learner.page.keyboard;
  const name = () => learner.page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim());
  const to = async (wanted, key = "Tab") => {
    for (let at = 0; at < 150; at++) {
      await keys.press(key);
      if ((await name()) === wanted) return;
    }
    assert.fail(`${wanted} is not reached by ${key}; the last was ${await name()}`);
  };
  await to("Apply");
  await to("Manifest");
  await keys.press("Control+Enter");
  await learner.seesPod("pythonapp", "Running");
  await keys.press("Escape");
  await to("Pods");
  await keys.press("ArrowRight");
  assert.equal(await learner.tab("Logs").getAttribute("aria-selected"), "true");
  await to("Command");
  await keys.type("kubectl delete pod pythonapp\n");
  await learner.says(learner.console, 'pod "pythonapp" deleted from default namespace');
  await to("Reset sandbox", "Shift+Tab");
  await keys.press("Enter");
  await learner.page.getByRole("dialog", { name: "Start with an empty cluster?" }).waitFor();
  assert.equal(await name(), "Keep it");
  await keys.press("Escape");
  assert.deepEqual(learner.complaints, []);
});

test("on a phone the steps are reached by keyboard, and the switch leads to the workbench and back", async () => {
  const learner = await Learner.arrive(chromium, { viewport: { width: 390, height: 844 } });
  await learner.open("From containers to Pods");
  const steps = learner.page.getByRole("navigation", { name: "Steps of this lesson" });
  await steps.getByRole("link").nth(3).focus();
  await learner.page.keyboard.press("Enter");
  const inView = (locator) => locator.evaluate((element) => new Promise((resolve) => {
    new IntersectionObserver(([entry], observer) => { if (entry.isIntersecting) { observer.disconnect(); resolve(true); } }).observe(element);
  }));
  assert.ok(await inView(learner.page.locator("section.step").nth(3)));
  await learner.says(steps.locator("[aria-current]"), "4");
  const to = learner.page.getByRole("navigation", { name: "Lesson or workbench" });
  await to.getByRole("link", { name: /^Workbench/ }).focus();
  await learner.page.keyboard.press("Enter");
  assert.ok(await inView(learner.page.locator("#workbench")));
  await learner.page.screenshot({ path: `${SHOTS}/phone-workbench.png` });
  await to.getByRole("link", { name: /^Lesson/ }).focus();
  await learner.page.keyboard.press("Enter");
  assert.ok(await inView(learner.page.locator("h1")));
  assert.deepEqual(learner.complaints, []);
});

test("the dividers move by keyboard and fold a side away", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  const divider = learner.page.getByRole("separator", { name: "Width of the lesson" });
  const width = () => learner.page.locator("#lesson").evaluate((lesson) => lesson.offsetWidth);
  const before = await width();
  await divider.focus();
  await divider.press("ArrowRight");
  assert.ok((await width()) > before);
  await divider.press("Home");
  assert.equal(await width(), 0);
  await learner.reload();
  assert.equal(await width(), 0, "the place is kept");
  await divider.focus();
  await divider.press("Enter");
  assert.equal(await width(), before);
});

test("the lesson prints as a document of its own", async () => {
  const learner = await Learner.arrive(chromium, { colorScheme: "dark" });
  await learner.open("From containers to Pods");
  await learner.page.emulateMedia({ media: "print" });
  for (const gone of [".top", ".work", ".steps", ".btn"]) assert.equal(await learner.page.locator(gone).first().isVisible(), false, gone);
  assert.equal(await learner.page.locator("h1").isVisible(), true);
  const ground = await learner.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(ground, "rgb(255, 255, 255)", "ink on paper, whatever the theme");
});
