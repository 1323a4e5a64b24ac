import assert from "node:assert/strict";
import { test } from "node:test";
import { lifeAt, observationAt, statusAt, Versions } from "./moment";

const life = {
  uid: "u",
  name: "web",
  born: 0,
  stretches: [
    { status: "Pending", from: 0, to: 1_000 },
    { status: "Running", from: 1_000, to: 5_000 },
    { status: "Error", from: 5_000, to: undefined },
  ],
  ended: 9_000,
};

test("what came later is not known yet", () => {
  const then = lifeAt(life, 2_000);
  assert.deepEqual(then.stretches, [
    { status: "Pending", from: 0, to: 1_000 },
    { status: "Running", from: 1_000, to: undefined },
  ]);
  assert.equal(then.ended, undefined);
  assert.equal(statusAt(life, 2_000), "Running");
  assert.equal(statusAt(life, -5), "Pending");
});

test("a run that had not ended yet still runs", () => {
  const seen = {
    name: "web",
    created: 0,
    scheduled: 500,
    node: "n",
    lanes: [{ container: "app", kind: "main" as const, runs: [{ id: "a", startedAt: 1_000, finishedAt: 5_000, exitCode: 1 }, { id: "b", startedAt: 15_000 }], waiting: "CrashLoopBackOff" }],
    ready: [{ at: 1_000, status: true }, { at: 5_000, status: false }],
  };
  const then = observationAt(seen, 3_000);
  assert.deepEqual(then.lanes[0]?.runs, [{ id: "a", startedAt: 1_000 }]);
  assert.equal(then.lanes[0]?.waiting, undefined);
  assert.equal(then.ready.length, 1);
  assert.equal(observationAt(seen, 100).node, undefined);
  assert.equal(observationAt(seen, 6_000).lanes[0]?.waiting, "CrashLoopBackOff");
});

test("versions are found by their time", () => {
  const versions = new Versions<string>();
  versions.note("u", "1", "one", 1_000);
  versions.note("u", "1", "one again", 1_500);
  versions.note("u", "2", "two", 2_000);
  assert.equal(versions.at("u", 1_900), "one");
  assert.equal(versions.at("u", 9_000), "two");
  assert.equal(versions.at("u", 0), "one");
  assert.equal(versions.at("x", 0), undefined);
});
