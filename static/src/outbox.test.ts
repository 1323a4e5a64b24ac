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
  assert.deepEqual(outbox.unsent().map((request) => request.op), ["save", "run"]);
  outbox.stored(1);
  assert.equal(outbox.unsaved("pod.yaml"), true, "the newest has not arrived");
  outbox.stored(2);
  assert.deepEqual(outbox.unsent().map((request) => request.op), ["run"]);
  outbox.settle("a");
  assert.deepEqual(outbox.unsent(), []);
});

test("keys are numbered for each terminal, and kept until they have arrived or nobody reads them", () => {
  const outbox = new Outbox();
  for (const data of ["l", "s", "\n"]) outbox.keys("a", data);
  assert.deepEqual(outbox.keys("b", "x"), { op: "input", id: "b", data: "x", seq: 1 });
  outbox.typed("a", 2);
  assert.deepEqual(outbox.unsent(), [{ op: "input", id: "a", data: "\n", seq: 3 }, { op: "input", id: "b", data: "x", seq: 1 }]);
  outbox.ended("a");
  outbox.typed("b", 1);
  assert.deepEqual(outbox.unsent(), []);
  assert.equal(outbox.keys("b", "y").seq, 2, "a number is used once");
});

test("what becomes of a text is said until its command no longer waits", () => {
  const outbox = new Outbox();
  outbox.edited("e", "kind: Pod");
  outbox.open(["e", "f"]);
  assert.deepEqual(outbox.unsent(), [{ op: "edited", edit: "e", text: "kind: Pod" }]);
  outbox.open(["f"]);
  assert.deepEqual(outbox.unsent(), []);
});

test("a command that has not begun can be taken back", () => {
  const outbox = new Outbox();
  outbox.command({ op: "run", id: "a", line: "kubectl get pods" });
  assert.equal(outbox.forget("a"), true);
  assert.equal(outbox.forget("a"), false);
});
