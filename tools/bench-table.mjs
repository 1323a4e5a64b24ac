// Writes what was measured into README.md, between two marks: what criterion measured of the API, or with the argument
// `load` what a run of `make bench-load` has shown.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const root = new URL("..", import.meta.url);
const median = (id) => {
  // Criterion makes one directory of an id.
  const file = new URL(`target/criterion/${id.replace("/", "_")}/new/estimates.json`, root);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).median.point_estimate : undefined;
};
const shown = (nanoseconds) => {
  if (nanoseconds === undefined) return "";
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toPrecision(2)} µs`;
  return `${(nanoseconds / 1e6).toPrecision(2)} ms`;
};
const number = (text) => String(Number(text.split(" ")[0])) + " " + text.split(" ")[1];
const cell = (id) => { const text = shown(median(id)); return text && number(text); };

const requests = [
  ["an empty sandbox is ready", "start"],
  ["create and delete a ConfigMap", "create"],
  ["get it", "get"],
  ["list 100 Pods", "list-100-pods"],
  ["patch", "patch"],
  ["one change reaches 100 watchers", "fan-out-100"],
];
const compared = requests.some(([, id]) => median(`${id}/cluster`) !== undefined);
const head = compared ? ["", "sandbox", "the cluster of `PODYARD_BENCH_KUBECONFIG`"] : ["", "sandbox"];
const line = (cells) => `| ${cells.join(" | ")} |`;
const rows = requests.map(([what, id]) =>
  line([what, cell(`${id}/sandbox`), ...(compared ? [cell(`${id}/cluster`)] : [])]));
const weighed = new URL("target/criterion/memory.json", root);
const memory = existsSync(weighed) ? `${Math.round(Number(readFileSync(weighed, "utf8")) / 1024)} KiB` : "";
const sizes = [10, 100, 1000, 10000];
const growth = [["list all", "list"], ["get one among", "get-among"], ["one change, so many watchers", "fan-out"]];
const api = () => [
  line(head), line(head.map(() => "---")), ...rows,
  line(["an empty sandbox takes", memory, ...(compared ? [""] : [])]), "",
  line(["objects or watchers", ...sizes.map((size) => size.toLocaleString("en"))]),
  line(["---", ...sizes.map(() => "---")]),
  ...growth.map(([what, id]) => line([what, ...sizes.map((size) => cell(`${id}/${size}`))])),
].join("\n");

const readme = new URL("README.md", root);
const text = readFileSync(readme, "utf8");
const load = process.argv[2] === "load";
const table = load ? readFileSync(new URL("target/load-table.md", root), "utf8").trim() : api();
const mark = load ? "load-table" : "bench-table";
const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
const [before, rest] = text.split(begin);
const after = rest?.split(end)[1];
if (after === undefined) throw new Error(`README.md has no ${begin} … ${end}`);
writeFileSync(readme, `${before}${begin}\n${table}\n${end}${after}`);
