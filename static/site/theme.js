// In the page itself, so that the first paint waits for nothing: the chosen theme, and the word that scripts run. All else is in the page's module.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  try {
    const theme = localStorage.getItem("podyard-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // A private window keeps nothing; the system's wish holds.
  }
})();
