// The editor: files as tabs, saved as one types, applied in place.

import type { Command, Commands } from "./commands";
import type { Connection } from "./connection";
import type { Console } from "./console";
import { el, hidden, icon, the } from "./dom";
import type { Edit, LessonFile, Problem } from "./protocol";
import { reasonOf } from "./reason";
import { PlainSurface, type Surface, type SurfaceEvents } from "./surface";
import { Tabs } from "./tabs";
import { t } from "./text";

const SAVE_AFTER = 400;

type Act = "apply" | "dry-run" | "delete";

interface OpenFile extends LessonFile {
  /** Typed here and not yet sent. */
  dirty: boolean;
  /** Of the lesson; files that the console wrote have nothing to go back to. */
  original: string | undefined;
  /** A command waits for it: no file, and gone when the command has it. */
  edit?: Edit;
}

export class Editor {
  readonly #connection: Connection;
  readonly #commands: Commands;
  readonly #console: Console;
  readonly #list = the("files");
  readonly #verdict = the("verdict");
  readonly #saved = the("saved");
  readonly #restore = the<HTMLButtonElement>("restore");
  readonly #apply = the<HTMLButtonElement>("apply");
  readonly #dryRun = the<HTMLButtonElement>("dry-run");
  readonly #delete = the<HTMLButtonElement>("delete");
  readonly #close = the<HTMLButtonElement>("close-edit");
  readonly #files = new Map<string, OpenFile>();
  readonly #tabs: Tabs;
  #surface: Surface;
  #current = "";
  /** What was open before a command's text came. */
  #before = "";
  #ready = false;
  #timer: number | undefined;
  #acting: string | undefined;
  /** What stands below the text are the cluster's words about it. */
  #said = false;
  /** What the cluster refused; it stays marked when another surface takes over. */
  #problem: Problem | undefined;

  constructor(connection: Connection, commands: Commands, console: Console) {
    this.#connection = connection;
    this.#commands = commands;
    this.#console = console;
    const area = the<HTMLTextAreaElement>("manifest");
    this.#surface = new PlainSurface(area, this.#events());
    this.#fromLesson(area);
    this.#tabs = new Tabs(this.#list, (tab) => this.#open(tab.dataset.name ?? ""));
    this.#draw();
    this.#setUp();
  }

