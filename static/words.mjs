// What of the files of texts goes into which script: `?early` is what pages say as they open, `?late` what views say that
// are loaded when somebody wants them, `?seat` and `?wall` what a workshop adds. Texts that no script names stay out: only
// the server's pages say those.
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const source = new URL("src/", import.meta.url).pathname;
const PARTS = { "?late": /^(exit|lint|phrase|timeline|why)\./, "?seat": /^seat\./, "?wall": /^wall\./ };
const partOf = (key) => Object.keys(PARTS).find((part) => PARTS[part].test(key)) ?? "?early";

function named() {
  const files = readdirSync(source, { recursive: true }).filter((name) => name.endsWith(".ts"));
  const code = files.map((name) => readFileSync(join(source, name), "utf8")).join("\n");
  const whole = new Set(code.match(/(?<=")[a-z]+\.[\w.]+(?=")/gi));
  const parts = [...new Set(code.match(/(?<=\bt\(`)[a-z]+\.(?=\$\{)|(?<=\bgroup\(")[a-z]+\.(?="\))/g))];
  return (key) => whole.has(key) || parts.some((part) => key.startsWith(part));
}

export const words = {
  name: "words",
  setup(build) {
    build.onResolve({ filter: /\.json\?(early|late|seat|wall)$/ }, ({ path, resolveDir }) => {
      const [file, part] = path.split("?");
      return { path: join(resolveDir, file), suffix: `?${part}`, namespace: "words" };
    });
    build.onLoad({ filter: /.*/, namespace: "words" }, async ({ path, suffix }) => {
      const says = named();
      const all = Object.entries(JSON.parse(await readFile(path, "utf8")));
      const own = all.filter(([key]) => says(key) && partOf(key) === suffix);
      return { loader: "json", contents: JSON.stringify(Object.fromEntries(own)), watchFiles: [path] };
    });
  },
};
