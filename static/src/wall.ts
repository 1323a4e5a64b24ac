// The instructor's wall: puts its parts together.

import { setText, the } from "./dom";
import "./workshop/wall-text";
import { t } from "./text";
import { setUpTheme } from "./theme";
import { showAround, showLost } from "./workshop/around";
import { perform } from "./workshop/deeds";
import { type Change, listen } from "./workshop/events";
import { Messages } from "./workshop/message";
import { showHands, showStuck } from "./workshop/needs";
import { Peer } from "./workshop/peer";
import { Table } from "./workshop/table";

const workshop = document.body.dataset.workshop ?? "";
setUpTheme();
const messages = new Messages(workshop);
const peer = new Peer(workshop, () => {
  table.chosen = "";
  messages.one(undefined, "");
});
const table = new Table(open);
let last: Change | undefined;

function open(id: string): void {
  const row = table.row(id);
  if (!row) return;
  const name = table.called(id, row.name);
  peer.open(id, name, row.here ? row.here.join(" ") : "");
  table.chosen = id;
  messages.one(id, name);
}

const doings = {
  open,
  lower: (learner: string) => void perform(workshop, { op: "lower", learner }),
  called: (id: string, name: string) => table.called(id, name),
};

function show(change: Change): void {
  last = change;
  table.show(change);
  showHands(change.hands, doings);
  showStuck(change.stuck, doings);
  messages.stuck(change.stuck.map((need) => need.id));
  showAround(change);
  showPace(change);
}

function showPace({ hold, reached, state }: Change): void {
  setText(the("pace-word"), t(hold ? "wall.holding" : "wall.holdAt"));
  setText(the("hold"), t(hold ? "wall.release" : "wall.hold"));
  the("hold").className = hold ? "btn primary" : "btn";
  setText(the("reached"), hold ? t("wall.reached", { count: reached ?? 0 }) : "");
  const gate = the<HTMLSelectElement>("gate");
  gate.disabled = hold !== null;
  if (hold) gate.value = hold.join("#");
  press("pause", state === "paused", t("wall.goOn"), t("wall.pauseAll"));
  press("close", state === "closed", t("wall.reopen"), t("wall.close"));
  for (const id of ["pause", "close", "end", "hold"]) the<HTMLButtonElement>(id).disabled = state === "ended";
  if (state === "ended") setText(the("end"), t("wall.over"));
}

function press(id: string, on: boolean, pressed: string, released: string): void {
  the(id).setAttribute("aria-pressed", String(on));
  setText(the(id), on ? pressed : released);
}

the("pace").addEventListener("submit", (event) => {
  event.preventDefault();
  const [lesson = "", step = ""] = the<HTMLSelectElement>("gate").value.split("#");
  void perform(workshop, last?.hold ? { op: "release" } : { op: "hold", lesson, step });
});
the("pause").addEventListener("click", () => void perform(workshop, { op: last?.state === "paused" ? "resume" : "pause" }));
the("close").addEventListener("click", () => void perform(workshop, { op: last?.state === "closed" ? "resume" : "close" }));
the("end").addEventListener("click", () => {
  if (confirm(t("wall.endSure"))) void perform(workshop, { op: "end" });
});
the("names").addEventListener("click", () => {
  const anonymous = the("names").getAttribute("aria-pressed") !== "true";
  press("names", anonymous, t("wall.showNames"), t("wall.hideNames"));
  table.anonymous = anonymous;
  peer.close();
  messages.one(undefined, "");
  if (last) showHands(last.hands, doings);
  if (last) showStuck(last.stuck, doings);
});
the("show-link").addEventListener("click", () => the<HTMLDialogElement>("link").showModal());
listen<Change>(`/workshops/${workshop}/live`, show, (link) => {
  if (link === "lost") showLost();
});
