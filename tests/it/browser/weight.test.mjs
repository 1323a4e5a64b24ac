// Budgets: what a lesson's page weighs, and how it stays quick under load.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

const KB = 1024;
const LESSON = `${process.env.PODYARD_URL}/lessons/from-containers-to-pods`;

/** Notes what a page loads, in bytes as sent, by path. */
function scales(page) {
  const weights = new Map();
  const foreign = [];
  const sizes = [];
  page.on("requestfinished", (request) => {
    const address = new URL(request.url());
    if (address.origin !== process.env.PODYARD_URL) foreign.push(request.url());
    sizes.push(request.sizes().then(({ responseBodySize }) => weights.set(address.pathname, responseBodySize)));
  });
  const read = async () => {
    await Promise.all(sizes);
    const loaded = [...weights].filter(([path]) => path.startsWith("/static/") || path.startsWith("/lessons/"));
    const editor = (path) => /chunks\/(codemirror|screen)/.test(path);
    const sum = (list) => list.reduce((total, [, size]) => total + size, 0);
    const told = loaded.map(([path, size]) => `${size} ${path}`).join("\n");
    return { requests: loaded.length, early: sum(loaded.filter(([path]) => !editor(path))), all: sum(loaded), edits: loaded.some(([path]) => editor(path)), told };
  };
  return { read, foreign };
}

test("a lesson weighs under 60 kB without editor and 300 kB with everything, and asks nobody else", async () => {
  const context = await chromium.newContext();
  const learner = new Learner(await context.newPage());
  const { read, foreign } = scales(learner.page);
  await learner.page.goto(LESSON);
  await learner.connected();
  await learner.page.locator(".cm-content").waitFor();
  const opened = await read();
  await learner.type("kubectl run box --image=busybox --restart=Never -it --rm -- sh");
  await learner.says(learner.page.locator(".xterm-rows"), "/ #");
  await learner.tab("Timeline").click();
  await learner.says(learner.page.getByRole("tabpanel", { name: "Timeline" }), "box");
  const used = await read();
  console.log(`without editor ${(opened.early / KB).toFixed(1)} kB, in all ${(used.all / KB).toFixed(1)} kB\n${used.told}`);
  assert.ok(opened.edits, opened.told);
  assert.ok(opened.early < 60 * KB, `${opened.early} bytes without editor:\n${opened.told}`);
  assert.ok(opened.requests <= 20, `${opened.requests} requests:\n${opened.told}`);
  assert.ok(used.all < 300 * KB, `${used.all} bytes in all:\n${used.told}`);
  assert.deepEqual(foreign, []);
});

test("scripts and styles come as small as they can be made", async () => {
  const context = await chromium.newContext();
  const page = await context.newPage();
  const packed = new Map();
  page.on("response", async (response) => packed.set(new URL(response.url()).pathname, await response.headerValue("content-encoding")));
  await page.goto(LESSON);
  await page.locator(".cm-content").waitFor();
  for (const path of ["/static/site/podyard.css", "/static/vendor/lesson.js"]) assert.match(packed.get(path), /^(br|gzip)$/, path);
  const css = await (await context.request.get(`${process.env.PODYARD_URL}/static/site/podyard.css`)).text();
  assert.ok(!css.includes("/*"), "the styles are sent with their comments");
});

test("nor is it heavier in German", async () => {
  const context = await chromium.newContext({ locale: "de-AT" });
  const page = await context.newPage();
  const { read } = scales(page);
  await page.goto(LESSON);
  await page.locator(".cm-content").waitFor();
  const opened = await read();
  console.log(`in German ${(opened.early / KB).toFixed(1)} kB without editor`);
  assert.ok(opened.early < 60 * KB, `${opened.early} bytes without editor:\n${opened.told}`);
});

test("the lesson can be read before any script has come", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.page.route("**/*.js*", () => {});
  await learner.page.goto(LESSON, { waitUntil: "commit" });
  await learner.page.getByRole("heading", { level: 1, name: "From containers to Pods" }).waitFor();
  await learner.says(learner.page.locator("#manifest"), "apiVersion");
});

