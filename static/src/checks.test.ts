import assert from "node:assert/strict";
import { test } from "node:test";
import { check, nearest } from "./checks";
import { type Definitions, Schemas } from "./schema";

const DEFINITIONS: Definitions = {
  Pod: {
    type: "object",
    properties: { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: { allOf: [{ $ref: "#/components/schemas/Meta" }] }, spec: { $ref: "#/components/schemas/Spec" } },
    "x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind: "Pod" }],
  },
  Deployment: { type: "object", properties: {}, "x-kubernetes-group-version-kind": [{ group: "apps", version: "v1", kind: "Deployment" }] },
  Meta: { type: "object", properties: { name: { type: "string" }, labels: { type: "object", additionalProperties: { type: "string" } } } },
  Spec: { type: "object", properties: { restartPolicy: { type: "string" }, containers: { type: "array", items: { $ref: "#/components/schemas/Container" } } } },
  Container: {
    type: "object",
    properties: { name: { type: "string" }, image: { type: "string" }, env: { type: "array", items: { type: "object", properties: { name: { type: "string" }, value: { type: "string" } } } }, stdin: { type: "boolean" }, resources: { type: "object", properties: { limits: { type: "object", additionalProperties: { oneOf: [{ type: "string" }, { type: "number" }] } } } }, ports: { type: "array", items: { type: "object", properties: { containerPort: { type: "integer" } } } } },
  },
};
const schemas = new Schemas(DEFINITIONS);
const pod = (rest: string) => `apiVersion: v1\nkind: Pod\n${rest}`;
const found = (rest: string) => check(pod(rest), schemas).map(({ line, message, fix }) => [line + 1, message, fix?.text]);

test("a good manifest has no findings", () => {
  assert.deepEqual(found("metadata:\n  name: web\n  labels: {app: x}\nspec:\n  containers:\n  - name: a\n    stdin: true\n  restartPolicy: Never\n"), []);
});

test("an unknown field is named as the server does, with the one that was meant", () => {
  assert.deepEqual(found("spec:\n  containers:\n    - name: a\n      envs:\n        - name: X\n"), [[6, 'unknown field "spec.containers[0].envs"', "env"]]);
});

test("labels may have any name", () => {
  assert.deepEqual(found("metadata:\n  labels:\n    whatever: x\n"), []);
});

test("types, and YAML's booleans", () => {
  const ports = found('spec:\n  containers:\n    - name: yes\n      ports:\n        - containerPort: "80"\n');
  assert.deepEqual(ports.map(([line]) => line), [5, 7]);
  assert.match(String(ports[0]?.[1]), /wants text, and this is true or false; put it in quotes/);
  assert.match(String(ports[1]?.[1]), /wants a whole number/);
});

test("values outside what a field allows", () => {
  assert.deepEqual(found("spec:\n  restartPolicy: never\n")[0]?.slice(1), ['spec.restartPolicy: Unsupported value: "never": supported values: "Always", "OnFailure", "Never"', "Never"]);
});

test("kinds that there are not", () => {
  const kind = check("apiVersion: v1\nkind: pod\n", schemas)[0];
  assert.deepEqual([kind?.line, kind?.fix?.text], [1, "Pod"]);
  const version = check("apiVersion: v1\nkind: Deployment\n", schemas)[0];
  assert.deepEqual([version?.line, version?.fix?.text], [0, "apps/v1"]);
});

test("tabs and doubles are seen without any schema", () => {
  assert.equal(check("a:\n\tb: 1\n", undefined)[0]?.fix?.text, "  ");
  assert.equal(check("a: 1\na: 2\n", undefined)[0]?.severity, "warning");
});

test("the nearest word is near", () => {
  assert.equal(nearest("imgae", ["image", "name"]), "image");
  assert.equal(nearest("contaners", ["containers", "volumes"]), "containers");
  assert.equal(nearest("xyz", ["image", "name"]), undefined);
});

test("an amount that is none is refused as the API server does", () => {
  const pod = (amount: string) => check(`apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - resources:\n      limits:\n        memory: ${amount}\n`, schemas);
  assert.match(pod("64MB").at(0)?.message ?? "", /^spec.containers\[0\].resources.limits.memory: quantities must match/);
  for (const good of ["64Mi", "500m", "1.5", "1e3", "0.5Gi", '"128Mi"']) assert.deepEqual(pod(good), [], good);
});
