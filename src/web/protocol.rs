//! What page and server say to each other over the one websocket: a JSON object a message.
//!
//! Console frames carry a sequence number; a page that reconnects says the last one it has seen and gets what it
//! missed. A command carries an id that the page made; the server runs each id once, however often it arrives.
//! Tables and logs are states, not histories: they are sent whole again after a reconnect, and coalesced for a slow one.

use serde::{Deserialize, Serialize};

use crate::workshops::seat::{SeatRequest, SeatView};

/// From the page.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "op", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// The first message of a connection.
    Hello {
        /// The lesson that is open.
        lesson: String,
        /// The language it is shown in.
        #[serde(default)]
        language: Option<String>,
        /// The last console frame this page has seen; 0 for none.
        #[serde(default)]
        after: u64,
        /// Made by the page when it was loaded, the same over all its connections: whose keys are numbered together.
        #[serde(default)]
        page: String,
    },
    /// Runs a line.
    Run {
        /// Made by the page.
        id: String,
        /// What the learner typed or the lesson gave.
        line: String,
    },
    /// Stores a file and applies it, as `kubectl apply -f FILE` does.
    Apply {
        /// Made by the page.
        id: String,
        /// The file's name.
        file: String,
        /// Its text.
        text: String,
        /// Only what it would change: `kubectl diff -f FILE`.
        #[serde(default)]
        dry_run: bool,
    },
    /// What was typed into a command's terminal.
    Input {
        /// Of the command.
        id: String,
        /// As a terminal sends it.
        data: String,
        /// Counts this page's pieces for this command from 1: one that comes twice is typed once. 0 is not counted.
        #[serde(default)]
        seq: u64,
    },
    /// What became of a text that a command has open in the editor.
    Edited {
        /// Of the edit.
        edit: String,
        /// What it is now; `None` when it was closed as it was.
        text: Option<String>,
    },
    /// How far a text is that a command has open in the editor: the next page that is opened shows it.
    Draft {
        /// Of the edit.
        edit: String,
        /// As it stands.
        text: String,
    },
    /// The size of the screen on which a command's terminal is shown.
    Resize {
        /// Of the command.
        id: String,
        /// Letters side by side.
        columns: u16,
        /// Lines one above the other.
        rows: u16,
    },
    /// Asks what could stand where a line ends.
    Complete {
        /// Of the answer.
        id: String,
        /// The line up to the caret.
        line: String,
    },
    /// Ctrl-C for a command.
    Cancel {
        /// Of the command.
        id: String,
    },
    /// Stores a file of the editor.
    Save {
        /// The file's name.
        file: String,
        /// Its text.
        text: String,
        /// Of the answer, [`Message::Stored`]; 0 wants none.
        #[serde(default)]
        seq: u64,
    },
    /// Takes a file back to the lesson's version.
    Restore {
        /// The file's name.
        file: String,
    },
    /// Chooses whose log the Logs view follows; `None` lets the server choose the newest Pod.
    Logs {
        /// The Pod.
        pod: Option<String>,
        /// The container; `None` is the Pod's first.
        container: Option<String>,
        /// Of the run before the present one.
        #[serde(default)]
        previous: bool,
        /// Whether each line begins with its time.
        #[serde(default)]
        timestamps: bool,
    },
    /// Throws the sandbox away and makes a new one.
    Reset,
    /// The learner wants more time: the session's idle time begins anew, and a session at the end of its total goes on.
    Extend,
    /// Something about the workshop that the learner is in.
    Workshop {
        /// What.
        say: SeatRequest,
    },
    /// The learner reads a step.
    Step {
        /// The step's id.
        step: String,
    },
}

