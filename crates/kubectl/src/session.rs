//! One command's run: the server, the streams and what the flags say for all commands.

use std::{future::Future, io, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::{Mutex, OnceCell, mpsc},
};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{Matches, duration},
    env::{Editor, Env, Files, Kubeconfig, Ports, Terminal},
    failure::{Failure, Outcome},
    resolve::Discovery,
    server::{JSON, Notice, Server},
};

type Input = Box<dyn AsyncRead + Send + Unpin>;
type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Manifests larger than this are refused: 10 MiB.
const STDIN_LIMIT: u64 = 10 << 20;

/// From this level of `-v` on, requests are told of.
const LOGGED: i64 = 6;

/// What a running command holds.
pub struct Session {
    /// The API server.
    pub server: Server,
    /// The namespace that counts: the flag's, else the context's.
    pub namespace: String,
    /// Whether `--namespace` was given, so that manifests must agree with it.
    pub namespace_given: bool,
    /// Where `-f` looks.
    pub files: Arc<dyn Files>,
    /// Where `port-forward` listens.
    pub ports: Arc<dyn Ports>,
    /// The terminal, if there is one.
    pub terminal: Option<Terminal>,
    /// Lets a person change a text.
    pub editor: Option<Arc<dyn Editor>>,
    /// Which clusters there are, and which of them this is.
    pub kubeconfig: Arc<dyn Kubeconfig>,
    /// Ends the command.
    pub cancel: CancellationToken,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    stdin: Mutex<Option<Input>>,
    stdout: Mutex<Output>,
    stderr: Mutex<Output>,
    discovery: OnceCell<Discovery>,
    /// How often the command looks at what the server has before it believes that there is none.
    lookups: usize,
}

impl Session {
    /// A session for a parsed command line; warnings of the server come out of the second value.
    pub fn open(env: Env, matches: &Matches) -> (Self, mpsc::UnboundedReceiver<Notice>) {
        let (mut session, warnings) = Self::bare(env);
        if let Some(namespace) = matches.some("namespace") {
            session.namespace = namespace.to_owned();
            session.namespace_given = true;
        }
        session.lookups = lookups(matches);
        let server = session.server.clone().impersonating(impersonation(matches)).logging(matches.int("v") >= LOGGED);
        session.server = server.giving_up_after(request_timeout(matches));
        (session, warnings)
    }

    /// A session without flags.
    pub fn bare(env: Env) -> (Self, mpsc::UnboundedReceiver<Notice>) {
        let (warn, warnings) = mpsc::unbounded_channel();
        let namespace = if env.namespace.is_empty() { "default".to_owned() } else { env.namespace };
        let session = Self {
            server: Server::new(env.client, env.kubeconfig.server(), warn),
            namespace,
            namespace_given: false,
            files: env.files,
            ports: env.ports,
            terminal: env.terminal,
            editor: env.editor,
            kubeconfig: env.kubeconfig,
            cancel: env.cancel,
            clock: env.clock,
            stdin: Mutex::new(Some(env.stdin)),
            stdout: Mutex::new(env.stdout),
            stderr: Mutex::new(env.stderr),
            discovery: OnceCell::new(),
            lookups: 1,
        };
        (session, warnings)
    }

