import assert from "node:assert/strict";
import { test } from "node:test";
import { dated, logOf } from "./runlog";

test("a dated line is taken apart, another stays whole", () => {
  assert.deepEqual(dated("2026-11-26T05:00:00.5Z GREETING is not set"), { at: Date.parse("2026-11-26T05:00:00.5Z"), text: "GREETING is not set" });
  assert.deepEqual(dated("2026-11-26T05:00:00Z "), { at: Date.parse("2026-11-26T05:00:00Z"), text: "" });
  assert.deepEqual(dated("unable to retrieve container logs"), { at: undefined, text: "unable to retrieve container logs" });
});

test("a container has the logs of its present run and of the one before", () => {
  const status = { name: "app", containerID: "c", lastState: { terminated: { containerID: "b" } } };
  assert.deepEqual(["a", "b", "c"].map((run) => logOf(status, run)), [undefined, "previous", "present"]);
});
