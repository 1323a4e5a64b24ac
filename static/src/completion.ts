// Completing a command line: verbs, kinds, names and files, as far as this page knows them. Pure.

export interface Known {
  pods: string[];
  files: string[];
}

export interface Completion {
  /** Where the completed word begins. */
  from: number;
  options: string[];
}

const PROGRAMS = ["kubectl", "cat", "clear", "curl", "echo", "grep", "head", "help", "ls", "sort", "tail", "watch", "wc"];
const VERBS = ["annotate", "api-resources", "apply", "attach", "cp", "create", "delete", "describe", "diff", "edit", "events", "exec", "explain", "expose", "get", "label", "logs", "patch", "port-forward", "replace", "rollout", "run", "scale", "set", "top", "version", "wait"];
const KINDS = ["all", "configmaps", "cronjobs", "daemonsets", "deployments", "endpoints", "events", "jobs", "namespaces", "nodes", "persistentvolumeclaims", "pods", "replicasets", "secrets", "serviceaccounts", "services", "statefulsets"];
const POD_WORDS = new Set(["pod", "pods", "po"]);
const TAKES_KIND = new Set(["get", "describe", "delete", "edit", "label", "annotate", "patch", "explain", "wait", "scale", "expose"]);
const TAKES_POD = new Set(["logs", "exec", "attach", "port-forward"]);
const FLAGS: Record<string, string[]> = {
  "": ["--namespace=", "--help"],
  get: ["-o", "-w", "--watch", "-l", "--all-namespaces", "--show-labels", "--sort-by="],
  logs: ["-f", "--previous", "-c", "--tail=", "--timestamps", "--all-containers"],
  delete: ["-f", "--now", "--force", "--all", "-l"],
  apply: ["-f", "--dry-run=server", "--dry-run=client"],
  create: ["-f", "--dry-run=client", "-o"],
  replace: ["-f", "--force"],
  diff: ["-f"],
  run: ["--image=", "--restart=Never", "--rm", "-it", "--dry-run=client", "--env=", "--port="],
  exec: ["-c", "-it", "--"],
  describe: ["-f", "-l"],
  wait: ["--for=condition=Ready", "--for=delete", "--timeout="],
};
const FORMATS = ["wide", "yaml", "json", "name", "jsonpath="];

/** What could stand where the caret is. */
export function complete(line: string, known: Known): Completion {
  const command = line.split(/\||;|&&/).at(-1)?.trimStart() ?? "";
  const words = command.split(/\s+/);
  const word = words.at(-1) ?? "";
  const options = candidates(words, known).filter((option) => option.startsWith(word) && option !== word);
  return { from: line.length - word.length, options: [...new Set(options)] };
}

function candidates(words: string[], known: Known): string[] {
  const [program = "", verb = ""] = words;
  if (words.length === 1) return PROGRAMS;
  if (program !== "kubectl" && program !== "k") return known.files;
  if (words.length === 2) return VERBS;
  if (words.slice(0, -1).includes("--")) return [];
  const before = words.at(-2) ?? "";
  const word = words.at(-1) ?? "";
  if (before === "-f" && verb !== "logs") return known.files;
  if (before === "-o") return FORMATS;
  if (word.startsWith("-")) return [...(FLAGS[verb] ?? []), ...(FLAGS[""] ?? [])];
  return objects(verb, words.slice(2, -1).filter((one) => !one.startsWith("-")), known, word);
}

function objects(verb: string, given: string[], known: Known, word: string): string[] {
  const slash = known.pods.map((name) => `pod/${name}`);
  if (TAKES_POD.has(verb)) return given.length ? [] : word.includes("/") ? slash : verb === "port-forward" ? slash : known.pods;
  if (!TAKES_KIND.has(verb)) return [];
  if (!given.length) return word.includes("/") || verb === "wait" ? slash : [...KINDS, ...KINDS.map(singular)];
  return POD_WORDS.has(given[0]?.toLowerCase() ?? "") ? known.pods : [];
}

function singular(kind: string): string {
  return kind === "all" || kind === "endpoints" ? kind : kind.replace(/s$/, "");
}

/** The longest beginning that all share. */
export function shared(options: string[]): string {
  const [first = ""] = options;
  let length = first.length;
  for (const option of options) while (!option.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}
