import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf, problemIn } from "./problems";

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: a
      image: nginx
    - name: b
      envs: []
  restartPolicy: Sometimes
`;

test("a field's line is found through keys and items", () => {
  assert.equal(lineOf("metadata.name", POD), 4);
  assert.equal(lineOf("spec.containers[0].name", POD), 7);
  assert.equal(lineOf("spec.containers[1].envs", POD), 10);
  assert.equal(lineOf("spec.restartPolicy", POD), 11);
});

test("lists at their key's own indentation are found too", () => {
  const flat = "spec:\n  containers:\n  - name: a\n    image: x\n  - image: y\n";
  assert.equal(lineOf("spec.containers[1].image", flat), 5);
  assert.equal(lineOf("spec.containers[1].name", flat), 5);
});

test("the server's words lead to a line", () => {
  const unknown = 'Error from server (BadRequest): … strict decoding error: unknown field "spec.containers[1].envs"';
  assert.equal(problemIn(unknown, POD)?.line, 10);
  const invalid = 'The Pod "web" is invalid: spec.restartPolicy: Unsupported value: "Sometimes"';
  assert.equal(problemIn(invalid, POD)?.line, 11);
  assert.equal(problemIn("error: yaml: line 3: mapping values are not allowed", POD)?.line, 3);
  assert.equal(problemIn("error: the server is away", POD), undefined);
});
