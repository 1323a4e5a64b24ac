// Narrow screens: the switch says which half one looks at, and its workbench half tells the last news.

import type { Connection } from "./connection";
import { the } from "./dom";
import { t } from "./text";
import { tone } from "./tone";

export function setUpNarrow(connection: Connection): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>(".switch a")];
  const mark = (hash: string) => {
    for (const link of links) link.hash === hash ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
  };
  const seen = new IntersectionObserver(([entry]) => mark(entry?.isIntersecting ? "#workbench" : "#lesson"), { rootMargin: "-40% 0px -55% 0px" });
  seen.observe(the("workbench"));

  const news = the("switch-news");
  const known = new Map<string, string>();
  connection.on("pods", ({ columns, rows }) => {
    const status = columns.indexOf("STATUS");
    for (const { uid, cells } of rows) {
      const text = `${cells[0]} ${cells[status]}`;
      if (known.get(uid) === text) continue;
      known.set(uid, text);
      news.textContent = text;
      news.className = tone(cells[status] ?? "") === "bad" ? "bad" : "";
    }
    if (!rows.length && known.size) {
      known.clear();
      news.textContent = t("work.noPods");
      news.className = "";
    }
  });
}
