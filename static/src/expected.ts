// Whether a learner's output is the one the lesson shows, apart from the parts that differ from run to run.

export type Part = { text: string; varies: boolean };

/** The lesson's output as parts; `i.any` is what varies. */
export function partsOf(sample: Element): Part[] {
  return [...sample.childNodes].map((node) => ({ text: node.textContent ?? "", varies: node.nodeName === "I" }));
}

/** Compares, taking runs of blanks as one: column widths follow the widest value. */
export function same(parts: Part[], output: string): boolean {
  const pattern = parts.map((part) => (part.varies ? "[\\s\\S]+?" : literal(part.text))).join("");
  return new RegExp(`^\\s*${pattern}\\s*$`).test(output);
}

function literal(text: string): string {
  return text
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"))
    .join("\\s+");
}
