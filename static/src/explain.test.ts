import assert from "node:assert/strict";
import { test } from "node:test";
import { exitMeaning, explain, type Pod, type Seen, speaker } from "./explain";
import { unhealthy } from "./health";

function seen(status: string, more: Partial<Seen> = {}): Seen {
  return { name: "web", status, ready: "0/1", restarts: "0", events: [], ...more };
}

function ended(exitCode: number, reason = "Error"): Pod {
  return { status: { containerStatuses: [{ name: "app", lastState: { terminated: { exitCode, reason } } }] } };
}

test("a healthy Pod needs no explanation", () => {
  assert.equal(explain(seen("Running", { ready: "1/1" })), undefined);
  assert.equal(explain(seen("Completed")), undefined);
  assert.equal(unhealthy({ status: "Running", ready: "1/2" }), true);
});

test("each state has its own title and a command that goes on", () => {
  const states = ["Terminating", "OOMKilled", "CrashLoopBackOff", "Init:CrashLoopBackOff", "ErrImageNeverPull", "InvalidImageName", "ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError", "RunContainerError", "StartError", "ContainerCreating", "Init:0/2", "Init:Error", "Error"];
  for (const state of states) {
    const found = explain(seen(state));
    assert.ok(found?.title.startsWith(state), `${state}: ${found?.title}`);
    assert.ok(found.next.line.startsWith("kubectl "), state);
    assert.doesNotMatch(found.title, /no rule/);
  }
});

test("a crash says what its exit code means, from the run before", () => {
  const found = explain(seen("CrashLoopBackOff", { pod: ended(127), restarts: "4 (15s ago)" }));
  assert.deepEqual(found?.facts[0], { name: "exit code", value: "127", hot: true });
  assert.match(found?.hint ?? "", /127: the shell did not find/);
  assert.equal(found?.next.line, "kubectl logs web --previous");
});

test("a container that ends well and is restarted is told apart", () => {
  assert.match(explain(seen("CrashLoopBackOff", { pod: ended(0, "Completed") }))?.answer ?? "", /restartPolicy/);
});

test("OOMKilled is found behind CrashLoopBackOff", () => {
  const pod = { ...ended(137, "OOMKilled"), spec: { containers: [{ name: "app", resources: { limits: { memory: "16Mi" } } }] } };
  const found = explain(seen("CrashLoopBackOff", { pod }));
  assert.match(found?.title ?? "", /^OOMKilled/);
  assert.deepEqual(found?.facts[0], { name: "memory limit", value: "16Mi" });
});

test("Pending is explained in the scheduler's words, and only if it has some", () => {
  const events = [{ reason: "FailedScheduling", type: "Warning", message: "0/1 nodes are available: 1 Insufficient memory." }];
  assert.match(explain(seen("Pending", { events }))?.answer ?? "", /resources\.requests/);
  assert.match(explain(seen("Pending"))?.title ?? "", /no rule/);
});

test("of two containers the one that failed is asked", () => {
  const pod: Pod = { status: { containerStatuses: [{ name: "a", state: { running: {} } }, { name: "b", lastState: { terminated: { exitCode: 1 } } }] } };
  assert.equal(explain(seen("CrashLoopBackOff", { pod }))?.next.line, "kubectl logs web -c b --previous");
});

test("a missing image is told apart from a locked door", () => {
  const events = [
    { reason: "Failed", type: "Warning", message: 'Failed to pull image "busybox:nope": not found' },
    { reason: "Failed", type: "Warning", message: "Error: ErrImagePull" },
  ];
  const found = explain(seen("ErrImagePull", { events }));
  assert.match(found?.facts.map((fact) => fact.value).join() ?? "", /not found/);
  assert.match(found?.answer ?? "", /No image of that name/);
});

test("running but not ready looks at the probe", () => {
  const events = [{ reason: "Unhealthy", type: "Warning", message: "Readiness probe failed: HTTP probe failed with statuscode: 404" }];
  assert.match(explain(seen("Running", { events }))?.text ?? "", /readiness probe fails/);
});

test("exit codes are spelled out", () => {
  assert.match(exitMeaning(143) ?? "", /SIGTERM/);
  assert.match(exitMeaning(134) ?? "", /signal 6/);
  assert.match(exitMeaning(42) ?? "", /own/);
});

test("each exit code that one meets has its meaning", () => {
  for (const code of [0, 1, 2, 126, 127, 128, 137, 139, 143]) assert.match(exitMeaning(code) ?? "", new RegExp(`xit code ${code}\\b`), String(code));
  assert.match(exitMeaning(134) ?? "", /128 \+ 6: ended by signal 6/);
  assert.match(exitMeaning(42) ?? "", /its log or its manual/);
});

test("each exit code has an answer of its own", () => {
  const answers = [1, 126, 127, 137, 139, 143].map((code) => explain(seen("Error", { pod: ended(code) }))?.answer);
  assert.equal(new Set(answers).size, answers.length, answers.join("\n"));
  const [one, found, missing, killed, fault, asked] = answers.map((answer) => answer ?? "");
  assert.match(one ?? "", /what the log complains about/);
  assert.match(found ?? "", /right to be executed/);
  assert.match(missing ?? "", /does not contain/);
  assert.match(killed ?? "", /SIGTERM/);
  assert.match(fault ?? "", /the program or in a library/);
  assert.match(asked ?? "", /asked it to stop/);
});

test("each failure has evidence, a next command, a hint and an answer", () => {
  const event = (reason: string, message: string) => [{ reason, message, type: "Warning" }];
  const cases: Seen[] = [
    seen("CrashLoopBackOff", { pod: ended(1), lastWords: "GREETING is not set" }),
    seen("ImagePullBackOff", { events: event("Failed", 'Failed to pull image "x": not found') }),
    seen("ErrImageNeverPull", { events: event("ErrImageNeverPull", "Container image is not present") }),
    seen("CreateContainerConfigError", { events: event("Failed", 'Error: configmap "colours" not found') }),
    seen("OOMKilled", { pod: ended(137, "OOMKilled") }),
    seen("Pending", { events: event("FailedScheduling", "0/1 nodes are available: 1 Insufficient memory.") }),
    seen("Init:0/2", { pod: { spec: { initContainers: [{ name: "first" }, { name: "second" }] } } }),
    ...[1, 126, 127, 137, 139, 143].map((code) => seen("Error", { pod: ended(code) })),
  ];
  for (const one of cases) {
    const found = explain(one);
    const about = `${one.status} ${JSON.stringify(one.pod ?? one.events)}`;
    assert.ok(found?.facts.length, `evidence of ${about}`);
    assert.match(found.next.line, /^kubectl /, about);
    assert.ok(found.hint && found.answer, `hint and answer of ${about}`);
  }
});

test("the last words are asked of the container that ended, or of the init container that runs", () => {
  assert.deepEqual(speaker(seen("CrashLoopBackOff", { pod: ended(1) })), { container: "app", previous: false });
  const again: Pod = { status: { containerStatuses: [{ name: "app", state: { running: {} }, lastState: { terminated: { exitCode: 1 } } }] } };
  assert.deepEqual(speaker(seen("Running", { pod: again })), { container: "app", previous: true });
  const waiting: Pod = { status: { initContainerStatuses: [{ name: "first" }, { name: "second" }] } };
  assert.deepEqual(speaker(seen("Init:1/2", { pod: waiting })), { container: "second", previous: false });
  assert.equal(speaker(seen("Pending")), undefined);
  assert.deepEqual(explain(seen("Error", { pod: ended(1), lastWords: "no such file" }))?.facts.at(-1), { name: "last log line", value: "no such file", hot: true });
});
