// Bundles static/src into static/vendor. `--watch` keeps doing so.
import { readFile, rm } from "node:fs/promises";
import * as esbuild from "esbuild";

const here = new URL(".", import.meta.url).pathname;
// What only pages that the server makes say is not for scripts to carry.
const PAGES_ONLY = /^(continue|error|join|kubectl|me|needs|office|plan|refused)\./;
const texts = {
  name: "texts",
  setup: (build) => build.onLoad({ filter: /\/text\/\w+\.json$/ }, async ({ path }) => {
    const all = Object.entries(JSON.parse(await readFile(path, "utf8")));
    return { loader: "json", contents: JSON.stringify(Object.fromEntries(all.filter(([key]) => !PAGES_ONLY.test(key)))) };
  }),
};
const options = {
  plugins: [texts],
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