/// To the page.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Message {
    /// The answer to `Hello`.
    Welcome {
        /// The newest console frame.
        seq: u64,
        /// Whether all frames after the page's `after` follow; otherwise the page empties its console first.
        resumed: bool,
        /// The learner's files for this lesson: the lesson's own, as the learner has left them.
        files: Vec<File>,
    },
    /// How the steps of the lesson stand, all of them.
    Checks {
        /// In the order of the lesson.
        steps: Vec<StepChecks>,
    },
    /// The lesson has been written anew: the page loads it again.
    LessonChanged,
    /// How the sandbox fares.
    Sandbox {
        /// Where it stands.
        state: SandboxState,
        /// One sentence for the learner.
        text: String,
    },
    /// A command has begun.
    Started {
        /// Of this frame.
        seq: u64,
        /// The command's.
        id: String,
        /// What runs.
        line: String,
        /// Whether it runs in a terminal; `Input` and `Resize` are for such commands.
        terminal: bool,
    },
    /// What a command wrote.
    Output {
        /// Of this frame.
        seq: u64,
        /// The command's.
        id: String,
        /// `stdout` or `stderr`.
        stream: Stream,
        /// UTF-8; a character never is split.
        text: String,
    },
    /// A command has ended.
    Exit {
        /// Of this frame.
        seq: u64,
        /// The command's.
        id: String,
        /// Its exit code; 130 after Ctrl-C.
        code: i32,
        /// How long it took.
        millis: u64,
        /// Of Apply: where the manifest is wrong, in the order of its text.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        problems: Vec<Problem>,
    },
    /// `clear` was run: the console is to be emptied.
    Clear {
        /// Of this frame.
        seq: u64,
    },
    /// What `kubectl get pods -o wide` would print now.
    Pods {
        /// `NAME`, `READY`, …
        columns: Vec<String>,
        /// The rows.
        rows: Vec<PodRow>,
    },
    /// What `kubectl get events` would print now, newest last.
    Events {
        /// `LAST SEEN`, `TYPE`, …
        columns: Vec<String>,
        /// The cells.
        rows: Vec<Vec<String>>,
    },
    /// Log text of the Pod that the Logs view shows.
    Log {
        /// The Pod; `None` when there is none to show.
        pod: Option<String>,
        /// Its container.
        container: Option<String>,
        /// The Pod's containers, to choose from.
        containers: Vec<String>,
        /// Whether the view is to be emptied first.
        reset: bool,
        /// What is added.
        text: String,
    },
    /// The editor's file was changed by something else than this page (another tab, `Restore`).
    File(File),
    /// A file was removed by `rm`.
    FileGone {
        /// Its name.
        name: String,
    },
    /// The session will end; `Extend` takes that back, and for want of use anything else that the learner does.
    Expires {
        /// In so many seconds; `None` when it no longer will.
        seconds: Option<u64>,
        /// Whether that is because nobody does anything; otherwise it has lasted as long as sessions may.
        idle: bool,
    },
    /// Which steps of the open lesson are done, all of them.
    Progress {
        /// Their ids.
        done: Vec<String>,
    },
    /// All places are taken: the page waits for one, and gets it by itself.
    Queue {
        /// How many others stand before it.
        before: usize,
        /// How many places there are.
        places: usize,
    },
    /// Ports that `kubectl port-forward` holds open, all of them.
    Forwards {
        /// The open ones.
        forwards: Vec<Forward>,
    },
    /// A file that was to be saved is with the server; it need not be sent again.
    Stored {
        /// Of the question.
        seq: u64,
    },
    /// A piece of typing has reached its command's terminal; it need not be sent again.
    Typed {
        /// Of the command.
        id: String,
        /// Of the piece.
        seq: u64,
    },
    /// Texts that commands have open in the editor (`kubectl edit`), all of them.
    Edits {
        /// The open ones, in the order of their opening.
        edits: Vec<Edit>,
    },
    /// What could stand where a line ends.
    Completions {
        /// Of the question.
        id: String,
        /// Whole words.
        options: Vec<String>,
    },
    /// The learner's place in a workshop, whole, whenever it changes.
    Workshop {
        /// What there is to know.
        seat: Box<SeatView>,
    },
    /// The request could not be understood or is refused; nothing else changed.
    Refused {
        /// Of the command, where there is one.
        id: Option<String>,
        /// What is wrong and what to do.
        text: String,
    },
}

/// A file of the editor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// `10-pod.yaml`
    pub name: String,
    /// Its text.
    pub text: String,
    /// Whether it differs from the lesson's.
    pub changed: bool,
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepChecks {
    /// The step's anchor.
    pub step: String,
    /// Whether it has been done; once it has, it stays so.
    pub done: bool,
    /// Its checks, in the order of the lesson; may be none.
    pub checks: Vec<CheckState>,
}

/// How a check stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckState {
    /// What is wanted, as a sentence.
    pub text: String,
    /// Whether it is so.
    pub holds: bool,
    /// What there is.
    pub is: String,
    /// What there should be.
    pub wanted: String,
    /// Why it does not hold, with the evidence; empty when it does.
    pub because: String,
    /// What to try, in markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A problem of a file, at its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Counts from 1.
    pub line: u32,
    /// Counts from 1, in characters.
    pub column: u32,
    /// In kubectl's or the API server's words.
    pub message: String,
}

/// A row of the Pods view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodRow {
    /// The Pod's uid: rows keep their identity while their cells change.
    pub uid: String,
    /// The cells, as kubectl prints them.
    pub cells: Vec<String>,
}

/// A text that a command waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// Its own; a text that is opened again after a mistake has another.
    pub edit: String,
    /// The command that waits.
    pub command: String,
    /// `pods-web.yaml`
    pub name: String,
    /// As it was opened.
    pub text: String,
}

/// An open forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forward {
    /// The local port that the learner named.
    pub port: u16,
    /// `pod/pythonapp`
    pub target: String,
    /// Where the page shows it: `/preview/<token>/`.
    pub url: String,
}

/// One of a command's two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Where a sandbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SandboxState {
    /// Being made.
    Starting,
    /// Commands run.
    Ready,
    /// It could not be made, or is gone.
    Failed,
}
