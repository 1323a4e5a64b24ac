// Tabs as in the ARIA authoring practices: one tab stop, arrows move and choose.

export class Tabs {
  readonly #list: HTMLElement;
  readonly #chosen: (tab: HTMLElement) => void;

  constructor(list: HTMLElement, chosen: (tab: HTMLElement) => void = () => {}) {
    this.#list = list;
    this.#chosen = chosen;
    list.addEventListener("click", (event) => {
      const tab = (event.target as Element).closest<HTMLElement>('[role="tab"]');
      if (tab) this.choose(tab);
    });
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  get tabs(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('[role="tab"]:not([hidden])')];
  }

  get current(): HTMLElement | undefined {
    return this.tabs.find((tab) => tab.getAttribute("aria-selected") === "true");
  }

  choose(chosen: HTMLElement): void {
    for (const tab of this.#list.querySelectorAll<HTMLElement>('[role="tab"]')) {
      const on = tab === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel?.dataset.shared === undefined && panel) panel.hidden = !on;
    }
    this.#chosen(chosen);
  }

  #key(event: KeyboardEvent): void {
    const tabs = this.tabs;
    const at = tabs.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    const tab = to === undefined ? undefined : tabs[to % tabs.length];
    if (!tab) return;
    event.preventDefault();
    tab.focus();
    this.choose(tab);
  }
}
