import assert from "node:assert/strict";
import { test } from "node:test";
import { linked } from "./links";

const names = (text: string, pods: string[]) => linked(text, pods).filter((piece) => typeof piece !== "string");

test("a Pod's name is found where kubectl writes it", () => {
  assert.deepEqual(linked("NAME  READY\nweb   1/1\n", ["web"]), ["NAME  READY\n", { name: "web" }, "   1/1\n"]);
  assert.deepEqual(names('pod/web created\npod "web" deleted', ["web"]), [{ name: "web" }, { name: "web" }]);
});

test("a name in another name, or in the middle of words, is none", () => {
  assert.deepEqual(names("web-2  1/1\nthe web is large", ["web"]), []);
  assert.deepEqual(names("web-2  1/1", ["web", "web-2"]), [{ name: "web-2" }]);
  assert.deepEqual(linked("web", []), ["web"]);
});
