// An author saves, and the open page shows it, where the reader was.

import type { Connection } from "./connection";
import { the } from "./dom";

const KEY = "podyard-place";

export function setUpReload(connection: Connection): void {
  const scroller = the("lesson");
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (kept) {
    const { page, lesson } = JSON.parse(kept) as { page: number; lesson: number };
    scrollTo(0, page);
    scroller.scrollTop = lesson;
  }
  connection.on("lessonChanged", () => {
    sessionStorage.setItem(KEY, JSON.stringify({ page: scrollY, lesson: scroller.scrollTop }));
    location.reload();
  });
}