    /// Does `work`, printing warnings as they come; each text once. With `strict` a warning is a failure in the end.
    pub async fn with_warnings(
        &self,
        strict: bool,
        mut warnings: mpsc::UnboundedReceiver<Notice>,
        work: impl Future<Output = Outcome>,
    ) -> Outcome {
        let mut said = Vec::new();
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                Some(notice) = warnings.recv() => self.warn(&mut said, notice).await?,
                outcome = &mut work => {
                    while let Ok(notice) = warnings.try_recv() {
                        self.warn(&mut said, notice).await?;
                    }
                    outcome?;
                    return match said.len() {
                        0 => Ok(()),
                        1 if strict => Err(Failure::said("1 warning received")),
                        count if strict => Err(Failure::Said(format!("{count} warnings received"))),
                        _ => Ok(()),
                    };
                }
            }
        }
    }

    async fn warn(&self, said: &mut Vec<String>, notice: Notice) -> Outcome {
        let text = match notice {
            Notice::Warning(text) => text,
            Notice::Request(text) => {
                return self.err(&format!("{}\n", self.log_line('I', "round_trippers.go:632", &text))).await;
            }
        };
        if said.contains(&text) {
            return Ok(());
        }
        self.err(&format!("Warning: {text}\n")).await?;
        said.push(text);
        Ok(())
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// A line of kubectl's own log, as it goes to standard error; `place` is the file and line that kubectl names.
    pub fn log_line(&self, level: char, place: &str, text: &str) -> String {
        format!("{level}{} {:7} {place}] {text}", self.now().strftime("%m%d %H:%M:%S.%6f"), 1)
    }

    /// The server's resources, asked for once.
    pub async fn discovery(&self) -> Outcome<&Discovery> {
        self.discovery_after(self.lookups).await
    }

    /// The same, where kubectl looks `lookups` times before it believes that there is no server.
    pub async fn discovery_after(&self, lookups: usize) -> Outcome<&Discovery> {
        let found = self.discovery.get_or_try_init(|| Discovery::load(&self.server)).await;
        self.tell_tries(found, lookups).await
    }

    /// Fails when there is no server, for commands that look for one though they could do without.
    pub async fn reachable(&self) -> Outcome {
        let found = self.server.get("/api?timeout=32s", JSON).await;
        self.tell_tries(found, self.lookups).await.map(drop)
    }

    /// Writes what kubectl's log says of each try to learn what an absent server has.
    async fn tell_tries<T>(&self, found: Outcome<T>, lookups: usize) -> Outcome<T> {
        if let Err(failure @ Failure::Refused { .. }) = &found {
            let why = failure.message();
            let text =
                format!("\"Unhandled Error\" err={:?}", format!("couldn't get current server API group list: {why}"));
            self.err(&format!("{}\n", self.log_line('E', "memcache.go:265", &text)).repeat(lookups)).await?;
        }
        found
    }

    /// Writes to standard output.
    pub async fn out(&self, text: &str) -> Outcome {
        self.out_bytes(text.as_bytes()).await
    }

    /// Writes a line to standard output.
    pub async fn line(&self, text: impl AsRef<str>) -> Outcome {
        self.out(&format!("{}\n", text.as_ref())).await
    }

    /// Writes bytes to standard output.
    pub async fn out_bytes(&self, bytes: &[u8]) -> Outcome {
        Ok(write(&self.stdout, bytes).await?)
    }

    /// Writes to standard error.
    pub async fn err(&self, text: &str) -> Outcome {
        self.err_bytes(text.as_bytes()).await
    }

    /// Writes bytes to standard error.
    pub async fn err_bytes(&self, bytes: &[u8]) -> Outcome {
        Ok(write(&self.stderr, bytes).await?)
    }

    /// Standard input, for the one part of a command that reads it.
    pub async fn take_stdin(&self) -> Option<Input> {
        self.stdin.lock().await.take()
    }

    /// The first word of standard input.
    pub async fn read_stdin_word(&self) -> Outcome<String> {
        let Some(mut input) = self.take_stdin().await else { return Ok(String::new()) };
        let mut word = Vec::new();
        while let Ok(byte) = input.read_u8().await {
            match byte.is_ascii_whitespace() {
                true if word.is_empty() => {}
                false if word.len() < 1024 => word.push(byte),
                _ => break,
            }
        }
        Ok(String::from_utf8_lossy(&word).into_owned())
    }

    /// All of standard input; refuses more than [`STDIN_LIMIT`].
    pub async fn read_stdin(&self) -> Outcome<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(input) = self.take_stdin().await {
            input.take(STDIN_LIMIT + 1).read_to_end(&mut bytes).await?;
        }
        if bytes.len() as u64 > STDIN_LIMIT {
            return Err(Failure::said("standard input is larger than 10 MiB"));
        }
        Ok(bytes)
    }
}

/// By the way in which kubectl's commands look for objects: those of a type that stands alone are looked for once more
/// for each type.
fn lookups(matches: &Matches) -> usize {
    let types = |word: &String| if word.contains('/') { 0 } else { word.split(',').count() };
    match matches.command.path {
        "create job" => 4,
        "taint" | "auth can-i" | "explain" | "create role" | "create clusterrole" => 2,
        "api-resources" | "api-versions" | "run" | "diff" => 1,
        "events" if matches.some("for").is_some() => 2,
        "events" => 0,
        path if path.starts_with("create ") || path.starts_with("top ") => 0,
        "logs" | "exec" | "drain" | "cordon" | "uncordon" | "port-forward" | "debug" | "attach" => 4,
        path if path.starts_with("certificate ") => 4,
        _ => 4 + matches.args.first().map_or(1, types),
    }
}

/// What the flags that every command takes must fulfil.
pub fn check(matches: &Matches) -> Outcome {
    let details = ["as-group", "as-uid", "as-user-extra"];
    if matches.some("as").is_none() && details.iter().any(|flag| matches.given(flag)) {
        return Err(Failure::said("requesting uid, groups or user-extra for podyard without impersonating a user"));
    }
    Ok(())
}

/// `--request-timeout`: whole seconds, or a duration; 0 is none.
fn request_timeout(matches: &Matches) -> Outcome<Option<std::time::Duration>> {
    let text = matches.text("request-timeout");
    let nanos = match text.parse::<i128>() {
        Ok(seconds) => seconds.saturating_mul(duration::SECOND),
        Err(_) if text.is_empty() => 0,
        Err(_) => duration::parse(text).map_err(|_| {
            Failure::said("Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)")
        })?,
    };
    Ok((nanos > 0).then(|| duration::std(nanos)))
}

async fn write(stream: &Mutex<Output>, bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut stream = stream.lock().await;
    stream.write_all(bytes).await?;
    stream.flush().await
}

fn impersonation(matches: &Matches) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    };
    for (flag, header) in [("as", "impersonate-user"), ("as-uid", "impersonate-uid")] {
        if let Some(value) = matches.some(flag) {
            add(header, value);
        }
    }
    for group in matches.list("as-group") {
        add("impersonate-group", &group);
    }
    for extra in matches.list("as-user-extra") {
        if let Some((key, value)) = extra.split_once('=') {
            add(&format!("impersonate-extra-{key}"), value);
        }
    }
    headers
}
