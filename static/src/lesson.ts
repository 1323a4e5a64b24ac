// The lesson page: puts its parts together.

import { CatchUp } from "./catchup";
import { Commands } from "./commands";
import { Connection } from "./connection";
import { Console } from "./console";
import { the } from "./dom";
import { Editor } from "./editor";
import { Events } from "./events";
import { LateViews } from "./late";
import { Logs } from "./logs";
import { setUpNarrow } from "./narrow";
import { Pods } from "./pods";
import { Preview } from "./preview";
import { setUpReset } from "./reset";
import { setUpCopies, setUpRuns, setUpTyped } from "./runs";
import { Screens } from "./screens";
import { setUpSplit } from "./split";
import { setUpStatus } from "./status";
import { Steps } from "./steps";
import { Tabs } from "./tabs";
import { setUpTheme } from "./theme";
import { setUpQuizzes } from "./quiz";
import { setUpReload } from "./reload";
import { Verdicts } from "./verdicts";
import { Why } from "./why";
import { setUpSeat } from "./workshop/seated";

const { lesson = "", title = "", starter = "" } = document.body.dataset;

setUpTheme();
setUpSplit();
const connection = new Connection(lesson);
const commands = new Commands(connection);
const open = (pod: string) => {
  logs.follow(pod);
  void late.follow(pod);
  if (views.current?.id === "t-pods" || views.current?.id === "t-events") views.choose(the("t-logs"));
};
const log = new Console(connection, commands, () => ({ pods: pods.names, files: editor.names }), open);
const screens = new Screens(connection, log);
commands.watch(({ id, state }) => {
  if (state === "waiting") screens.own(id);
});
const editor = new Editor(connection, commands, log);
const logs = new Logs(connection);
const late = new LateViews(connection);
const events = new Events(connection);
const views = new Tabs(the("views"), (tab) => {
  if (tab.id === "t-events") events.open();
  void late.chosen(tab.id);
});
const run = (line: string) => log.shown(commands.run(line));
const pods = new Pods(connection, starter, new Why(connection, run), { opened: open, start: run });
new Preview(connection, views, () => commands.running.some((command) => command.line.includes("port-forward")));
const catchUp = new CatchUp(connection, commands, log, (name, text) => editor.put(name, text));
const verdicts = new Verdicts(connection, (states) => steps.stand(states));
const steps = new Steps(lesson, title, connection, (id) => verdicts.of(id), (step) => catchUp.at(step));
setUpQuizzes();
setUpReload(connection);
setUpRuns(commands, log, () => steps.check());
setUpTyped((line) => screens.type(line));
setUpCopies();
setUpReset(connection);
setUpNarrow(connection);
setUpStatus(connection);
setUpSeat(connection, run);
connection.start();

const { beautify } = await import("./codemirror");
editor.replaceSurface(beautify);
