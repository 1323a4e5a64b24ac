import assert from "node:assert/strict";
import { test } from "node:test";
import { marksOf, nextStart, Observed } from "./observed";
import type { Pod } from "./explain";

const at = (second: number) => new Date(1_700_000_000_000 + second * 1_000).toISOString();

function pod(status: Pod["status"]): Pod {
  return { metadata: { uid: "u", name: "web", creationTimestamp: at(0) }, spec: { containers: [{ name: "app" }] }, status };
}

function crashed(id: string, start: number, end: number): Pod {
  return pod({ containerStatuses: [{ name: "app", containerID: id, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: { exitCode: 2, containerID: id, startedAt: at(start), finishedAt: at(end) } } }] });
}

test("runs are remembered beyond the two that a Pod keeps", () => {
  const observed = new Observed();
  observed.note([crashed("a", 1, 2)]);
  observed.note([crashed("b", 3, 4)]);
  observed.note([crashed("c", 18, 19)]);
  const [lane] = observed.of("u")?.lanes ?? [];
  assert.deepEqual(lane?.runs.map((run) => run.exitCode), [2, 2, 2]);
  assert.equal(lane?.waiting, "CrashLoopBackOff");
});

test("a running container and its end are one run", () => {
  const observed = new Observed();
  observed.note([pod({ containerStatuses: [{ name: "app", containerID: "a", state: { running: { startedAt: at(1) } } }] })]);
  observed.note([pod({ containerStatuses: [{ name: "app", containerID: "a", state: { terminated: { exitCode: 0, containerID: "a", startedAt: at(1), finishedAt: at(5) } } }] })]);
  const runs = observed.of("u")?.lanes[0]?.runs;
  assert.equal(runs?.length, 1);
  assert.equal(runs?.[0]?.exitCode, 0);
});

test("readiness turns are noted once each", () => {
  const observed = new Observed();
  for (const status of ["False", "False", "True", "False"]) {
    observed.note([pod({ conditions: [{ type: "Ready", status, lastTransitionTime: at(3) }] })]);
  }
  assert.deepEqual(observed.of("u")?.ready.map((turn) => turn.status), [false, true, false]);
});

test("the next start follows from the waits before", () => {
  const run = (start: number, end: number) => ({ startedAt: start * 1_000, finishedAt: end * 1_000 });
  const lane = (...runs: { startedAt: number; finishedAt: number }[]) => ({ container: "app", kind: "main" as const, waiting: "CrashLoopBackOff", runs });
  assert.equal(nextStart(lane(run(0, 1))), undefined);
  assert.equal(nextStart(lane(run(0, 1), run(1, 2))), 12_000);
  assert.equal(nextStart(lane(run(0, 1), run(1, 2), run(13, 14))), 34_000);
  assert.equal(nextStart(lane(run(0, 1), run(23, 24))), 64_000);
});

test("an event that came several times is marked at its first and last", () => {
  const events = [{ reason: "BackOff", count: 3, firstTimestamp: at(2), lastTimestamp: at(9), involvedObject: { uid: "u", fieldPath: "spec.containers{app}" } }];
  assert.deepEqual(marksOf(events, "u").map(({ count, container }) => [count, container]), [[1, "app"], [3, "app"]]);
  assert.deepEqual(marksOf(events, "other"), []);
});

test("within a second, events stand in the order of a Pod's life", () => {
  const event = (reason: string, lastTimestamp: string) => ({ reason, lastTimestamp, involvedObject: { uid: "u" } });
  const events = [event("Started", at(1)), event("Pulled", at(1)), event("Scheduled", at(1.4)), event("BackOff", at(2))];
  assert.deepEqual(marksOf(events, "u").map((mark) => mark.reason), ["Scheduled", "Pulled", "Started", "BackOff"]);
});
