// The page in German: nothing in it is left in English but code and names. Somebody looks at everything in one language
// and then in the other; what is the same in both is untranslated, or is a name.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

/** Kubernetes' own words, which stay English, names, and words that German shares. */
const NAMES = [
  /^(Podyard|Pods?|YAML|Logs|Events|Code|Container|Editor|Image|Init|Manifest|Name|Sidecar|Status|Workshops?|Kubernetes|Ctrl\+C)$/,
  /^(Deutsch|English)$/,
  // Files, objects, addresses and what the cluster says of them.
  /\.yaml$/, /^(Pod|ConfigMap|Node|Service|ServiceAccount|Secret|Event)[ /]\S+$/, /^https?:/, /^(kubectl|\d|v\d)/,
  /^(pod|service|configmap)\/\S+( created)?$/, /^No resources found in default namespace\.$/, /^Successfully /,
  /^(bad|box|busybox|app|0s|node|why|exit|Terminal)\b/, /^(Pending|Running|Completed|Error|CrashLoopBackOff|Terminating|ContainerCreating|BackOff|Scheduled|Pulling|Pulled|Created|Started)\b/,
  // What lessons are called, and what they look for in objects.
  /^(Jobs|Pod \S+ phase: \w+|KX4-7PM-QRT)$/,
];

/** All that is said on the page, to the eye or the ear, except code, what programs write, and tables of the cluster's words. */
function said(page) {
  return page.evaluate(() => {
    const words = new Set();
    const skipped = "script, style, code, pre, samp, kbd, textarea, td, th, svg text, .tl-detail dd, .cm-scroller, .log .entry, .xterm, .frame, output, [data-words]";
    const add = (text) => { const plain = text?.trim().replace(/\s+/g, " "); if (plain && /[a-z]{2}/i.test(plain)) words.add(plain); };
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) if (!node.parentElement.closest(skipped)) add(node.data);
    for (const element of document.querySelectorAll("*")) {
      for (const name of ["aria-label", "title", "placeholder", "alt"]) if (!element.closest(".cm-scroller, .xterm")) add(element.getAttribute(name));
    }
    return [...words];
  });
}

/** Goes everywhere; gives what is said there, by place. Nothing is found by its words, which differ. */
async function tour(locale) {
  const learner = await Learner.arrive(chromium, { locale });
  const { page } = learner;
  const places = new Map();
  const look = async (place) => places.set(place, await said(page));
  const go = async (path, place = path) => {
    await page.goto(`${process.env.PODYARD_URL}${path}`);
    await look(place);
  };
  const tab = (id) => page.locator(`#t-${id}`).click();
  const see = (text) => page.locator("#workbench").filter({ hasText: text }).first().waitFor();
  await look("the catalogue");
  for (const path of ["/join", "/workshops", "/continue", "/nowhere", "/lessons/nowhere"]) await go(path);
  await page.goto(`${process.env.PODYARD_URL}/lessons/from-containers-to-pods`);
  await page.locator(".cm-content").waitFor();
  await page.locator("#connection[data-tone=ok]").waitFor();
  await look("a lesson");
  learner.command = page.locator("#cmd");
  await learner.type("kubectl run bad --image=busybox -- sh -c 'echo why; exit 2'");
  await page.locator("#v-pods button", { hasText: "CrashLoopBackOff" }).waitFor();
  await page.locator("#v-pods button", { hasText: "CrashLoopBackOff" }).click();
  await page.locator(".explain details summary").first().click();
  await page.locator(".explain").filter({ hasText: "why" }).waitFor();
  await look("an explanation");
  await tab("logs");
  await see("why");
  await look("Logs");
  await tab("events");
  await see("BackOff");
  await look("Events");
  await tab("yaml");
  await see("kind: Pod");
  await look("YAML");
  await tab("timeline");
  await page.locator(".tl").first().waitFor();
  await look("Timeline");
  await page.locator("#dry-run").click();
  await page.locator("#diff:not([hidden])").waitFor();
  await look("Dry-run");
  await page.keyboard.press("Escape");
  const block = page.locator("[data-command]").first();
  await block.locator(".run").click();
  await block.locator(".ran:not([hidden])").filter({ hasText: /\d ms/ }).waitFor();
  await learner.type("kubectl get nothing");
  await page.locator(".log .entry").last().filter({ hasText: "1" }).waitFor();
  await look("commands");
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+f");
  await page.locator(".cm-search").waitFor();
  await look("the editor's search");
  await page.locator("#reset").click();
  await page.locator("dialog[open]").waitFor();
  await look("Reset sandbox");
  await page.keyboard.press("Escape");
  await learner.type("kubectl run box --image=busybox --restart=Never -it --rm -- sh");
  await page.locator(".screen-bar").waitFor();
  await look("a terminal");
  return places;
}

test("nothing on the German page is English but code and names", async () => {
  const english = await tour("en-US");
  const german = await tour("de-AT");
  const both = [...german].flatMap(([place, words]) => words.filter((text) => english.get(place).includes(text) && !NAMES.some((name) => name.test(text))).map((text) => `${place}: ${text}`));
  assert.deepEqual(both, []);
  for (const [place, words] of german) assert.ok(words.length > 5, `${place} says little: ${words}`);
});
