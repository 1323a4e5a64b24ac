import assert from "node:assert/strict";
import { test } from "node:test";
import { wait } from "./backoff";

test("waits double up to a limit and are spread", () => {
  assert.deepEqual([0, 1, 2, 20].map((attempt) => wait(attempt, 0)), [125, 250, 500, 4000]);
  assert.equal(wait(20, 0.999) <= 8000, true);
  assert.notEqual(wait(3, 0.1), wait(3, 0.9));
});
