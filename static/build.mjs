// Bundles static/src into static/vendor, and what is written by hand in static/site, smaller. What is bundled once is also
// compressed once, as well as it goes; `--watch` bundles at each change and leaves compressing to the server.
import { readdirSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import * as esbuild from "esbuild";
import { words } from "./words.mjs";

const here = new URL(".", import.meta.url).pathname;
const vendor = `${here}vendor`;
const watching = process.argv.includes("--watch");
const shared = { outdir: vendor, bundle: true, target: "es2022", minify: true, legalComments: "none", logLevel: watching ? "info" : "warning" };
const scripts = {
  ...shared,
  plugins: [words],
  entryPoints: { lesson: `${here}src/lesson.ts`, catalogue: `${here}src/catalogue.ts`, office: `${here}src/office.ts`, wall: `${here}src/wall.ts`, projector: `${here}src/projector.ts` },
  format: "esm",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  loader: { ".css": "text" },
};
const styles = { ...shared, entryPoints: { "site/podyard": `${here}site/podyard.css`, "site/workshop": `${here}site/workshop.css` } };

/** Writes `x.br` and `x.gz` beside each file that is worth it. */
async function compress() {
  const files = readdirSync(vendor, { recursive: true }).filter((name) => /\.(js|css)$/.test(name)).map((name) => join(vendor, name));
  const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  for (const file of files) {
    const text = await readFile(file);
    if (text.length < 1024) continue;
    await writeFile(`${file}.br`, await promisify(brotliCompress)(text, best));
    await writeFile(`${file}.gz`, await promisify(gzip)(text, { level: constants.Z_BEST_COMPRESSION }));
  }
}

await rm(vendor, { recursive: true, force: true });
if (watching) {
  for (const options of [scripts, styles]) await (await esbuild.context(options)).watch();
} else {
  await Promise.all([scripts, styles].map((options) => esbuild.build(options)));
  await compress();
}
