import assert from "node:assert/strict";
import { test } from "node:test";
import { inBlocks } from "./reel";

test("text is cut at ends of lines, and all of it is there", () => {
  const text = "one\ntwo\nthree\nfour\n";
  assert.deepEqual(inBlocks(text, 0, 8), ["one\ntwo\n", "three\nfour\n"]);
  assert.deepEqual(inBlocks(text, 2, 8), ["one\n", "two\nthree\n", "four\n"]);
  assert.equal(inBlocks(text, 3, 5).join(""), text);
});

test("a line that is longer than a block stays whole, and a short text is one piece", () => {
  assert.deepEqual(inBlocks("abcdefghij", 0, 4), ["abcdefghij"]);
  assert.deepEqual(inBlocks("abcdefghij\nk", 1, 4), ["abcdefghij\n", "k"]);
  assert.deepEqual(inBlocks("", 5), []);
});
