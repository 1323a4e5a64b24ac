import assert from "node:assert/strict";
import { test } from "node:test";
import { immutable } from "./immutable";
import { liveOf, namedKind } from "./named";

const live = liveOf([
  { metadata: { name: "web" }, spec: { restartPolicy: "Always", containers: [{ name: "app", image: "a", imagePullPolicy: "Never", resources: { limits: { cpu: "500m" } } }] } },
]);
const manifest = (rest: string) => `kind: Pod\nmetadata:\n  name: web\nspec:\n${rest}`;

test("a field that can't change any more is marked in the API server's words", () => {
  const [found] = immutable(manifest("  restartPolicy: Never\n  containers:\n  - name: app\n    image: b\n"), live);
  assert.deepEqual([found?.line, found?.from, found?.to], [4, 17, 22]);
  assert.match(found?.message ?? "", /^spec.restartPolicy: Forbidden: pod updates may not change fields other than/);
});

test("what is the same, may change, or is another Pod's is left alone", () => {
  assert.deepEqual(immutable(manifest("  restartPolicy: Always\n  containers:\n  - image: b\n    resources:\n      limits:\n        cpu: 0.5\n"), live), []);
  assert.deepEqual(immutable(manifest("  restartPolicy: Never\n").replace("web", "other"), live), []);
});

test("values that name objects", () => {
  assert.equal(namedKind(["spec", "containers", 0, "env", 0, "valueFrom", "configMapKeyRef", "name"]), "ConfigMap");
  assert.equal(namedKind(["spec", "volumes", 0, "secret", "secretName"]), "Secret");
  assert.equal(namedKind(["metadata", "name"]), undefined);
});