  /** Of the files that there are. */
  get names(): string[] {
    return [...this.#files.values()].filter((file) => !file.edit).map((file) => file.name);
  }

  /** Another surface takes over where the plain one stands; text, place and focus stay. */
  replaceSurface(make: (text: string, events: SurfaceEvents) => Surface): void {
    const before = this.#surface;
    const { text, focused, at } = { text: before.text, focused: before.focused, at: before.at };
    this.#surface = make(text, this.#events());
    this.#surface.at = at;
    before.remove();
    if (focused) this.#surface.focus();
    if (this.#ready) this.#surface.learn();
    if (this.#problem) this.#surface.problem(this.#problem);
  }

  /** Opens a manifest of the lesson in the editor, in the version that the text shows there. */
  offer(name: string, text: string): void {
    this.put(name, text);
    this.#surface.focus();
  }

  /** The same, and the focus stays where it is. */
  put(name: string, text: string): void {
    const file = this.#files.get(name) ?? { name, text, changed: false, dirty: false, original: text };
    this.#files.set(name, file);
    const other = name === this.#current ? this.#surface.text !== text : file.text !== text;
    if (other) {
      file.text = text;
      file.dirty = true;
    }
    this.#show(name);
    if (other) this.#save(file);
  }

  #events(): SurfaceEvents {
    return { changed: () => this.#typed(), apply: () => this.#act("apply"), found: (problems) => this.#found(problems) };
  }

  /** What one has typed so far can't be right: said before the cluster has to say it. */
  #found([first, ...more]: Problem[]): void {
    if (this.#said || this.#acting) return;
    if (!first) this.#say("");
    else this.#say("bad", `${first.line}:${first.column}: ${first.message}${more.length ? ` ${t("editor.more", { count: more.length })}` : ""}`);
  }

  #fromLesson(area: HTMLTextAreaElement): void {
    for (const block of document.querySelectorAll<HTMLElement>(".block.manifest[data-file]")) {
      const name = block.dataset.file ?? "";
      const text = `${block.querySelector("pre")?.textContent ?? ""}\n`;
      if (!this.#files.has(name)) this.#files.set(name, { name, text, changed: false, dirty: false, original: text });
    }
    this.#current = area.dataset.name ?? "";
    const first = this.#files.get(this.#current);
    if (first) first.text = this.#surface.text;
  }

  #setUp(): void {
    this.#connection.on("welcome", ({ files }) => {
      for (const file of files) this.#hear(file);
      for (const file of this.#files.values()) if (file.dirty) this.#save(file);
      this.#draw();
    });
    this.#connection.on("file", (file) => {
      this.#hear(file);
      this.#draw();
    });
    this.#connection.on("fileGone", ({ name }) => this.#gone(name));
    this.#connection.on("edits", ({ edits }) => this.#lend(edits));
    this.#close.addEventListener("click", () => this.#finish(null));
    this.#connection.on("sandbox", ({ state }) => {
      this.#ready = state === "ready";
      if (this.#ready) this.#surface.learn();
    });
    this.#apply.addEventListener("click", () => this.#act("apply"));
    this.#dryRun.addEventListener("click", () => this.#act("dry-run"));
    this.#delete.addEventListener("click", () => this.#act("delete"));
    this.#restore.addEventListener("click", () => this.#doRestore());
    the("lesson").addEventListener("click", (event) => {
      const block = (event.target as Element).closest(".open")?.closest<HTMLElement>(".block.manifest");
      if (block) this.offer(block.dataset.file ?? "", `${block.querySelector("pre")?.textContent ?? ""}\n`);
    });
    addEventListener("pagehide", () => this.#flush());
    this.#commands.first(() => this.#flush());
  }

  #hear({ name, text, changed }: LessonFile): void {
    const file = this.#files.get(name) ?? { name, text, changed, dirty: false, original: undefined };
    this.#files.set(name, file);
    if (!this.#current) this.#current = name;
    file.changed = changed;
    // What is typed here and not yet there is newer.
    if (file.dirty || this.#connection.unsaved(name)) return;
    file.text = text;
    if (name === this.#current && this.#surface.text !== text) this.#surface.text = text;
  }

  /** `rm` has removed a file; one of the lesson's comes back with Reset file. */
  #gone(name: string): void {
    const file = this.#files.get(name);
    if (!file || file.dirty) return;
    this.#files.delete(name);
    const [next] = this.#files.keys();
    if (name === this.#current && next) this.#open(next);
    this.#draw();
  }

  /** The texts that commands wait for, all of them: each is a tab until its command has it back. */
  #lend(edits: Edit[]): void {
    const before = [...this.#files.values()].filter((file) => file.edit && !edits.some(({ edit }) => edit === file.name));
    for (const { name } of before) this.#takeBack(name);
    for (const edit of edits) if (!this.#files.has(edit.edit)) this.#take(edit);
    this.#draw();
  }

  #take(edit: Edit): void {
    const name = edit.edit;
    if (!this.#files.get(this.#current)?.edit) this.#before = this.#current;
    this.#files.set(name, { name, text: edit.text, changed: false, dirty: false, original: edit.text, edit });
    this.#show(name);
    const reason = reasonOf(edit.text);
    this.#said = true;
    if (reason) this.#say("bad", reason);
    else this.#say("", t("editor.waits", { line: this.#commands.lineOf(edit.command) || "kubectl edit" }));
    this.#surface.focus();
  }

  #takeBack(name: string): void {
    const inside = this.#surface.focused || this.#list.contains(document.activeElement) || document.activeElement === this.#close;
    this.#files.delete(name);
    if (name !== this.#current) return;
    const next = this.#files.has(this.#before) ? this.#before : (this.names[0] ?? "");
    this.#open(next);
    if (inside) the("cmd").focus();
  }

  /** The command that waits for the text in front gets it; null leaves it as it was. */
  #finish(text: string | null): void {
    const file = this.#files.get(this.#current);
    if (!file?.edit) return;
    file.dirty = false;
    this.#connection.edited(file.edit.edit, text);
    this.#said = true;
    this.#say(this.#connection.open ? "" : "warn", t(this.#connection.open ? "editor.handedOver" : "editor.later"));
  }

  #show(name: string): void {
    this.#draw();
    const tab = [...this.#list.querySelectorAll<HTMLElement>('[role="tab"]')].find((one) => one.dataset.name === name);
    if (tab) this.#tabs.choose(tab);
  }

  #open(name: string): void {
    const file = this.#files.get(name);
    if (!file && name) return;
    this.#flush();
    this.#current = name;
    this.#said = false;
    this.#surface.text = file?.text ?? "";
    this.#mark(undefined);
    closeDiff();
    the("file").scrollTop = 0;
    this.#say("");
    this.#draw();
  }

  #draw(): void {
    const names = [...this.#files.keys()];
    const shown = [...this.#list.children] as HTMLElement[];
    for (const tab of shown.slice(names.length)) tab.remove();
    names.forEach((name, at) => {
      const tab = shown[at] ?? this.#list.appendChild(el("button", { class: "tab file", role: "tab", type: "button", "aria-controls": "file", id: `file-${at}` }));
      const edit = this.#files.get(name)?.edit;
      const label = edit?.name ?? name;
      if (tab.dataset.name !== name) {
        tab.dataset.name = name;
        tab.replaceChildren(label, ...(edit ? [hidden(t("editor.waiting"))] : []));
        tab.classList.remove("changed");
        tab.classList.toggle("edit", edit !== undefined);
      }
      const on = name === this.#current;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      if (on) the("file").setAttribute("aria-labelledby", tab.id);
      const changed = !edit && this.#differs(name);
      if (changed !== tab.classList.contains("changed")) {
        tab.classList.toggle("changed", changed);
        tab.replaceChildren(label, ...(changed ? [hidden(t("editor.changed"))] : []));
      }
    });
    the("file").dataset.shared = "";
    const lent = this.#files.get(this.#current)?.edit !== undefined;
    this.#restore.hidden = lent || !this.#differs(this.#current);
    this.#dryRun.hidden = this.#delete.hidden = lent;
    this.#close.hidden = !lent;
    for (const button of [this.#apply, this.#dryRun, this.#delete]) button.disabled = names.length === 0;
  }

  #differs(name: string): boolean {
    const file = this.#files.get(name);
    return file !== undefined && (file.original === undefined ? file.changed : file.text !== file.original);
  }

  #typed(): void {
    const file = this.#files.get(this.#current);
    if (!file) return;
    file.text = this.#surface.text;
    this.#said = false;
    file.dirty = true;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#flush(), SAVE_AFTER);
    if (file.edit) return;
    this.#mark(undefined);
    this.#say("");
    closeDiff();
    this.#saved.textContent = "";
    this.#draw();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    for (const file of this.#files.values()) if (file.dirty) this.#save(file);
  }

  #save(file: OpenFile): void {
    file.dirty = false;
    if (file.edit) return this.#connection.draft(file.edit.edit, file.text);
    file.changed = file.text !== file.original;
    this.#connection.save(file.name, file.text);
    this.#saved.textContent = t(this.#connection.open ? "editor.saved" : "editor.savedLater");
  }

  #doRestore(): void {
    const file = this.#files.get(this.#current);
    if (!file) return;
    if (file.original !== undefined) {
      file.text = file.original;
      file.dirty = false;
      this.#surface.text = file.original;
    }
    if (!this.#connection.tell({ op: "restore", file: file.name })) this.#save(file);
    this.#mark(undefined);
    this.#say("");
    this.#draw();
    this.#surface.focus();
  }

  /** Applies the file, or does with it whatever else a button says. */
  #act(act: Act): void {
    const file = this.#files.get(this.#current);
    if (file?.edit) return this.#finish(this.#surface.text);
    if (!file || this.#acting) return;
    clearTimeout(this.#timer);
    file.text = this.#surface.text;
    file.dirty = false;
    this.#mark(undefined);
    closeDiff();
    this.#say("", t(act === "delete" ? "editor.deleting" : act === "dry-run" ? "editor.comparing" : "editor.applying"));
    const command = this.#begin(act, file);
    this.#acting = command.id;
    this.#console.shown(command);
    setTimeout(() => {
      if (command.state === "waiting") this.#say("warn", t("editor.later"));
    }, 300);
  }

  #begin(act: Act, file: OpenFile): Command {
    const heard = (command: Command) => this.#ended(act, file.name, command);
    if (act !== "delete") return this.#commands.apply(file.name, file.text, act === "dry-run", heard);
    this.#save(file);
    return this.#commands.run(`kubectl delete -f ${file.name}`, heard);
  }

  #ended(act: Act, name: string, command: Command): void {
    if (command.state !== "ended") return;
    this.#acting = undefined;
    if (name !== this.#current) return;
    if (act === "dry-run" && !command.stderr && (command.code ?? 2) < 2) this.#compared(command);
    else this.#answered(act, command);
  }

  #compared({ stdout }: Command): void {
    if (!stdout.trim()) {
      this.#say("ok", t("editor.same"));
      return;
    }
    this.#say("");
    void import("./diff").then(({ show }) => show(the("diff"), stdout, () => this.#surface.focus()));
  }

  #answered(act: Act, command: Command): void {
    const good = command.code === 0;
    this.#said = true;
    const words = (good ? command.stdout : command.stderr || command.stdout).trim();
    const problem = command.problems?.[0];
    const place = problem ? `${problem.line}:${problem.column}: ` : "";
    const otherwise = good ? t(act === "delete" ? "editor.gone" : "editor.applied") : t("editor.notApplied", { code: command.code ?? 1 });
    this.#say(good ? "ok" : "bad", place + (words || otherwise));
    if (problem) this.#mark(problem);
  }

  #mark(problem: Problem | undefined): void {
    this.#problem = problem;
    this.#surface.problem(problem);
  }

  #say(tone: string, text = ""): void {
    const glyph = tone === "ok" ? "check" : tone === "bad" ? "cross" : undefined;
    this.#verdict.className = `verdict-line ${tone}`;
    this.#verdict.replaceChildren(...(glyph ? [icon(glyph)] : []), ...(text ? [el("span", {}, text)] : []));
  }
}

/** What was compared is no longer what stands in the editor. */
function closeDiff(): void {
  the("diff").hidden = true;
}
