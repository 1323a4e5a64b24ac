import assert from "node:assert/strict";
import { test } from "node:test";
import { around, outline, written } from "./outline";

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: web   # mine
  labels: {app: web}
spec:
  containers:
  - name: a
    image: "nginx:1.27"
    args:
    - |
      echo: not a key
    env:
      - name: X
        value: y
      - {name: Z}
  - name: b
  restartPolicy: Never
`;

const paths = (text: string) => outline(text).map((entry) => written(entry.path));

test("every key has its path, with lists in and below their key's column", () => {
  assert.deepEqual(paths(POD), [
    "apiVersion", "kind", "metadata", "metadata.name", "metadata.labels", "spec", "spec.containers",
    "spec.containers[0].name", "spec.containers[0].image", "spec.containers[0].args", "spec.containers[0].env",
    "spec.containers[0].env[0].name", "spec.containers[0].env[0].value", "spec.containers[1].name", "spec.restartPolicy",
  ]);
});

test("values come without comments and with their place", () => {
  const name = outline(POD).find((entry) => written(entry.path) === "metadata.name");
  assert.deepEqual([name?.value, name?.line, name?.from, name?.valueFrom], ["web", 3, 2, 8]);
});

test("documents are counted and begin anew", () => {
  const found = outline("kind: A\n---\nkind: B\nspec:\n  x: 1\n");
  assert.deepEqual(found.map((entry) => [entry.document, written(entry.path)]), [[0, "kind"], [1, "kind"], [1, "spec"], [1, "spec.x"]]);
});

test("a new key belongs to what is above it at its column", () => {
  assert.equal(written(around(POD, 17, 2).path), "spec");
  assert.equal(written(around(POD, 8, 4).path), "spec.containers[0]");
  assert.equal(written(around("spec:\n  containers:\n    - \n", 2, 6).path), "spec.containers[0]");
  assert.equal(written(around("metadata:\n  \n", 1, 2).path), "metadata");
  assert.equal(written(around("metadata:\n  name: x\n\n", 2, 0).path), "");
});

test("whatever one types, it does not fail", () => {
  for (let end = 0; end <= POD.length; end++) outline(POD.slice(0, end));
  outline("- - - a: b\n -\n:\n\t- x:\n]: [\n");
});
