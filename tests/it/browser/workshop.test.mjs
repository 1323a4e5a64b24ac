// A workshop, held: one instructor, five learners, each in a browser of their own.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { findings } from "./axe.mjs";
import { Learner, browser } from "./learner.mjs";

/** On another database, only what it has to do with: fewer learners, and no page is looked at for its own sake. */
const SHORT = process.env.PODYARD_SHORT === "1";
const NAMES = ["Mira Petrova", "Tariq Aziz", "Uma Krishnan", "Jan Novak", "Lea Brandt"].slice(0, SHORT ? 3 : 5);

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

/** An instructor who has signed in and stands before the wall of a new workshop. */
async function instructor() {
  const ada = await Learner.arrive(chromium, { viewport: { width: 1920, height: 1080 } }, "/workshops");
  const { page } = ada;
  assert.deepEqual(await findings(page), [], "signing in");
  await page.getByLabel("Name").fill("ada");
  await page.getByLabel("Password").fill("correct-horse");
  await ada.button("Sign in").click();
  await page.getByRole("link", { name: "New workshop" }).waitFor();
  assert.deepEqual(await findings(page), [], "the list");
  await page.getByRole("link", { name: "New workshop" }).click();
  await page.getByLabel("Title").fill("Platform team");
  assert.deepEqual(await findings(page), [], "a new workshop");
  await ada.button("Make the workshop").click();
  await page.waitForURL(/workshops\/[0-9a-f]+/);
  await page.getByText("Nobody has joined yet").waitFor();
  return ada;
}

/** Somebody joins by the code and their name. */
async function join(code, name) {
  const learner = await Learner.arrive(chromium, {}, `/join/${code}`);
  if (name === NAMES[0]) assert.deepEqual(await findings(learner.page), [], "joining");
  await learner.page.getByLabel("Your name").fill(name);
  await learner.button("Join").click();
  await learner.page.waitForURL(/lessons/);
  await learner.connected();
  return learner;
}

