// Whether one is in a workshop; what its bar is made of is loaded only for those who are.

import type { Connection } from "../connection";
import type { Seat } from "../protocol";
import type { Bar } from "./seat";

export function setUpSeat(connection: Connection, run: (line: string) => void): void {
  let bar: Promise<Bar> | undefined;
  let newest: Seat;
  connection.on("workshop", ({ seat }) => {
    newest = seat;
    bar ??= import("./seat").then(({ Bar }) => new Bar(connection, run));
    void bar.then((made) => made.show(newest));
  });
}
