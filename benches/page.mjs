// How quick the page stays under load, in Chromium: `make bench-page`. Says for each load how long keys take until their
// letters are painted, which tasks block, and how many frames come late.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Learner, browser } from "../tests/it/browser/learner.mjs";

const SECONDS = Number(process.env.PODYARD_BENCH_SECONDS ?? 5);
/** A frame at 60 Hz, in milliseconds. */
const FRAME = 1_000 / 60;
const COLUMNS = ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"];

/** Starts a server of its own, with a data directory of its own; gives its address and how to end it. */
async function serve(program) {
  const data = mkdtempSync(join(tmpdir(), "podyard-bench-"));
  const server = spawn(program, ["serve", "--listen", "127.0.0.1:0", "--content", "content", "--data", data], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const text of server.stdout) {
    const url = String(text).match(/http:\/\/[\d.:]+/)?.[0];
    if (!url) continue;
    return { url, end: () => new Promise((resolve) => server.once("exit", resolve) && server.kill()).then(() => rmSync(data, { recursive: true })) };
  }
  throw new Error("the server has ended before it was ready");
}

/** A lesson's page, and a way to say to it what a server might. */
async function page(chromium) {
  const learner = new Learner(await (await chromium.newContext({ viewport: { width: 1280, height: 720 } })).newPage());
  let socket;
  await learner.page.routeWebSocket("**/socket", (route) => {
    socket = route;
    const server = route.connectToServer();
    server.onMessage((text) => { if (!/^{"op":"(pods|log)"/.test(String(text))) route.send(text); });
  });
  await learner.page.goto(`${process.env.PODYARD_URL}/lessons/from-containers-to-pods`);
  await learner.connected();
  await learner.page.locator(".cm-content").waitFor();
  return { learner, say: (message) => socket.send(JSON.stringify(message)) };
}

/** Watches what the page does while `load` is given to it and somebody types. */
async function measure(name, chromium, prepare, load) {
  const { learner, say } = await page(chromium);
  await prepare(learner, say);
  await learner.command.focus();
  await learner.page.evaluate(() => {
    window.seen = { keys: [], tasks: [], frames: [] };
    let last = performance.now();
    const frame = (now) => { window.seen.frames.push(now - last); last = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
    new PerformanceObserver((list) => { for (const task of list.getEntries()) window.seen.tasks.push(task.duration); }).observe({ type: "longtask" });
    // From the key's press to the frame in which its letter stands.
    document.getElementById("cmd").addEventListener("keydown", (event) => {
      const pressed = event.timeStamp;
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.seen.keys.push(performance.now() - pressed);
        channel.port2.postMessage(0);
      });
    });
  });
  const until = Date.now() + SECONDS * 1_000;
  const loading = (async () => {
    for (let turn = 0; Date.now() < until; turn++) {
      load(say, turn);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  while (Date.now() < until) await learner.page.keyboard.press("x", { delay: 20 });
  await loading;
  const { keys, tasks, frames } = await learner.page.evaluate(() => window.seen);
  const late = frames.filter((time) => time > 2 * FRAME).length;
  console.log(`${name.padEnd(40)} keys ${row(keys)} · longest task ${Math.round(Math.max(0, ...tasks))} ms · blocked ${Math.round(tasks.reduce((sum, time) => sum + time, 0))} ms · ${late} of ${frames.length} frames late`);
  await learner.page.context().close();
}

function row(times) {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (part) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} p95 ${at(0.95)} max ${at(1)} ms (${times.length})`;
}

const server = process.env.PODYARD_URL ? undefined : await serve(process.argv[2] ?? "target/release/podyard");
process.env.PODYARD_URL ??= server.url;
const chromium = await browser();
let line = 0;
// 1,000 lines a second, in pieces as the server sends them.
const lines = () => Array.from({ length: 50 }, () => `2026-11-26T05:00:00.000000000Z line ${(line += 1)} of a log that never ends, as long as they usually are\n`).join("");
const log = (say, reset) => say({ op: "log", pod: "web", container: "web", containers: ["web"], reset, text: lines() });
const rows = (turn) => Array.from({ length: 200 }, (_, n) => ({ uid: `u${n}`, cells: [`pod-${n}`, "1/1", n % 3 ? "Running" : "CrashLoopBackOff", String(turn + n), "5s", `10.0.0.${n}`, "node", "<none>", "<none>"] }));
const pods = (say, turn) => say({ op: "pods", columns: COLUMNS, rows: rows(turn) });
const showLogs = (learner) => learner.tab("Logs").click();
const fill = (say) => { for (let n = 0; n < 100; n++) log(say, n === 0); };

await measure("nothing", chromium, async () => {}, () => {});
await measure("a log of 1,000 lines a second", chromium, async (learner, say) => { await showLogs(learner); fill(say); }, (say) => log(say, false));
await measure("the same in the console", chromium, async (_, say) => say({ op: "started", seq: 1_000_000, id: "flood", line: "kubectl logs -f web", terminal: false }), (say, turn) => say({ op: "output", seq: 1_000_001 + turn, id: "flood", stream: "stdout", text: lines() }));
await measure("200 Pods that all change, 20 times a second", chromium, async () => {}, (say, turn) => pods(say, turn));
await measure("all of it", chromium, async (learner, say) => { await showLogs(learner); say({ op: "started", seq: 1_000_000, id: "flood", line: "kubectl logs -f web", terminal: false }); }, (say, turn) => {
  log(say, false);
  pods(say, turn);
  say({ op: "output", seq: 1_000_001 + turn, id: "flood", stream: "stdout", text: lines() });
});
await chromium.close();
await server?.end();
