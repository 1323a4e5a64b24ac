import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf, plain } from "./screens";

test("a terminal is called after the Pod it is in", () => {
  assert.equal(nameOf("kubectl exec -it web -- sh"), "web");
  assert.equal(nameOf("kubectl exec -it -c app pod/web -- vi x"), "web");
  assert.equal(nameOf("kubectl run -it --rm b --image=busybox -- sh -c web"), "b");
});

test("what is left of terminal output without colours and cursors", () => {
  assert.equal(plain("\x1b[1;32m/ # \x1b[0mls\r\n\x1b[J\x1b]0;title\x07bin\r\n"), "/ # ls\nbin\n");
});
