import assert from "node:assert/strict";
import { test } from "node:test";
import { same } from "./expected";

const parts = [
  { text: "NAME   READY   AGE\nweb    1/1     ", varies: false },
  { text: "2s", varies: true },
];

test("what varies may differ, the rest may not", () => {
  assert.equal(same(parts, "NAME   READY   AGE\nweb    1/1     3m10s\n"), true);
  assert.equal(same(parts, "NAME      READY   AGE\nweb       1/1     1s\n"), true);
  assert.equal(same(parts, "NAME   READY   AGE\nweb    0/1     2s\n"), false);
  assert.equal(same([{ text: "Hello World", varies: false }], "Hello World\n"), true);
  assert.equal(same([{ text: "a.c", varies: false }], "abc"), false);
});
