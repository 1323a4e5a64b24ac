// The wall for everybody in the room: who is who is not even sent.

import { setUpTheme } from "./theme";
import { showAround, showLost } from "./workshop/around";
import { type Change, listen } from "./workshop/events";
import { Table } from "./workshop/table";

setUpTheme();
const table = new Table();
table.anonymous = true;
listen<Change>(`/workshops/${document.body.dataset.workshop ?? ""}/projector/live`, (change) => {
  table.show(change);
  showAround(change);
}, (link) => {
  if (link === "lost") showLost();
});
