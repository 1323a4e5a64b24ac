import assert from "node:assert/strict";
import { test } from "node:test";
import { age, older, seconds } from "./ages";

test("ages are read and written as kubectl does", () => {
  for (const text of ["0s", "119s", "2m", "2m10s", "9m59s", "10m", "179m", "3h", "3h1m", "7h59m", "8h", "47h", "2d", "7d23h", "8d", "729d", "2y"]) {
    assert.equal(age(seconds(text) ?? -1), text);
  }
  assert.equal(seconds("<unknown>"), undefined);
});

test("every duration of a cell grows", () => {
  assert.equal(older("15s (x5 over 97s)", 30), "45s (x5 over 2m7s)");
  assert.equal(older("4 (15s ago)", 1), "4 (16s ago)");
  assert.equal(older("<unknown>", 9), "<unknown>");
});
