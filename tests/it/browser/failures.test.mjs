// Failures explained in place, each on a Pod that really fails so: what it means, the evidence, the next command.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

const pod = (name, spec) => ({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { terminationGracePeriodSeconds: 1, ...spec } });
const container = (script, more = {}) => ({ name: "app", image: "busybox", imagePullPolicy: "IfNotPresent", command: ["sh", "-c", script], ...more });
/** Ends with an exit code, and is left as it is. */
const ends = (code, script = `echo last words of ${code}; exit ${code}`) => pod(`ends-${code}`, { restartPolicy: "Never", containers: [container(script)] });

/** Each Pod, the status that is pressed, what the explanation begins with, and the evidence that it has. */
const CASES = [
  [pod("crashes", { containers: [container("echo GREETING is not set; exit 1")] }), /CrashLoopBackOff/, /^CrashLoopBackOff: the container ends again and again/, ["exit code", "1", "GREETING is not set"]],
  [pod("typo", { containers: [container("true", { image: "nowhere.example/nothing:1" })] }), /ImagePullBackOff|ErrImagePull/, /^(ImagePullBackOff|ErrImagePull): the image doesn’t come/, ["nowhere.example/nothing:1", "Failed to pull image"]],
  [pod("never", { containers: [container("true", { image: "nothing:1", imagePullPolicy: "Never" })] }), /ErrImageNeverPull/, /^ErrImageNeverPull: /, ["nothing:1", "is not present"]],
  [pod("refers", { containers: [container("true", { envFrom: [{ configMapRef: { name: "colours" } }] })] }), /CreateContainerConfigError/, /^CreateContainerConfigError: /, ['configmap "colours" not found']],
  [pod("hungry", { restartPolicy: "Never", containers: [container("dd if=/dev/zero of=/dev/null bs=200M count=1", { resources: { limits: { memory: "32Mi" } } })] }), /OOMKilled/, /^OOMKilled: /, ["memory limit", "32Mi", "137"]],
  [pod("large", { containers: [container("true", { resources: { requests: { cpu: "1000" } } })] }), /Pending/, /^Pending: no node can take it/, ["Insufficient cpu"]],
  [pod("waits", { initContainers: [{ ...container("echo is the database up?; sleep 3600"), name: "first" }, { ...container("true"), name: "second" }], containers: [container("true")] }), /Init:0\/2/, /^Init:0\/2: 0 of 2 init containers are done/, ["first", "is the database up?"]],
  [ends(1), /Error/, /^Error: it ended, and not well/, ["exit code", "last words of 1"]],
  [ends(126), /Error/, /^Error: /, ["126"]],
  [ends(127, "kubctl get pods"), /Error/, /^Error: /, ["127", "kubctl: not found"]],
  [ends(137), /Error/, /^Error: /, ["137"]],
  [ends(139), /Error/, /^Error: /, ["139"]],
  [ends(143), /Error/, /^Error: /, ["143"]],
];

test("each failure says what it means, shows its evidence, and offers the next command, a hint and an answer", async (t) => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  const list = { apiVersion: "v1", kind: "List", items: CASES.map(([object]) => object) };
  await learner.command.fill(`kubectl apply -f - <<'EOF'\n${JSON.stringify(list)}\nEOF`);
  await learner.command.press("Enter");
  for (const [{ metadata }, status, title, evidence] of CASES) {
    await t.test(metadata.name, async () => {
      const row = learner.page.getByRole("row").filter({ has: learner.page.getByRole("button", { name: metadata.name, exact: true }) });
      await row.filter({ hasText: status }).waitFor();
      await row.getByRole("button", { name: /, explain$/ }).click();
      const why = learner.page.getByRole("region", { name: title });
      for (const fact of evidence) await learner.says(why, fact);
      const next = await why.locator(".next code").innerText();
      assert.match(next, /^kubectl /);
      await why.getByText("Hint", { exact: true }).click();
      await why.getByText("Answer", { exact: true }).waitFor();
      await why.getByRole("button", { name: "Run" }).click();
      await learner.says(learner.console.locator(".in").last(), next);
      await why.getByRole("button", { name: "Close explanation" }).click();
    });
  }
  assert.deepEqual(learner.complaints, []);
});
