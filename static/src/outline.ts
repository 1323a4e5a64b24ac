// What stands where in a manifest: each key with its place and its path. Reads YAML as people indent it; what stands in
// braces or in a block of text is left alone. It never fails: an unfinished line is what one is typing.

export interface Entry {
  /** From 0. */
  line: number;
  /** Where the key begins and ends in its line. */
  from: number;
  to: number;
  key: string;
  /** `["spec", "containers", 0, "image"]` */
  path: Path;
  /** What follows the colon, without a comment; empty for a mapping or a list below. */
  value: string;
  /** Where the value begins in its line. */
  valueFrom: number;
  /** Which of the documents it belongs to, from 0. */
  document: number;
}

export type Path = (string | number)[];

interface Level {
  /** Keys of this level begin in this column. */
  column: number;
  path: Path;
  /** The list that `- ` at this column adds to. */
  items?: number;
  key?: string;
}

const KEY = /^("[^"]*"|'[^']*'|[^\s#:{}[\],&*!|>'"%@`-][^:#]*?|-[^\s:][^:#]*?)\s*:(?=\s|$)/;

/** All keys, in order. */
export function outline(text: string): Entry[] {
  const entries: Entry[] = [];
  const reader = new Reader(entries);
  text.split("\n").forEach((line, number) => reader.read(line, number));
  return entries;
}

class Reader {
  readonly #entries: Entry[];
  #levels: Level[] = [];
  #document = 0;
  /** Lines deeper than this belong to a block of text. */
  #textBelow: number | undefined;

  constructor(entries: Entry[]) {
    this.#entries = entries;
  }

  read(line: string, number: number): void {
    if (/^---(\s|$)/.test(line)) {
      this.#levels = [];
      this.#document += 1;
      this.#textBelow = undefined;
      return;
    }
    let column = line.length - line.trimStart().length;
    if (!line.trim() || line.trimStart().startsWith("#")) return;
    if (this.#textBelow !== undefined) {
      if (column > this.#textBelow) return;
      this.#textBelow = undefined;
    }
    let rest = line.slice(column);
    while (/^-(\s|$)/.test(rest)) {
      this.#item(column);
      const inner = rest.slice(1);
      const gap = inner.length - inner.trimStart().length;
      column += 1 + gap;
      rest = inner.trimStart();
    }
    const match = rest.match(KEY);
    if (match) this.#key(line, number, column, match);
    else if (/^[|>][+-]?\d*\s*$/.test(rest)) this.#textBelow = Math.max(0, column - 1);
  }

  #item(column: number): void {
    // A list may stand in the column of its own key.
    while (this.#levels.length && (this.#top().column > column || (this.#top().column === column && this.#top().items === undefined && this.#top().key === undefined))) this.#levels.pop();
    let top = this.#levels.at(-1);
    if (top && top.items === undefined && top.key !== undefined && top.column <= column) {
      top = { column, path: [...top.path, top.key], items: -1 };
      this.#levels.push(top);
    } else if (!top || top.items === undefined) {
      top = { column, path: top?.path ?? [], items: -1 };
      this.#levels.push(top);
    }
    top.items = (top.items ?? -1) + 1;
    this.#levels.push({ column: column + 1, path: [...top.path, top.items] });
  }

  #key(line: string, number: number, column: number, match: RegExpMatchArray): void {
    const raw = match[1] ?? "";
    const key = raw.replace(/^(["'])(.*)\1$/, "$2").trim();
    while (this.#levels.length > 1 && this.#top().column > column) this.#levels.pop();
    while (this.#levels.length && this.#top().items !== undefined && this.#top().column >= column) this.#levels.pop();
    let top = this.#levels.at(-1);
    if (!top) {
      top = { column, path: [] };
      this.#levels.push(top);
    } else if (top.items === undefined && top.key === undefined && column > top.column) {
      top.column = column;
    } else if (column > top.column && top.key !== undefined) {
      top = { column, path: [...top.path, top.key] };
      this.#levels.push(top);
    }
    top.key = key;
    const valueFrom = column + match[0].length + (line.slice(column + match[0].length).match(/^\s*/)?.[0].length ?? 0);
    const value = withoutComment(line.slice(valueFrom));
    this.#entries.push({ line: number, from: column, to: column + raw.length, key, path: [...top.path, key], value, valueFrom, document: this.#document });
    if (/^[|>][+-]?\d*$/.test(value)) this.#textBelow = column;
  }

  #top(): Level {
    return this.#levels[this.#levels.length - 1] as Level;
  }
}

function withoutComment(text: string): string {
  if (text.startsWith("#")) return "";
  const quoted = text.match(/^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')/);
  return (quoted ? quoted[0] : text.replace(/\s+#.*$/, "")).trim();
}

/** A path as Kubernetes writes it. */
export function written(path: Path): string {
  return path.map((step, at) => (typeof step === "number" ? `[${step}]` : at ? `.${step}` : step)).join("");
}

/** Where a new key in some column of some line would belong: the path of the mapping around it. */
export function around(text: string, line: number, column: number): { path: Path; document: number } {
  const lines = text.split("\n").slice(0, line);
  const probe = "podyard";
  const own = text.split("\n")[line] ?? "";
  const dashes = own.match(/^\s*(?:- +)*/)?.[0] ?? "";
  const start = own.trim() ? dashes : " ".repeat(column);
  const found = outline([...lines, `${start}${probe}: x`].join("\n")).at(-1);
  return { path: found?.path.slice(0, -1) ?? [], document: found?.document ?? 0 };
}
