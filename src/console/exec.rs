//! Runs a [`Script`]: pipelines one after the other, the commands of one side by side.

use std::io;

use futures::{FutureExt as _, future::BoxFuture, future::join_all};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

use crate::console::utf8::Decoder;

use super::{
    Event, INTERRUPTED, Stream, World, builtins, kubectl,
    pipe::{Piece, Writer, pipe, reader},
    syntax::{Command, From, Join, Pipeline, Redirect, Script, Word},
};

/// How long kubectl may take to say goodbye after Ctrl-C.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(1);
/// The exit code of a command that nobody reads from any more: 128 + SIGPIPE.
const BROKEN_PIPE: i32 = 141;
/// The exit code of a command that could not be begun.
const NOT_EXECUTABLE: i32 = 126;
/// The most that `>` writes into a file, and that `$(…)` and `watch` take.
pub(super) const MAX_FILE: u64 = 2 * 1024 * 1024;

/// A command's streams.
pub(super) struct Io {
    pub stdin: Box<dyn AsyncRead + Send + Unpin>,
    pub out: Writer,
    pub err: Writer,
    /// Whether standard input is the learner's keyboard, if there is one.
    pub at_keyboard: bool,
}

/// What runs a script: the world, and Ctrl-C.
#[derive(Clone)]
pub(super) struct Shell {
    pub world: World,
    pub cancel: CancellationToken,
}

/// A file that a command is writing.
struct Saving {
    name: String,
    pieces: mpsc::Receiver<Piece>,
    append: bool,
}

/// Runs a script with an empty standard input, its output going to `events`.
pub(super) async fn run(script: &Script, world: &World, events: mpsc::Sender<Event>, cancel: CancellationToken) -> i32 {
    let (out, pieces) = pipe();
    let ended = CancellationToken::new();
    let shell = Shell { world: world.clone(), cancel };
    let running = async {
        let err = out.tagged(Stream::Stderr);
        let stdin = Box::new(tokio::io::empty());
        let code = shell.script(script, Io { stdin, out, err, at_keyboard: true }).await;
        ended.cancel();
        code
    };
    tokio::join!(running, deliver(pieces, events, &ended)).0
}

/// Passes on what was written, as whole characters, until the command has ended and nothing waits any more. It does
/// not wait for writers that a command left behind.
async fn deliver(mut pieces: mpsc::Receiver<Piece>, events: mpsc::Sender<Event>, ended: &CancellationToken) {
    let mut decoders = [Decoder::default(), Decoder::default()];
    let mut batch = Vec::new();
    loop {
        let received = tokio::select! {
            received = pieces.recv_many(&mut batch, 16) => received,
            () = ended.cancelled(), if !pieces.is_closed() => { pieces.close(); continue }
        };
        for event in merge(batch.drain(..), &mut decoders) {
            if events.send(event).await.is_err() {
                return;
            }
        }
        if received == 0 {
            break;
        }
    }
    for (stream, decoder) in [Stream::Stdout, Stream::Stderr].into_iter().zip(&mut decoders) {
        let text = decoder.finish();
        if !text.is_empty() {
            let _ = events.send(Event::Text { stream, text }).await;
        }
    }
}

/// Neighbours on the same stream become one event.
fn merge(pieces: impl Iterator<Item = Piece>, decoders: &mut [Decoder; 2]) -> Vec<Event> {
    let mut events = Vec::new();
    for piece in pieces {
        let Piece::Bytes(stream, bytes) = piece else {
            events.push(Event::Clear);
            continue;
        };
        let more = decoders[usize::from(stream == Stream::Stderr)].push(&bytes);
        match events.last_mut() {
            Some(Event::Text { stream: last, text }) if *last == stream => text.push_str(&more),
            _ if more.is_empty() => {}
            _ => events.push(Event::Text { stream, text: more }),
        }
    }
    events
}

impl Shell {
    async fn script(&self, script: &Script, io: Io) -> i32 {
        let mut code = 0;
        let mut stdin = Some(io.stdin);
        for (join, pipeline) in &script.0 {
            match join {
                Join::And if code != 0 => continue,
                Join::Or if code == 0 => continue,
                _ => {}
            }
            // A script of builtins that never wait lets others run in between.
            tokio::task::consume_budget().await;
            let first: Box<dyn AsyncRead + Send + Unpin> = stdin.take().unwrap_or_else(|| Box::new(tokio::io::empty()));
            let own = Io { stdin: first, out: io.out.clone(), err: io.err.clone(), at_keyboard: io.at_keyboard };
            code = self.pipeline(pipeline, own).await;
            self.world.variables.set_last(code);
            if self.cancel.is_cancelled() {
                return INTERRUPTED;
            }
        }
        code
    }

    async fn pipeline(&self, pipeline: &Pipeline, io: Io) -> i32 {
        let mut running = Vec::with_capacity(pipeline.len());
        let mut stdin = io.stdin;
        for (n, command) in pipeline.iter().enumerate() {
            let err = io.err.clone();
            let at_keyboard = io.at_keyboard && n == 0;
            if n + 1 == pipeline.len() {
                running.push(self.command(command, Io { stdin, out: io.out, err, at_keyboard }).boxed());
                break;
            }
            let (out, next) = pipe();
            running.push(self.command(command, Io { stdin, out, err, at_keyboard }).boxed());
            stdin = Box::new(reader(next));
        }
        join_all(running).await.pop().unwrap_or(0)
    }

