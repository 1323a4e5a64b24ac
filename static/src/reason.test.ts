import assert from "node:assert/strict";
import { test } from "node:test";
import { reasonOf } from "./reason";

const HEAD = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit.\n#\n";

test("why a text was opened again stands in its comment", () => {
  const again = `${HEAD}# pods "web" was not valid:\n# * spec.containers[0].image: Required value\n#\napiVersion: v1\n# no reason\n`;
  assert.equal(reasonOf(again), 'pods "web" was not valid:\n* spec.containers[0].image: Required value');
});

test("a text that was opened for the first time has none", () => {
  assert.equal(reasonOf(`${HEAD}apiVersion: v1\n`), "");
  assert.equal(reasonOf("kind: Pod\n"), "");
});
