import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, lines, shown } from "./yaml";

const text = (value: Parameters<typeof lines>[0]) => lines(value).map((line) => line.text).join("\n");

test("as kubectl writes it", () => {
  assert.equal(
    text({ spec: { containers: [{ name: "web", args: ["a: b", "1", "-c"], env: [] }], hostNetwork: true }, kind: "Pod", data: { "a.txt": "one\ntwo\n", empty: "" } }),
    'data:\n  a.txt: |\n    one\n    two\n  empty: ""\nkind: Pod\nspec:\n  containers:\n  - args:\n    - "a: b"\n    - "1"\n    - -c\n    env: []\n    name: web\n  hostNetwork: true',
  );
});

test("each line knows what stands in it", () => {
  assert.deepEqual(lines({ a: [{ b: 1 }] }), [
    { text: "a:", path: "a" },
    { text: "- b: 1", path: "a[0].b" },
  ]);
});

test("what has changed is found by its path", () => {
  assert.deepEqual([...changed({ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3, d: [4] } })], ["a.c", "a.d[0]"]);
  assert.deepEqual([...changed({ a: 1 }, { a: 1 })], []);
});

test("managed fields are left out", () => {
  assert.deepEqual(shown({ metadata: { name: "web", managedFields: [] } }), { metadata: { name: "web" } });
});
