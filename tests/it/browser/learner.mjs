// A learner in front of a browser of their own. Everything is found by the name that a screen reader reads out.
import { chromium } from "playwright-core";

/** Far beyond what anything here ever needs. */
const PATIENCE = 60_000;

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** Starts Debian's Chromium; `tools/setup test` installs it. */
export function browser() {
  return chromium.launch({ executablePath: process.env.PODYARD_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/** Views ask the cluster for objects by name; that one has gone meanwhile is an answer as any other. */
function hasJustGone(message) {
  return message.location().url.includes("/kube/") && message.text().includes("404 (Not Found)");
}

export class Learner {
  /** Someone new: no cookies, the front page open. */
  static async arrive(browser, options = {}, path = "/") {
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const learner = new Learner(page);
    page.on("pageerror", (error) => learner.complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !hasJustGone(message)) learner.complaints.push(message.text());
    });
    await page.goto(`${process.env.PODYARD_URL}${path}`);
    return learner;
  }

  constructor(page) {
    this.page = page;
    /** What the browser itself complained about: script errors, refused styles, missing files. */
    this.complaints = [];
    this.console = page.getByRole("log", { name: "Console" });
    this.command = page.getByRole("textbox", { name: "Command" });
    this.manifest = page.getByRole("textbox", { name: "Manifest" });
    this.apply = page.getByRole("button", { name: "Apply" });
  }

  /** Opens a lesson by its link on the front page and waits for the connection. */
  async open(title) {
    await this.page.getByRole("link", { name: title }).first().click();
    await this.connected();
  }

  async connected() {
    await this.page.getByRole("status").filter({ hasText: "Connected" }).waitFor();
  }

  async reload() {
    await this.page.reload();
    await this.connected();
  }

  /** The runnable blocks in the lesson's order. */
  blocks() {
    return this.page.locator("[data-command]");
  }

  block(command) {
    return this.page.locator(`[data-command=${JSON.stringify(command)}]`).first();
  }

  /** Presses Run on a block. */
  async start(block) {
    await block.getByRole("button", { name: "Run" }).click();
  }

  /** Presses Run and waits for the end; gives the exit code that the block shows. */
  async run(block) {
    await this.start(block);
    const shown = block.locator(".ran").filter({ hasText: /ran · \d+ ms|exit \d+/ });
    await shown.waitFor();
    return Number(/exit (\d+)/.exec(await shown.innerText())?.[1] ?? 0);
  }

  /** Types a line into the console. */
  async type(line) {
    await this.command.fill(line);
    await this.command.press("Enter");
  }

  /** Replaces the manifest in the editor. */
  async write(text) {
    // CodeMirror takes the textarea's place a moment after the page is there; keys pressed in between go to neither.
    await this.page.locator(".cm-content").waitFor();
    await this.manifest.click();
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.press("Delete");
    await this.page.keyboard.insertText(text);
  }

  /** Waits until an element's text holds `text`. */
  async says(locator, text) {
    await locator.filter({ hasText: text }).first().waitFor();
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  tab(name) {
    return this.page.getByRole("tab", { name });
  }

  /** Waits for a row of the Pods view. */
  async seesPod(name, status) {
    await this.page.getByRole("row").filter({ hasText: name }).filter({ hasText: status }).first().waitFor();
  }

  /** Waits for the Pods view to be empty, in kubectl's words. */
  async seesNoPods() {
    await this.says(this.page.getByRole("tabpanel", { name: "Pods" }), "No resources found in default namespace.");
  }
}
