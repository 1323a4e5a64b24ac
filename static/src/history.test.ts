import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "./history";

test("arrows walk back and forth and give the unfinished line back", () => {
  const history = new History();
  history.add("one");
  history.add("two");
  history.seen("two");
  assert.equal(history.older("dra"), "two");
  assert.equal(history.older("two"), "one");
  assert.equal(history.older("one"), undefined);
  assert.equal(history.newer(), "two");
  assert.equal(history.newer(), "dra");
  assert.equal(history.newer(), undefined);
});