    async fn command(&self, command: &Command, mut io: Io) -> i32 {
        let mut saving = Vec::new();
        for redirect in &command.redirects {
            if let Err(why) = self.redirect(redirect, &mut io, &mut saving).await {
                io.err.say(&format!("sh: {why}\n")).await;
                return 1;
            }
        }
        let mut err = io.err.clone();
        let (code, failures) =
            tokio::join!(self.redirected(command, io), join_all(saving.into_iter().map(|s| self.save(s))));
        let failed: Vec<String> = failures.into_iter().filter_map(Result::err).collect();
        for why in &failed {
            err.say(&format!("sh: {why}\n")).await;
        }
        if failed.is_empty() { code } else { 1 }
    }

    /// Puts a file in the place of a stream.
    async fn redirect(&self, redirect: &Redirect, io: &mut Io, saving: &mut Vec<Saving>) -> Result<(), String> {
        match redirect {
            Redirect::Here(text) => {
                io.at_keyboard = false;
                io.stdin = Box::new(io::Cursor::new(self.word(text).await?.into_bytes()));
            }
            Redirect::ErrorsToOutput => io.err = io.out.clone(),
            Redirect::OutputToErrors => io.out = io.err.clone(),
            Redirect::Read(name) => {
                let name = self.word(name).await?;
                io.at_keyboard = false;
                if name == "/dev/null" {
                    io.stdin = Box::new(tokio::io::empty());
                    return Ok(());
                }
                let bytes = self.world.files.read(&name).await.map_err(|e| format!("{name}: {}", reason(&e)))?;
                io.stdin = Box::new(io::Cursor::new(bytes));
            }
            Redirect::Write { stream, to, append } => {
                let name = self.word(to).await?;
                let writer = if name == "/dev/null" {
                    Writer::null()
                } else {
                    let (writer, pieces) = pipe();
                    saving.push(Saving { name, pieces, append: *append });
                    writer
                };
                if *stream != From::Errors {
                    io.out = writer.clone();
                }
                if *stream != From::Output {
                    io.err = writer.tagged(Stream::Stderr);
                }
            }
        }
        Ok(())
    }

    /// A word's value; the error as a sentence.
    async fn word(&self, word: &Word) -> Result<String, String> {
        self.text(word).await.map_err(|e| e.to_string())
    }

    /// Collects what a command writes into a file, and stores it when the command has ended.
    async fn save(&self, Saving { name, pieces, append }: Saving) -> Result<(), String> {
        let mut bytes = if append { self.world.files.read(&name).await.unwrap_or_default() } else { Vec::new() };
        // Dropping the reader stops a command that writes more than this, as a full disk would.
        let mut limited = reader(pieces).take(MAX_FILE + 1);
        let _ = limited.read_to_end(&mut bytes).await;
        if bytes.len() as u64 > MAX_FILE {
            return Err(format!("{name}: a file holds at most {} MiB", MAX_FILE / 1024 / 1024));
        }
        self.world.files.write(&name, &bytes).await.map_err(|e| format!("{name}: {}", reason(&e)))
    }

    async fn redirected(&self, command: &Command, mut io: Io) -> i32 {
        let arguments = match self.arguments(&command.words).await {
            Ok(arguments) => arguments,
            Err(too_long) => {
                io.err.say(&format!("sh: {too_long}\n")).await;
                return NOT_EXECUTABLE;
            }
        };
        if arguments.is_empty() {
            return self.assign(command, &mut io.err).await;
        }
        let cancel = self.cancel.clone();
        let broken = io.out.broken();
        if matches!(arguments[0].as_str(), "kubectl" | "k") {
            return tokio::select! {
                code = kubectl::run(self, arguments, io) => code,
                () = async { cancel.cancelled().await; tokio::time::sleep(GOODBYE).await } => INTERRUPTED,
                () = broken => BROKEN_PIPE,
            };
        }
        tokio::select! {
            code = builtins::run(self, &arguments, &mut io) => code,
            () = cancel.cancelled() => INTERRUPTED,
            () = broken => BROKEN_PIPE,
        }
    }

    async fn assign(&self, command: &Command, err: &mut Writer) -> i32 {
        let mut code = 0;
        for (name, value) in &command.assignments {
            let value = self.word(value).await;
            if let Err(why) = value.and_then(|value| self.world.variables.set(name, value)) {
                err.say(&format!("sh: {why}\n")).await;
                code = 1;
            }
        }
        code
    }

    /// What a script writes to standard output, for `$(…)`: without the new lines at its end.
    pub(super) async fn capture(&self, script: &Script) -> String {
        let (out, pieces) = pipe();
        let stdin = Box::new(tokio::io::empty());
        let text = self.captured(script, Io { stdin, out, err: Writer::null(), at_keyboard: false }, pieces);
        text.await.trim_end_matches('\n').to_owned()
    }

    /// What a script writes into a pipe.
    pub(super) fn captured<'a>(
        &'a self,
        script: &'a Script,
        io: Io,
        pieces: mpsc::Receiver<Piece>,
    ) -> BoxFuture<'a, String> {
        async move {
            let mut bytes = Vec::new();
            let collecting = async {
                let _ = reader(pieces).take(MAX_FILE).read_to_end(&mut bytes).await;
            };
            tokio::join!(self.script(script, io), collecting);
            String::from_utf8_lossy(&bytes).into_owned()
        }
        .boxed()
    }
}

/// An error of the learner's files, as a shell words it.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "No such file or directory".to_owned(),
        io::ErrorKind::IsADirectory => "Is a directory".to_owned(),
        io::ErrorKind::NotADirectory => "Not a directory".to_owned(),
        _ => error.to_string(),
    }
}
