// Bundles static/src into static/vendor. `--watch` keeps doing so.
import { rm } from "node:fs/promises";
import * as esbuild from "esbuild";
import { words } from "./words.mjs";

const here = new URL(".", import.meta.url).pathname;
const options = {
  plugins: [words],
  entryPoints: { lesson: `${here}src/lesson.ts`, catalogue: `${here}src/catalogue.ts`, office: `${here}src/office.ts`, wall: `${here}src/wall.ts`, projector: `${here}src/projector.ts` },
  outdir: `${here}vendor`,
  bundle: true,
  format: "esm",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  loader: { ".css": "text" },
};

await rm(`${here}vendor`, { recursive: true, force: true });
if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, logLevel: "info" });
  await context.watch();
} else {
  await esbuild.build(options);
}
