// Making elements without markup in strings: text never becomes HTML.

type Child = Node | string | null | undefined | false;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean | number | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** A command line that breaks between its words: after the hyphens of `--image` it would read as two. */
export function commandLine(line: string): HTMLElement {
  const words = line.split(" ").flatMap((word, at) => [at ? " " : "", el("span", {}, word)]);
  return el("code", {}, ...words);
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag: string, attributes: Record<string, string | number> = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  append(element, children);
  return element;
}

function append(element: Element, children: Child[]): void {
  for (const child of children) if (child) element.append(child);
}

/** One of the page's symbols. */
export function icon(name: string, classes = "ico sm"): SVGElement {
  return svg("svg", { class: classes, "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));
}

/** An element that the page's template always has. */
export function the<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** Words, for people who hear the page. */
export function hidden(text: string): HTMLElement {
  return el("span", { class: "vh" }, text);
}

/** Replaces an element's text only where it differs, so that a selection in it survives. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
