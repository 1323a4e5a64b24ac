// A real terminal: xterm.js, loaded when a command asks for one.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import sheet from "@xterm/xterm/css/xterm.css";
import { el } from "./dom";

export interface ScreenEvents {
  /** Keys, pasted text, the mouse: what a terminal sends. */
  typed(data: string): void;
  resized(columns: number, rows: number): void;
}

let dressed = false;

export class Screen {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #place: HTMLElement;
  /** Pieces of old output that are being written again: what they ask has been answered long ago. */
  #replaying = 0;

  constructor(place: HTMLElement, readable: boolean, events: ScreenEvents) {
    dress();
    this.#place = place;
    this.#terminal = new Terminal({
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
      fontSize: 13,
      lineHeight: 1.25,
      cursorBlink: false,
      minimumContrastRatio: 4.5,
      screenReaderMode: readable,
      scrollback: 5_000,
      convertEol: true,
      theme: theme(place),
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.attachCustomKeyEventHandler((event) => this.#isOurs(event));
    this.#terminal.open(place);
    this.#terminal.onData((data) => {
      if (!this.#replaying) events.typed(data);
    });
    this.#terminal.onResize(({ cols, rows }) => events.resized(cols, rows));
    new ResizeObserver(() => this.refit()).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
    new MutationObserver(() => this.#paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.refit();
    events.resized(this.#terminal.cols, this.#terminal.rows);
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** Output; `old` when it is shown again after a reload. */
  write(text: string, old: boolean): void {
    if (!old) {
      this.#terminal.write(text);
      return;
    }
    this.#replaying += 1;
    this.#terminal.write(text, () => (this.#replaying -= 1));
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** Whether a screen reader reads what is on it. */
  readable(on: boolean): void {
    this.#terminal.options.screenReaderMode = on;
  }

  refit(): void {
    if (this.#place.clientHeight > 40 && this.#place.clientWidth > 40) this.#fit.fit();
  }

  /** All that is left on it, as text. */
  text(): Promise<string> {
    return new Promise((resolve) => this.#terminal.write("", () => resolve(this.#lines())));
  }

  dispose(): void {
    this.#terminal.dispose();
  }

  #lines(): string {
    const { normal } = this.#terminal.buffer;
    let text = "";
    for (let at = 0; at < normal.length; at++) {
      const line = normal.getLine(at);
      if (line) text += (line.isWrapped || at === 0 ? "" : "\n") + line.translateToString(!normal.getLine(at + 1)?.isWrapped);
    }
    return text.trimEnd();
  }

  /** Keys that stay the browser's: leaving by Shift+Tab, copying what is selected, and pasting. */
  #isOurs(event: KeyboardEvent): boolean {
    if (event.key === "Tab" && event.shiftKey) return false;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "v") return false;
    if (command && event.key.toLowerCase() === "c" && this.#terminal.hasSelection()) {
      if (event.type === "keyup") this.#terminal.clearSelection();
      return false;
    }
    return true;
  }

  #paint(): void {
    this.#terminal.options.theme = theme(this.#place);
  }
}

/** Once: xterm's own style sheet, and the way for those that it makes itself. */
function dress(): void {
  if (dressed) return;
  dressed = true;
  const nonce = document.querySelector<HTMLElement>("script[nonce]")?.nonce ?? "";
  document.head.append(el("style", { nonce }, sheet));
  admit(document, nonce);
}

/**
 * xterm writes style sheets and style attributes. The page's policy lets sheets pass with the nonce only, and no
 * attribute; what a script sets property by property is free.
 */
function admit(page: Document, nonce: string): void {
  const make = page.createElement.bind(page);
  page.createElement = (tag: string, options?: ElementCreationOptions) => {
    const element = make(tag, options);
    if (tag === "style") element.nonce = nonce;
    if (tag === "span") element.setAttribute = (name, value) => (name === "style" ? styled(element, value) : Element.prototype.setAttribute.call(element, name, value));
    return element;
  };
}

function styled(element: HTMLElement, value: string): void {
  element.style.cssText = value;
}

/** The page's colours as xterm wants them. */
function theme(place: HTMLElement): Record<string, string> {
  const probe = el("span", { hidden: true });
  place.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const [ink, quiet, ok, warn, bad, accent] = ["ink", "ink-3", "ok", "warn", "bad", "accent"].map(colour) as [string, string, string, string, string, string];
  const named = { red: bad, green: ok, yellow: warn, blue: accent, magenta: colour("syn-num"), cyan: colour("syn-key"), white: colour("ink-2"), black: quiet };
  const bright = Object.fromEntries(Object.entries(named).map(([name, value]) => [`bright${name[0]?.toUpperCase()}${name.slice(1)}`, value]));
  const found = { background: colour("paper"), foreground: ink, cursor: accent, cursorAccent: colour("paper"), selectionBackground: colour("select"), ...named, ...bright, brightWhite: ink };
  probe.remove();
  return found;
}