test(`a workshop with ${NAMES.length} learners, from the code to the results`, async (t) => {
  const ada = await instructor();
  const { page } = ada;
  const code = await page.locator("#code").innerText();
  const learners = [];
  for (const name of NAMES) learners.push(await join(code, name));
  const [mira, tariq, uma] = learners;
  const bar = (learner) => learner.page.getByRole("region", { name: "Workshop" });
  const hands = page.getByRole("region", { name: "Raised hands" });

  await t.test("the wall has a row for each, and says where they are", async () => {
    for (const name of NAMES) await page.locator("#rows").getByRole("button", { name }).waitFor();
    await ada.says(page.getByRole("status"), `${NAMES.length} of ${NAMES.length} connected`);
    await tariq.run(tariq.blocks().first());
    await page.getByRole("row").filter({ hasText: "Tariq" }).filter({ hasText: "min, here" }).waitFor();
    assert.deepEqual(await findings(page), [], "the wall");
  });

  await t.test("a raised hand stands in the queue with its question, until it is lowered", async () => {
    await mira.page.getByLabel(/question/i).fill("It says not found, but I copied it?");
    await mira.button("Raise hand").click();
    await hands.getByRole("listitem").filter({ hasText: "Mira Petrova" }).filter({ hasText: "It says not found, but I copied it?" }).waitFor();
    await hands.getByRole("button", { name: "Lower" }).click();
    await mira.button("Raise hand").waitFor();
    await hands.getByRole("listitem").waitFor({ state: "detached" });
  });

  await t.test("who makes the same error three times is stuck, in words", async () => {
    for (let times = 1; times <= 3; times++) {
      await mira.type("kubectl get pod nothere");
      await mira.console.getByText('pods "nothere" not found').nth(times - 1).waitFor();
    }
    const stuck = page.getByRole("region", { name: "Stuck" }).getByRole("listitem").filter({ hasText: "Mira Petrova" });
    await stuck.filter({ hasText: 'pods "nothere" not found' }).waitFor();
  });

  await t.test("the instructor looks and types only where the learner allows it, and it says whose hands it were", async () => {
    await page.locator("#rows").getByRole("button", { name: "Mira" }).click();
    const peer = page.getByRole("region", { name: "Mira Petrova’s page" });
    const log = peer.getByRole("log", { name: "Console" });
    await ada.says(peer, "has not allowed you to look");
    assert.equal(await log.innerText(), "");
    await ada.button("Ask to look").click();
    await ada.says(bar(mira), "ada asks to see your files, console and Pods.");
    await mira.button("Allow").click();
    await ada.says(log, "kubectl get pod nothere");
    await ada.says(bar(mira), "ada is looking");
    const line = page.getByLabel("Type into Mira Petrova’s console");
    assert.equal(await line.isVisible(), false, "looking is not typing");
    await ada.button("Ask to type").click();
    await ada.says(bar(mira), "ada asks to type in your console.");
    await mira.button("Allow").click();
    await line.fill("kubectl get pods -A");
    await mira.says(mira.page.getByRole("status"), "ada types: kubectl get pods -A");
    await line.press("Enter");
    await mira.says(mira.console, "kubectl get pods -A ada typed this");
    await mira.button("Stop sharing").click();
    await ada.says(peer, "has not allowed you to look");
    await page.getByRole("button", { name: "Close Mira Petrova’s page" }).click();
  });

  await t.test("a message with a command reaches everybody, and the command runs", async () => {
    await page.getByRole("textbox", { name: "Message" }).fill("Look at line 3: the name differs.");
    await ada.button("Attach command").click();
    await page.getByLabel("Command, with a Run button").fill("kubectl get pods --all-namespaces");
    await ada.button("Send").click();
    for (const learner of learners) await learner.page.getByText("Look at line 3: the name differs.").waitFor();
    await uma.page.getByRole("region", { name: "Messages from your instructor" }).getByRole("button", { name: "Run" }).click();
    await uma.says(uma.console, "kubectl get pods --all-namespaces");
  });

  await t.test("a hold greys what lies beyond it, and its commands are refused in words however they are given", async () => {
    await ada.button("Hold").click();
    const beyond = uma.page.locator("section.step.beyond");
    await beyond.first().waitFor();
    assert.equal(await uma.page.locator("section.step").first().evaluate((step) => step.inert), false);
    const command = await beyond.locator("[data-command]").first().getAttribute("data-command");
    await uma.type(command);
    await uma.says(uma.page.locator("body"), "This comes later: everybody waits at the end of");
    await ada.button("Release").click();
    await uma.page.locator("section.step.beyond").first().waitFor({ state: "detached" });
  });

  await t.test("a pause refuses commands, in words", { skip: SHORT }, async () => {
    await ada.button("Pause all").click();
    await tariq.says(bar(tariq), "ada has paused the workshop.");
    await tariq.type("kubectl get nodes");
    await tariq.page.getByText("The instructor has paused the workshop. It goes on in a moment.").first().waitFor();
    await ada.button("Go on").click();
    await bar(tariq).filter({ hasText: "paused" }).waitFor({ state: "detached" });
  });

  await t.test("on a phone only the wall itself scrolls sideways", async () => {
    const before = page.viewportSize();
    await page.setViewportSize({ width: 390, height: 844 });
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wider, 0, `the page is ${wider} px too wide`);
    await page.setViewportSize(before);
  });

  await t.test("names can be hidden", { skip: SHORT }, async () => {
    await ada.button("Hide names").click();
    await page.locator("#rows").getByRole("button", { name: "Learner 1" }).waitFor();
    for (const name of NAMES) assert.equal((await page.locator("#room").innerText()).includes(name), false, name);
  });

  await t.test("the results are a table", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export CSV" }).click()]);
    const [head, ...rows] = readFileSync(await download.path(), "utf8").trim().split(/\r?\n/);
    assert.match(head, /learner.*name.*lesson.*step/);
    for (const name of NAMES) assert.ok(rows.some((row) => row.includes(name)), name);
  });

  await t.test("who has themselves deleted is gone from the wall at once", async () => {
    const lea = learners.pop();
    await lea.page.evaluate(() => fetch("/me/delete", { method: "POST" }));
    await page.locator("#rows").getByRole("row").nth(learners.length).waitFor({ state: "detached" });
    await ada.says(page.getByRole("status"), `${learners.length} of ${learners.length} connected`);
  });

  await t.test("everything the instructor did can be read, with whom it was done to", async () => {
    await page.getByRole("link", { name: "What was done" }).click();
    const did = (...words) => words.reduce((rows, word) => rows.filter({ hasText: word }), page.getByRole("row")).first().waitFor();
    await did("made the workshop", "Platform team");
    await did("lowered the hand of", "Mira Petrova");
    await did("typed in the console of", "Mira Petrova", "kubectl get pods -A");
    await did("sent a command to", "everybody");
    await did("held everybody at");
    await did("took the results along as", "CSV");
    assert.deepEqual(await findings(page), [], "what was done");
  });

  for (const someone of [ada, ...learners]) assert.deepEqual(someone.complaints, []);
});
