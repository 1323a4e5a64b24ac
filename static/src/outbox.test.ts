import assert from "node:assert/strict";
import { test } from "node:test";
import { Frames } from "./frames";
import { Outbox } from "./outbox";

test("a frame is shown once", () => {
  const frames = new Frames();
  assert.deepEqual([1, 2, 2, 1, 3].map((seq) => frames.accept(seq)), [true, true, false, false, true]);
  assert.equal(frames.last, 3);
});

test("after the console was emptied, old numbers are new again", () => {
  const frames = new Frames();
  frames.accept(7);
  frames.restart();
  assert.equal(frames.accept(1), true);
});

test("a command is sent again until it has begun, a file only its newest text, files first", () => {
  const outbox = new Outbox();
  outbox.command({ op: "run", id: "a", line: "kubectl get pods" });
  outbox.save("pod.yaml", "one");
  outbox.save("pod.yaml", "two");
  assert.deepEqual(outbox.takeUnsent().map((request) => request.op), ["save", "run"]);
  assert.deepEqual(outbox.takeUnsent().map((request) => request.op), ["run"]);
  outbox.settle("a");
  assert.deepEqual(outbox.takeUnsent(), []);
});

test("a command that has not begun can be taken back", () => {
  const outbox = new Outbox();
  outbox.command({ op: "run", id: "a", line: "kubectl get pods" });
  assert.equal(outbox.forget("a"), true);
  assert.equal(outbox.forget("a"), false);
});
