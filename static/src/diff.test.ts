import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "./diff";

test("objects and their lines", () => {
  const text = "diff -u -N /tmp/LIVE-1/v1.Pod.default.web /tmp/MERGED-2/v1.Pod.default.web\n--- /tmp/LIVE-1/v1.Pod.default.web\t2026\n+++ /tmp/MERGED-2/v1.Pod.default.web\t2026\n@@ -1,2 +1,2 @@\n spec:\n-  image: a\n+  image: b\n";
  assert.deepEqual(changes(text), [
    {
      object: "Pod web",
      lines: [
        { mark: "@", text: "@@ -1,2 +1,2 @@" },
        { mark: " ", text: "spec:" },
        { mark: "-", text: "  image: a" },
        { mark: "+", text: "  image: b" },
      ],
    },
  ]);
});

test("an object of a group", () => {
  assert.equal(changes("--- /tmp/LIVE-1/apps.v1.Deployment.default.web.a\tx\n")[0]?.object, "Deployment web.a");
  assert.deepEqual(changes(""), []);
});
