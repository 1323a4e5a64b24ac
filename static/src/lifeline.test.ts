import assert from "node:assert/strict";
import { test } from "node:test";
import { axis, Lives } from "./lifeline";

const COLUMNS = ["NAME", "READY", "STATUS", "RESTARTS", "AGE"];
const row = (status: string, age: string) => [{ uid: "u", cells: ["web", "0/1", status, "0", age] }];

test("a life is the statuses in their order, and ends when the Pod is gone", () => {
  const lives = new Lives();
  lives.note(COLUMNS, row("ContainerCreating", "0s"), 1_000);
  lives.note(COLUMNS, row("ContainerCreating", "1s"), 2_000);
  lives.note(COLUMNS, row("Running", "1s"), 2_500);
  lives.note(COLUMNS, [], 9_000);
  const [life] = lives.all;
  assert.deepEqual(life?.stretches, [
    { status: "ContainerCreating", from: 1_000, to: 2_500 },
    { status: "Running", from: 2_500, to: 9_000 },
  ]);
  assert.equal(life?.ended, 9_000);
  assert.equal(life?.born, 1_000);
});

test("the axis is round", () => {
  assert.deepEqual(axis(0), { length: 1, tick: 1 });
  assert.deepEqual(axis(7), { length: 8, tick: 2 });
  assert.deepEqual(axis(97), { length: 120, tick: 30 });
});
