import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, shared } from "./completion";

const KNOWN = { pods: ["web", "worker", "busybox"], files: ["10-pod.yaml", "pod.yaml"] };

function options(line: string): string[] {
  return complete(line, KNOWN).options;
}

test("programs, verbs, kinds and names follow each other", () => {
  assert.deepEqual(options("kube"), ["kubectl"]);
  assert.deepEqual(options("kubectl des"), ["describe"]);
  assert.deepEqual(options("kubectl get pod"), ["pods"]);
  assert.deepEqual(options("kubectl describe pod w"), ["web", "worker"]);
  assert.deepEqual(options("kubectl delete Pod bu"), ["busybox"]);
  assert.deepEqual(options("kubectl logs b"), ["busybox"]);
  assert.deepEqual(options("kubectl port-forward pod/we"), ["pod/web"]);
});

test("files follow -f, formats -o, flags a dash", () => {
  assert.deepEqual(options("kubectl apply -f 1"), ["10-pod.yaml"]);
  assert.deepEqual(options("cat p"), ["pod.yaml"]);
  assert.deepEqual(options("kubectl get pods -o y"), ["yaml"]);
  assert.deepEqual(options("kubectl logs web --p"), ["--previous"]);
});

test("nothing is offered where the page knows nothing", () => {
  assert.deepEqual(options("kubectl exec web -- l"), []);
  assert.deepEqual(options("kubectl get secrets x"), []);
});

test("only the word at the caret is replaced, also behind a pipe", () => {
  assert.equal(complete("kubectl get po", KNOWN).from, 12);
  assert.deepEqual(options("kubectl get pods | gr"), ["grep"]);
});

test("several options share their beginning", () => {
  assert.equal(shared(["web", "worker"]), "w");
  assert.equal(shared(["pod.yaml"]), "pod.yaml");
});
