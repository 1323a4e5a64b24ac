import assert from "node:assert/strict";
import { test } from "node:test";
import { isEndless } from "./catchup";

test("commands that never end by themselves are left out", () => {
  for (const line of ["kubectl get pods -w", "kubectl get pods --watch", "kubectl logs web -f", "kubectl port-forward pod/web 80:80", "kubectl exec -it web -- sh", "kubectl attach web", "watch kubectl get pods"]) assert.equal(isEndless(line), true, line);
  for (const line of ["kubectl apply -f pod.yaml", "kubectl delete -f pod.yaml", "kubectl get -f pod.yaml", "kubectl get pods -o wide", "kubectl logs web --previous", "kubectl create -f pod.yaml"]) assert.equal(isEndless(line), false, line);
});
