// An author saves, and the open page shows it, where the reader was.

import type { Connection } from "./connection";
import { the } from "./dom";

const KEY = "podyard-place";

/** Where the reader is: a heading or a step that they have passed, and how far above or below the top it stands. */
interface Place {
  id: string;
  top: number;
}

export function setUpReload(connection: Connection): void {
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (kept) goTo(JSON.parse(kept) as Place);
  connection.on("lessonChanged", () => {
    sessionStorage.setItem(KEY, JSON.stringify(here()));
    location.reload();
  });
}

/** The last that begins above the top of what is shown, or the first where nothing does. */
function here(): Place {
  const lesson = the("lesson");
  const top = Math.max(0, lesson.getBoundingClientRect().top);
  const marks = [...lesson.querySelectorAll<HTMLElement>("h1[id], h2[id], h3[id], h4[id], section.step[id]")];
  const passed = marks.findLast((mark) => mark.getBoundingClientRect().top <= top + 1) ?? marks[0];
  return { id: passed?.id ?? "", top: passed?.getBoundingClientRect().top ?? 0 };
}

/** What was edited above has moved the mark; what has taken its name away leaves the reader at the beginning. */
function goTo({ id, top }: Place): void {
  const mark = document.getElementById(id);
  if (!mark) return;
  const off = () => mark.getBoundingClientRect().top - top;
  // Beside the workbench the lesson scrolls, on a narrow screen the page does.
  the("lesson").scrollTop += off();
  scrollBy(0, off());
}
