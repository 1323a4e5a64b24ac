// Runs the tests beside the scripts: each src/*.test.ts, compiled, under node's own runner.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { words } from "./words.mjs";

const source = new URL("src/", import.meta.url).pathname;
const tests = (await readdir(source)).filter((name) => name.endsWith(".test.ts")).map((name) => join(source, name));
const out = await mkdtemp(join(tmpdir(), "podyard-page-"));
try {
  await esbuild.build({ entryPoints: tests, outdir: out, bundle: true, plugins: [words], format: "esm", platform: "node", loader: { ".css": "text" }, outExtension: { ".js": ".mjs" } });
  const files = (await readdir(out)).filter((name) => name.endsWith(".mjs")).map((name) => join(out, name));
  process.exitCode = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1;
} finally {
  await rm(out, { recursive: true, force: true });
}
