// axe, in a page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe has against the page, a line each. */
export async function findings(page) {
  // The page's policy lets no foreign script in; the browser's own channel does.
  await page.evaluate(readFileSync(AXE, "utf8"));
  const found = await page.evaluate((rules) => axe.run(document, { runOnly: rules }), RULES);
  assert.ok(found.passes.length > 10, "axe has looked");
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.any.map((one) => one.message).join("; ")}`));
}
