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
    args::Matches,
    env::{Editor, Env, Files, Ports, Terminal},
    failure::{Failure, Outcome},
    resolve::Discovery,
    server::Server,
};

type Input = Box<dyn AsyncRead + Send + Unpin>;
type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Manifests larger than this are refused: 10 MiB.
const STDIN_LIMIT: u64 = 10 << 20;

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
    /// Ends the command.
    pub cancel: CancellationToken,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    stdin: Mutex<Option<Input>>,
    stdout: Mutex<Output>,
    stderr: Mutex<Output>,
    discovery: OnceCell<Discovery>,
}

impl Session {
    /// A session for a parsed command line; warnings of the server come out of the second value.
    pub fn open(env: Env, matches: &Matches) -> (Self, mpsc::UnboundedReceiver<String>) {
        let (mut session, warnings) = Self::bare(env);
        if let Some(namespace) = matches.some("namespace") {
            session.namespace = namespace.to_owned();
            session.namespace_given = true;
        }
        session.server = session.server.clone().impersonating(impersonation(matches));
        (session, warnings)
    }

    /// A session without flags.
    pub fn bare(env: Env) -> (Self, mpsc::UnboundedReceiver<String>) {
        let (warn, warnings) = mpsc::unbounded_channel();
        let namespace = if env.namespace.is_empty() { "default".to_owned() } else { env.namespace };
        let session = Self {
            server: Server::new(env.client, warn),
            namespace,
            namespace_given: false,
            files: env.files,
            ports: env.ports,
            terminal: env.terminal,
            editor: env.editor,
            cancel: env.cancel,
            clock: env.clock,
            stdin: Mutex::new(Some(env.stdin)),
            stdout: Mutex::new(env.stdout),
            stderr: Mutex::new(env.stderr),
            discovery: OnceCell::new(),
        };
        (session, warnings)
    }

    /// Does `work`, printing warnings as they come; each text once.
    pub async fn with_warnings(
        &self,
        mut warnings: mpsc::UnboundedReceiver<String>,
        work: impl Future<Output = Outcome>,
    ) -> Outcome {
        let mut said = Vec::new();
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                Some(text) = warnings.recv() => self.warn(&mut said, text).await?,
                outcome = &mut work => {
                    while let Ok(text) = warnings.try_recv() {
                        self.warn(&mut said, text).await?;
                    }
                    return outcome;
                }
            }
        }
    }

    async fn warn(&self, said: &mut Vec<String>, text: String) -> Outcome {
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

    /// The server's resources, asked for once.
    pub async fn discovery(&self) -> Outcome<&Discovery> {
        self.discovery.get_or_try_init(|| Discovery::load(&self.server)).await
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
