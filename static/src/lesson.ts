// The lesson page: puts its parts together.

import { Commands } from "./commands";
import { Connection } from "./connection";
import { Console } from "./console";
import { the } from "./dom";
import { Editor } from "./editor";
import { Events } from "./events";
import { Logs } from "./logs";
import { setUpNarrow } from "./narrow";
import { Pods } from "./pods";
import { Preview } from "./preview";
import { setUpReset } from "./reset";
import { setUpCopies, setUpRuns } from "./runs";
import { setUpSplit } from "./split";
import { setUpStatus } from "./status";
import { Steps } from "./steps";
import { Tabs } from "./tabs";
import { setUpTheme } from "./theme";
import { Timeline } from "./timeline";
import { Why } from "./why";

const { lesson = "", title = "", starter = "" } = document.body.dataset;
const address = new URL("/socket", location.href);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";

setUpTheme();
setUpSplit();
const connection = new Connection(address.href, lesson);
const commands = new Commands(connection);
const log = new Console(connection, commands, () => ({ pods: pods.names, files: editor.names }));
const editor = new Editor(connection, commands, log);
const logs = new Logs(connection);
const timeline = new Timeline(connection);
const views = new Tabs(the("views"), (tab) => {
  if (tab.id === "t-timeline") timeline.draw();
});
const run = (line: string) => log.shown(commands.run(line));
const pods = new Pods(connection, starter, new Why(connection, run), {
  opened: (name) => {
    logs.follow(name);
    timeline.follow(name);
    views.choose(the("t-logs"));
  },
  start: run,
});
new Events(connection);
new Preview(connection, views, () => commands.running.some((command) => command.line.includes("port-forward")));
const steps = new Steps(lesson, title);
setUpRuns(commands, log, () => steps.check());
setUpCopies();
setUpReset(connection);
setUpNarrow(connection);
setUpStatus(connection);
connection.start();

const { beautify } = await import("./codemirror");
editor.replaceSurface(beautify);
