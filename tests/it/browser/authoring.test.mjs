// An author writes, and looks at the page.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

const FILE = join(process.env.PODYARD_CONTENT, "page.md");
const words = (count) => Array.from({ length: count }, (_, at) => `Paragraph ${at}, which goes on for a while so that there is something to scroll past.`).join("\n\n");
const page = (first, here) => `# A page\n\n${first}\n\n## One\n\n${words(30)}\n\n## Two\n\n${here}\n\n${words(30)}\n`;

test("the open page follows what is saved, and the reader keeps their place", async () => {
  writeFileSync(FILE, page("Short.", "It says something."));
  const learner = await Learner.arrive(chromium);
  await learner.open("A page");
  // The first text may still be on its way.
  await learner.page.getByText("It says something.").waitFor();
  await learner.connected();
  const mark = learner.page.getByRole("heading", { name: "Two" });
  const top = () => mark.evaluate((heading) => heading.getBoundingClientRect().top);
  await learner.page.evaluate(() => { document.getElementById("lesson").scrollTop = document.getElementById("two").offsetTop - 40; });
  const before = await top();
  writeFileSync(FILE, page(words(12), "It says something else now."));
  await learner.page.getByText("It says something else now.").waitFor();
  await learner.connected();
  assert.ok(Math.abs((await top()) - before) < 3, `the heading stood at ${before} and stands at ${await top()}`);

  writeFileSync(FILE, page("Short again.", "```bash\nkubectl get pods"));
  await learner.block("kubectl get pods").waitFor();
  await learner.run(learner.block("kubectl get pods"));
  assert.deepEqual(learner.complaints, []);
});

test("what the lesson shows after exec -it is typed into that shell, across blocks", async () => {
  const shell = "## S\n\n```bash\nkubectl run box --image=busybox --restart=Never -- sleep 3600\n```\n\n```bash\nkubectl exec -it box -- sh\n```\n\nIn the shell:\n\n```bash\ncd /tmp\n```\n\n```bash\necho it is in $PWD\n```\n\n```bash\nexit\n```\n";
  writeFileSync(join(process.env.PODYARD_CONTENT, "shell.md"), `# A shell\n\n${shell}`);
  const learner = await Learner.arrive(chromium);
  await learner.page.waitForFunction(async () => (await fetch("/lessons/shell")).ok);
  await learner.page.goto(`${process.env.PODYARD_URL}/lessons/shell`);
  await learner.connected();
  const typed = (line) => learner.page.locator(`[data-typed=${JSON.stringify(line)}]`);
  await learner.start(typed("cd /tmp"));
  await learner.says(typed("cd /tmp"), "No shell is open");
  await learner.run(learner.blocks().first());
  await learner.seesPod("box", "Running");
  await learner.start(learner.block("kubectl exec -it box -- sh"));
  await learner.says(learner.page.locator(".xterm-rows"), "/ #");
  await learner.start(typed("cd /tmp"));
  await learner.start(typed("echo it is in $PWD"));
  await learner.says(learner.page.locator(".xterm-rows"), "it is in /tmp");
  await learner.start(typed("exit"));
  await learner.page.locator(".xterm-rows").waitFor({ state: "detached" });
  await learner.says(learner.console, "it is in /tmp");
  assert.deepEqual(learner.complaints, []);
});
