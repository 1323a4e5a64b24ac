// Light, dark, or as the system wishes.

import { t } from "./text";

const NAMES = ["system", "light", "dark"] as const;
type Theme = (typeof NAMES)[number];
const KEY = "podyard-theme";

function stored(): Theme {
  try {
    const name = localStorage.getItem(KEY);
    return NAMES.find((known) => known === name) ?? "system";
  } catch {
    return "system";
  }
}

export function setUpTheme(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-theme-toggle]");
  let theme = stored();
  const show = () => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button?.setAttribute("aria-label", t(`theme.${theme}`));
    button?.setAttribute("title", t(`theme.${theme}`));
  };
  show();
  button?.addEventListener("click", () => {
    theme = NAMES[(NAMES.indexOf(theme) + 1) % NAMES.length] ?? "system";
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A private window: the choice lasts as long as the page.
    }
    show();
  });
}
