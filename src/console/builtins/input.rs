//! What a tool reads: the files it was given, or its standard input, line by line.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::console::exec::{Io, Shell, reason};

/// The longest line a tool holds; what is longer counts as several.
const MAX_LINE: usize = 256 * 1024;

/// One of a tool's inputs.
pub(super) struct Input {
    /// The file's name; `None` is standard input.
    pub name: Option<String>,
    reader: BufReader<Box<dyn AsyncRead + Send + Unpin>>,
}

/// The files named, or standard input when none is. Says which are missing; `false` if any was.
pub(super) async fn inputs(shell: &Shell, tool: &str, names: &[String], io: &mut Io) -> (Vec<Input>, bool) {
    if names.is_empty() {
        return (vec![standard(io)], true);
    }
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        if name == "-" {
            found.push(standard(io));
            continue;
        }
        match shell.world.files.read(name).await {
            Ok(bytes) => {
                let reader: Box<dyn AsyncRead + Send + Unpin> = Box::new(io::Cursor::new(bytes));
                found.push(Input { name: Some(name.clone()), reader: BufReader::new(reader) });
            }
            Err(e) => io.err.say(&format!("{tool}: {name}: {}\n", reason(&e))).await,
        }
    }
    let complete = found.len() == names.len();
    (found, complete)
}

fn standard(io: &mut Io) -> Input {
    let reader = std::mem::replace(&mut io.stdin, Box::new(tokio::io::empty()));
    Input { name: None, reader: BufReader::new(reader) }
}

impl Input {
    /// The next line with its new line; `None` at the end.
    pub async fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let available = self.reader.fill_buf().await.unwrap_or_default();
            if available.is_empty() {
                return (!line.is_empty()).then_some(line);
            }
            let end = available.iter().position(|b| *b == b'\n').map(|n| n + 1);
            let taken = end.unwrap_or(available.len()).min(MAX_LINE - line.len());
            line.extend_from_slice(&available[..taken]);
            let complete = end == Some(taken) || line.len() >= MAX_LINE;
            std::pin::Pin::new(&mut self.reader).consume(taken);
            if complete {
                return Some(line);
            }
        }
    }

    /// What is there now, in pieces; `None` at the end.
    pub async fn piece(&mut self) -> Option<Vec<u8>> {
        let piece = self.reader.fill_buf().await.unwrap_or_default().to_vec();
        std::pin::Pin::new(&mut self.reader).consume(piece.len());
        (!piece.is_empty()).then_some(piece)
    }
}

/// Divides arguments into flags and the rest; after `--` everything is the rest. `with_value` are flags that take the
/// next argument.
pub(super) fn flags(args: &[String], with_value: &[&str]) -> (Vec<(String, Option<String>)>, Vec<String>) {
    let mut flags = Vec::new();
    let mut rest = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            rest.extend(args.cloned());
            break;
        } else if arg == "-" || !arg.starts_with('-') {
            rest.push(arg.clone());
        } else if with_value.contains(&arg.as_str()) {
            flags.push((arg.clone(), args.next().cloned()));
        } else if let Some((flag, value)) = arg.split_once('=').filter(|(f, _)| with_value.contains(f)) {
            flags.push((flag.to_owned(), Some(value.to_owned())));
        } else if arg.starts_with("--") {
            flags.push((arg.clone(), None));
        } else {
            let mut letters = arg[1..].chars();
            while let Some(letter) = letters.next() {
                let flag = format!("-{letter}");
                if with_value.contains(&flag.as_str()) {
                    let here = Some(letters.as_str().to_owned()).filter(|v| !v.is_empty());
                    flags.push((flag, here.or_else(|| args.next().cloned())));
                    break;
                }
                flags.push((flag, None));
            }
        }
    }
    (flags, rest)
}
