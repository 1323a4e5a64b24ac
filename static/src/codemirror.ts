// The editor proper: CodeMirror with YAML, loaded after the page is usable.

import { closeBrackets } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { forEachDiagnostic, lintGutter, lintKeymap, setDiagnosticsEffect } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { assistance, learn, recheck, told } from "./assist";
import { the } from "./dom";
import type { Problem } from "./protocol";
import type { Surface, SurfaceEvents } from "./surface";
import { group, t } from "./text";

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: "y-key" },
  { tag: [tags.string, tags.special(tags.string), tags.content], class: "y-str" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword, tags.atom], class: "y-num" },
  { tag: [tags.comment, tags.lineComment], class: "y-comment" },
  { tag: [tags.punctuation, tags.separator, tags.bracket], class: "y-mute" },
]);

/** The look is in the page's style sheet; CodeMirror's own sheet carries the page's nonce. */
function nonce(): string {
  return document.querySelector<HTMLElement>("script[nonce]")?.nonce ?? "";
}

function extensions(events: SurfaceEvents) {
  return [
    EditorView.cspNonce.of(nonce()),
    keymap.of([{ key: "Mod-Enter", preventDefault: true, run: () => (events.apply(), true) }]),
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    EditorState.phrases.of(group("phrase.")),
    indentUnit.of("  "),
    EditorState.tabSize.of(2),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches(),
    yaml(),
    syntaxHighlighting(colours),
    lintGutter(),
    assistance(),
    keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap, indentWithTab]),
    EditorView.contentAttributes.of({ "aria-label": t("editor.manifest"), "aria-describedby": "verdict", tabindex: "0", spellcheck: "false", autocapitalize: "off" }),
    EditorView.updateListener.of((update) => {
      const typed = update.transactions.some((transaction) => transaction.docChanged && !transaction.isUserEvent("podyard"));
      if (typed) events.changed();
      if (update.transactions.some((transaction) => transaction.effects.some((effect) => effect.is(setDiagnosticsEffect)))) events.found(problems(update.state));
    }),
  ];
}

/** What is marked as wrong, in the order of the text. */
function problems(state: EditorState): Problem[] {
  const found: Problem[] = [];
  forEachDiagnostic(state, ({ message, severity }, from) => {
    const line = state.doc.lineAt(from);
    if (severity === "error") found.push({ line: line.number, column: from - line.from + 1, message });
  });
  return found.sort((one, other) => one.line - other.line || one.column - other.column);
}

class Code implements Surface {
  readonly #view: EditorView;

  constructor(text: string, events: SurfaceEvents) {
    const state = EditorState.create({ doc: text, extensions: extensions(events) });
    this.#view = new EditorView({ state, parent: the("edit") });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }
  set text(text: string) {
    const changes = { from: 0, to: this.#view.state.doc.length, insert: text };
    this.#view.dispatch({ changes, userEvent: "podyard", selection: { anchor: 0 } });
  }
  get at(): number {
    return this.#view.state.selection.main.head;
  }
  set at(offset: number) {
    this.#view.dispatch({ selection: { anchor: Math.min(offset, this.#view.state.doc.length) } });
  }
  get focused(): boolean {
    return this.#view.hasFocus;
  }
  focus(): void {
    this.#view.focus();
  }
  problem(problem: Problem | undefined): void {
    told.set(this.#view, problem);
    recheck(this.#view);
    if (!problem) return;
    const { doc } = this.#view.state;
    const { from } = doc.line(Math.max(1, Math.min(problem.line, doc.lines)));
    this.#view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "center" }) });
  }
  learn(): void {
    // The schemas are large: only who types here needs them.
    if (this.#view.hasFocus) void learn(this.#view);
    else this.#view.contentDOM.addEventListener("focus", () => void learn(this.#view), { once: true });
  }
  remove(): void {
    this.#view.destroy();
  }
}

export function beautify(text: string, events: SurfaceEvents): Surface {
  return new Code(text, events);
}
