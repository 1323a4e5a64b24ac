import assert from "node:assert/strict";
import { test } from "node:test";
import { words } from "./stuck";

test("what somebody is stuck on is said in words", () => {
  assert.equal(words({ is: "sameError", number: "6.3", times: 3, error: "x" }), "Same error 3 times on 6.3:");
  assert.equal(words({ is: "unmet", number: "6.3", check: "a runs", because: "It is 1, wanted 2." }), "Check of 6.3 not met: a runs. It is 1, wanted 2.");
  assert.equal(words({ is: "unmet", number: "6.3", check: "a runs", because: null }), "Check of 6.3 not met: a runs.");
  assert.equal(words({ is: "idle", number: "6.3", minutes: 5, others: null }), "Has done nothing on 6.3 for 5 min.");
  assert.equal(words({ is: "idle", number: "6.3", minutes: 9, others: 3 }), "Has done nothing on 6.3 for 9 min; the others needed 3.");
  assert.equal(words({ is: "slow", number: "6.3", minutes: 9, others: 3 }), "On 6.3 for 9 min; the others needed 3.");
});
