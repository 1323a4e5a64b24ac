// Whoever writes a lesson sees it as it is: when its file changes, the text is exchanged in place.

import type { Connection } from "./connection";

export function setUpReload(connection: Connection, lesson: string): void {
  connection.on("lessonChanged", (message) => {
    // Files, console and cluster are the server's: a reload finds them as they were, and the browser keeps the place.
    if (message.lesson === lesson) location.reload();
  });
}
