import assert from "node:assert/strict";
import { test } from "node:test";
import { Latest } from "./latest";

test("of each kind the newest is drawn, once", () => {
  const drawn: string[] = [];
  const frames: (() => void)[] = [];
  const latest = new Latest<string>((message) => drawn.push(message), (run) => frames.push(run));
  for (const [kind, message] of [["pods", "p1"], ["events", "e1"], ["pods", "p2"], ["pods", "p3"]] as const) latest.put(kind, message);
  assert.deepEqual([drawn, frames.length], [[], 1]);
  frames.shift()?.();
  assert.deepEqual(drawn, ["p3", "e1"]);
  latest.put("pods", "p4");
  assert.equal(frames.length, 1, "the next frame is asked for anew");
  frames.shift()?.();
  assert.deepEqual(drawn, ["p3", "e1", "p4"]);
});