test("on slow 3G the text is there first, and the workbench follows", async () => {
  const context = await chromium.newContext();
  const learner = new Learner(await context.newPage());
  const devtools = await context.newCDPSession(learner.page);
  await devtools.send("Network.emulateNetworkConditions", { offline: false, latency: 400, downloadThroughput: 50 * KB, uploadThroughput: 50 * KB });
  await learner.page.goto(LESSON, { waitUntil: "commit" });
  await learner.page.getByRole("heading", { level: 1, name: "From containers to Pods" }).waitFor();
  assert.equal(await learner.page.locator(".cm-content").count(), 0, "the text does not wait for the editor");
  await learner.connected();
  await learner.page.locator(".cm-content").waitFor();
  const shift = await learner.page.evaluate(() => new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value; }).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => setTimeout(() => resolve(sum)));
  }));
  assert.ok(shift < 0.05, `the layout shifted by ${shift}`);
});

test("cut off and back: what is shown stays, what was typed meanwhile is kept, a command runs once", async () => {
  const context = await chromium.newContext({ viewport: { width: 1280, height: 720 } });
  const learner = new Learner(await context.newPage());
  const sockets = [];
  let away = false;
  await learner.page.routeWebSocket("**/socket", (socket) => {
    if (away) return socket.close();
    socket.connectToServer();
    sockets.push(socket);
  });
  await learner.page.goto(LESSON);
  await learner.connected();
  await learner.type("kubectl run stays --image=busybox --restart=Never -- sleep 3600");
  await learner.seesPod("stays", "Running");
  await learner.page.locator(".cm-content").waitFor();
  const file = await learner.page.locator(".tab.file[aria-selected=true]").getAttribute("data-name");
  away = true;
  for (const socket of sockets) await socket.close();
  await learner.says(learner.page.getByRole("status"), "Reconnecting");
  await learner.write("# written while away\n");
  await learner.type(`cat ${file}`);
  await learner.says(learner.console, "will run once connected");
  await learner.seesPod("stays", "Running");
  away = false;
  await learner.connected();
  await learner.says(learner.console.locator(".o"), "# written while away");
  assert.equal((await learner.console.innerText()).split("# written while away").length, 2, "once");
  await learner.reload();
  await learner.says(learner.manifest, "# written while away");
});

test("a table of 200 changing Pods keeps its rows, and shows the newest state of each", async () => {
  const context = await chromium.newContext();
  const learner = new Learner(await context.newPage());
  let page;
  await learner.page.routeWebSocket("**/socket", (socket) => {
    page = socket;
    const server = socket.connectToServer();
    // The cluster's own empty table would take the place of ours.
    server.onMessage((text) => { if (!String(text).startsWith('{"op":"pods"')) socket.send(text); });
  });
  await learner.page.goto(LESSON);
  await learner.connected();
  const columns = ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"];
  const rows = (turn) => Array.from({ length: 200 }, (_, n) => ({ uid: `u${n}`, cells: [`pod-${n}`, "1/1", "Running", String(turn + n), "5s", `10.0.0.${n}`, "node", "<none>", "<none>"] }));
  const send = (turn) => page.send(JSON.stringify({ op: "pods", columns, rows: rows(turn) }));
  send(0);
  const row = learner.page.getByRole("row").filter({ hasText: "pod-199" });
  await row.waitFor();
  await row.evaluate((element) => { element.kept = true; });
  await learner.page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => { for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration); }).observe({ type: "longtask" });
  });
  for (let turn = 1; turn <= 50; turn++) {
    send(turn);
    await learner.page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await learner.says(row, "249");
  assert.equal(await row.evaluate((element) => element.kept), true, "a row keeps its place in the page while its cells change");
  console.log(`the longest task while 200 rows changed 50 times: ${await learner.page.evaluate(() => window.longest)} ms`);
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
