import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Learner, browser } from "./learner.mjs";

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

const panel = (learner, name) => learner.page.getByRole("tabpanel", { name, exact: true });

test("Dry-run shows what Apply would change, and Delete deletes", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("The anatomy of a Pod manifest");
  await learner.button("Dry-run").click();
  const diff = learner.page.getByRole("region", { name: "Pod pythonapp" });
  await learner.says(diff, "+ kind: Pod");
  await learner.page.keyboard.press("Escape");
  await diff.waitFor({ state: "hidden" });
  await learner.seesNoPods();
  await learner.apply.click();
  await learner.seesPod("pythonapp", "Running");
  await learner.button("Dry-run").click();
  await learner.says(learner.page.getByRole("region", { name: "Editor" }), "Apply would change nothing");
  await learner.button("Delete").click();
  await learner.says(learner.console, 'pod "pythonapp" deleted from default namespace');
  await learner.seesNoPods();
  assert.deepEqual(learner.complaints, []);
});

test("a crash is explained with its own evidence, and its next command runs", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl run bad --image=busybox -- sh -c 'echo GREETING is not set; exit 2'");
  await learner.seesPod("bad", "CrashLoopBackOff");
  await learner.page.getByRole("button", { name: "CrashLoopBackOff, explain" }).click();
  const why = learner.page.getByRole("region", { name: "CrashLoopBackOff: the container ends again and again" });
  await learner.says(why, "GREETING is not set");
  assert.equal(await why.getByText("Answer", { exact: true }).isVisible(), false, "the answer waits for the hint");
  await why.getByText("Hint", { exact: true }).click();
  await why.getByText("Answer", { exact: true }).waitFor();
  await why.getByRole("button", { name: "Run" }).click();
  await learner.says(learner.console, "kubectl logs bad --previous");
  await learner.says(learner.console.locator(".o"), "GREETING is not set");
  assert.deepEqual(learner.complaints, []);
});

test("logs of the run before, with times, searched", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl run bad --image=busybox -- sh -c 'echo one; echo two; exit 1'");
  await learner.seesPod("bad", "CrashLoopBackOff");
  await learner.tab("Logs").click();
  const logs = panel(learner, "Logs");
  await learner.says(logs, "two");
  await logs.getByRole("checkbox", { name: "Times" }).check();
  await logs.getByText(/^\d{4}-\d\d-\d\dT[\d:.]+Z one/m).first().waitFor();
  await logs.getByRole("searchbox", { name: "Search" }).fill("TWO");
  await logs.getByText(/^\d+ lines$/).waitFor();
  await logs.locator("mark").first().waitFor();
  assert.ok(!(await logs.locator("pre").innerText()).includes("one"));
  await logs.getByRole("checkbox", { name: "Previous run" }).check();
  await learner.says(logs.locator("pre"), "two");
  assert.deepEqual(learner.complaints, []);
});

test("the YAML of an object, with what has just changed marked", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl create configmap colours --from-literal=sky=blue");
  await learner.says(learner.console, "configmap/colours created");
  await learner.page.getByRole("tab", { name: "YAML", exact: true }).click();
  const yaml = panel(learner, "YAML");
  await yaml.getByRole("combobox", { name: "Object" }).selectOption("ConfigMap/colours");
  await learner.says(yaml, "sky: blue");
  await learner.type("kubectl patch configmap colours -p '{\"data\":{\"sky\":\"grey\"}}'");
  await learner.says(yaml.locator(".lit"), "sky: grey");
  assert.deepEqual(learner.complaints, []);
});

test("the Timeline looks back", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl run bad --image=busybox -- sh -c 'echo words of a run; sleep 2; exit 1'");
  await learner.seesPod("bad", "CrashLoopBackOff");
  await learner.tab("Timeline").click();
  const timeline = panel(learner, "Timeline");
  await learner.says(timeline, "BackOff");
  // A run opens what it wrote last.
  await timeline.getByRole("button", { name: /exit code 1|ran .* 1/ }).first().click();
  await learner.says(timeline, "words of a run");
  const slider = timeline.getByRole("slider", { name: "Look back" });
  await slider.fill("100");
  await timeline.getByText(/^After 0s: /).waitFor();
  await timeline.filter({ hasNotText: "Back-off restarting failed container" }).waitFor();
  await timeline.getByText("The object then").click();
  await learner.says(timeline, "kind: Pod");
  await timeline.getByRole("button", { name: "Live" }).click();
  await learner.says(timeline, "Back-off restarting failed container");
  assert.deepEqual(learner.complaints, []);
});

test("the editor knows the cluster's fields: it marks what is wrong, offers what was meant, and explains", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.seesNoPods();
  await learner.write("apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  restartPolicy: Never\n  containers:\n  - name: a\n    imag: busybox\n    resources:\n      limits:\n        memory: 64MB\n");
  const editor = learner.page.getByRole("region", { name: "Editor" });
  await learner.says(editor, 'unknown field "spec.containers[0].imag"');
  await learner.says(editor, "and 1 more");
  await learner.page.keyboard.press("Control+Shift+M");
  await learner.page.getByRole("button", { name: "Change to image" }).first().click();
  await learner.says(learner.manifest, "image: busybox");
  await learner.says(editor, "quantities must match the regular expression");
  await learner.page.locator(".cm-line .y-key", { hasText: "restartPolicy" }).hover();
  await learner.says(learner.page.locator(".about-field"), "restart");
  assert.deepEqual(learner.complaints, []);
});

test("the editor offers values, and the names of what there is", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl create configmap colours --from-literal=sky=blue");
  await learner.says(learner.console, "configmap/colours created");
  const pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  volumes:\n  - name: shared\n    emptyDir: {}\n  containers:\n  - name: a\n    image: busybox\n";
  const offered = learner.page.getByRole("listbox", { name: "Completions" });
  const completes = async (before, word, whole) => {
    await learner.write(pod + before);
    // Completion begins with the cluster's schemas, which come once the editor has the focus.
    await learner.page.keyboard.press("Control+Space");
    await offered.getByRole("option", { name: word }).first().waitFor();
    await offered.getByRole("option", { name: word }).first().click();
    await learner.says(learner.manifest, whole);
  };
  await completes("    imagePullPolicy: ", "IfNotPresent", "imagePullPolicy: IfNotPresent");
  await completes("    envFrom:\n    - configMapRef:\n        name: ", "colours", "name: colours");
  await completes("    volumeMounts:\n    - name: ", "shared", /volumeMounts:\s*- name: shared/);
  await completes("    livenessP", "livenessProbe", "livenessProbe:");
  assert.deepEqual(learner.complaints, []);
});

test("a port of a Service is shown beside the lesson, as a stranger to our page", async () => {
  const learner = await Learner.arrive(chromium);
  await learner.open("From containers to Pods");
  await learner.type("kubectl run web --image=nginx --port=80");
  await learner.seesPod("web", "Running");
  await learner.type("kubectl expose pod web --port=8080 --target-port=80");
  await learner.says(learner.console, "service/web exposed");
  await learner.type("kubectl port-forward service/web 9090:8080");
  await learner.says(learner.console, "Forwarding from 127.0.0.1:9090 -> 80");
  const frame = learner.page.frameLocator("iframe");
  await frame.getByRole("heading").first().waitFor();
  const sandbox = await learner.page.locator("iframe").getAttribute("sandbox");
  assert.ok(!sandbox.includes("allow-same-origin"), sandbox);
  await learner.command.press("Control+c");
  await learner.page.locator("iframe").waitFor({ state: "detached" });
});
