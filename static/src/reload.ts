// Whoever writes a lesson sees it as it is: when its file changes, the page is loaded again.

import type { Connection } from "./connection";

export function setUpReload(connection: Connection): void {
  // Files, console and cluster are the server's: a reload finds them as they were, and the browser keeps the place.
  connection.on("lessonChanged", () => location.reload());
}
