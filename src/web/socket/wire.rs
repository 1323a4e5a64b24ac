//! What the session says, as the protocol's messages. Everything is taken apart, so that a new field does not compile
//! until it has found its place.

use super::words;
use crate::{
    lessons::check::Verdict,
    manifest::Problem,
    sandbox::Caveat,
    sessions::{
        checks::{CheckState, StepState},
        desk::Sheet,
        edits::Edit,
        forwards::Forward,
        live::{
            logs::{LogPiece, Source},
            table::{Row, Table},
        },
        scrollback::{Frame, What},
        session::Warning,
        state::{Ending, Sandbox},
    },
    web::{
        protocol::{self, Message, PodRow, SandboxState, Stream},
        texts::Texts,
    },
};

fn problem(Problem { line, column, message }: Problem) -> protocol::Problem {
    protocol::Problem { line, column, message }
}

pub(in crate::web) fn frame(Frame { seq, what }: &Frame) -> Message {
    let seq = *seq;
    match what.clone() {
        What::Started { id, line, terminal } => Message::Started { seq, id, line, terminal },
        What::Output { id, errors, text } => {
            let stream = if errors { Stream::Stderr } else { Stream::Stdout };
            Message::Output { seq, id, stream, text }
        }
        What::Exit { id, code, millis, problems } => {
            Message::Exit { seq, id, code, millis, problems: problems.into_iter().map(problem).collect() }
        }
        What::Clear => Message::Clear { seq },
    }
}

/// What is said where frames are missing before this one.
pub(in crate::web) fn gap(before: &Frame, t: &Texts) -> Message {
    let id = match &before.what {
        What::Started { id, .. } | What::Output { id, .. } | What::Exit { id, .. } => id.clone(),
        What::Clear => String::new(),
    };
    let text = format!("\n[{}]\n", t.say("socket.gap"));
    Message::Output { seq: before.seq - 1, id, stream: Stream::Stderr, text }
}

pub(in crate::web) fn checks(steps: &[StepState]) -> Message {
    let check = |CheckState { text, verdict, hint }: CheckState| {
        let Verdict { holds, is, wanted, because } = verdict;
        protocol::CheckState { text, holds, is, wanted, because, hint }
    };
    let step = |StepState { step, done, checks }: &StepState| protocol::StepChecks {
        step: step.clone(),
        done: *done,
        checks: checks.iter().cloned().map(check).collect(),
    };
    Message::Checks { steps: steps.iter().map(step).collect() }
}

pub(in crate::web) fn file(Sheet { name, text, changed }: Sheet) -> Message {
    match text {
        Some(text) => Message::File(protocol::File { name, text, changed }),
        None => Message::FileGone { name },
    }
}

pub(in crate::web) fn files(sheets: Vec<Sheet>) -> Vec<protocol::File> {
    let there = |Sheet { name, text, changed }: Sheet| text.map(|text| protocol::File { name, text, changed });
    sheets.into_iter().filter_map(there).collect()
}

pub(in crate::web) fn pods(table: &Table) -> Message {
    let Table { columns, rows } = table;
    let row = |Row { uid, cells, .. }: &Row| PodRow { uid: uid.clone(), cells: cells.clone() };
    Message::Pods { columns: columns.clone(), rows: rows.iter().map(row).collect() }
}

pub(in crate::web) fn events(table: &Table) -> Message {
    let Table { columns, rows } = table;
    Message::Events { columns: columns.clone(), rows: rows.iter().map(|row| row.cells.clone()).collect() }
}

pub(in crate::web) fn log(LogPiece { source, reset, text }: LogPiece) -> Message {
    let (pod, container, containers) = match source {
        Some(Source { pod, container, containers }) => (Some(pod), Some(container), containers),
        None => (None, None, Vec::new()),
    };
    Message::Log { pod, container, containers, reset, text }
}

pub(in crate::web) fn forwards(open: &[Forward]) -> Message {
    let shown = |Forward { port, target, token }: &Forward| protocol::Forward {
        port: *port,
        target: target.clone(),
        url: format!("/preview/{}/", token.as_str()),
    };
    Message::Forwards { forwards: open.iter().map(shown).collect() }
}

pub(in crate::web) fn edits(open: &[Edit]) -> Message {
    let shown = |Edit { id, command, name, text }: &Edit| protocol::Edit {
        edit: id.as_str().to_owned(),
        command: command.clone(),
        name: name.clone(),
        text: text.clone(),
    };
    Message::Edits { edits: open.iter().map(shown).collect() }
}

/// `caveats` are what is amiss with every sandbox of this server.
pub(in crate::web) fn sandbox(sandbox: &Sandbox, caveats: &[Caveat], t: &Texts) -> Message {
    let state = match sandbox {
        Sandbox::None | Sandbox::Starting(_) => SandboxState::Starting,
        Sandbox::Ready => SandboxState::Ready,
        Sandbox::Failed(_) => SandboxState::Failed,
    };
    let text = words::sandbox(t, sandbox, caveats);
    Message::Sandbox { state, text }
}

pub(in crate::web) fn expires(warning: Warning) -> Message {
    let idle = warning.is_none_or(|(_, ending)| ending == Ending::Idle);
    Message::Expires { seconds: warning.map(|(left, _)| left.as_secs()), idle }
}
