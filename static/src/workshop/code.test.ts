import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped } from "./code";

test("a code is grouped however it is typed", () => {
  for (const typed of ["kx47pmqrt", "KX4-7PM-QRT", "kx4 7pm qrt"]) assert.equal(grouped(typed), "KX4-7PM-QRT");
});

test("what is no code stays as it is", () => {
  assert.equal(grouped("kx4"), "kx4");
});
