//! A learner's line in their session: shown, run, its output kept for every page.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::{
    Session,
    commands::NotBegun,
    desk::Desk,
    flow::Flow,
    forwards::Forwards,
    scrollback::What,
    session::{Hold, Running},
    state::Sandbox,
};
use crate::{
    console::{self, Engine, Event, Stream, Terminal, World},
    manifest::problems,
};

/// How many pieces of output may wait for the console.
const PIECES: usize = 32;

/// How many bytes of a refusal are searched for places in the manifest.
const REFUSAL: usize = 64 * 1024;

/// Why a line has no sandbox to run in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nowhere {
    /// None could be made; why, as a sentence.
    Failed(String),
    /// The session is over.
    Over,
}

impl console::LearnerFiles for Desk {
    fn remove(&self, name: &str) -> std::io::Result<()> {
        Self::remove(self, name)
    }
}

impl console::Forwards for Forwards {
    fn ports(&self, target: &str) -> Arc<dyn podyard_kubectl::env::Ports> {
        Self::ports(self, target)
    }

    fn connect(&self, port: u16) -> std::io::Result<tokio::io::DuplexStream> {
        Self::connect(self, port)
    }
}

impl Session {
    /// Runs a line on the files of a desk. It goes on when the page that asked is gone. When the line applies
    /// `manifest`, its end says where that is wrong. `say` has the words for a line that can't run.
    pub fn run(
        self: &Arc<Self>,
        id: &str,
        line: String,
        manifest: Option<String>,
        desk: Arc<Desk>,
        engine: Engine,
        say: impl FnOnce(&Nowhere) -> String + Send + 'static,
    ) -> Result<(), NotBegun> {
        let (keyboard, terminal) = console::terminal::wants_terminal(&line).then(console::terminal::terminal).unzip();
        let running = self.begin(id, &line, terminal.is_some())?;
        if let Some(keyboard) = keyboard {
            self.keyboards().attach(id, keyboard);
        }
        let lesson = desk.lesson().to_owned();
        let session = self.clone();
        self.spawn(async move {
            let mut refusal = String::new();
            let code = match session.hold_for(&running).await {
                Ok(hold) => session.run_line(&running, &line, &hold, desk, (engine, terminal), &mut refusal).await,
                Err(Some(why)) => {
                    session.write(running.id(), Stream::Stderr, format!("{}\n", say(&why)));
                    1
                }
                Err(None) => console::INTERRUPTED,
            };
            session.track(|tracker, now| tracker.ran(&lesson, &line, code, now));
            let wrong = manifest.filter(|_| code != 0).map(|manifest| problems(&manifest, &refusal));
            running.ended(code, wrong.unwrap_or_default());
        });
        Ok(())
    }

    /// The sandbox for a line, once it is there; nothing when the line is ended before.
    async fn hold_for(&self, running: &Running) -> Result<Hold, Option<Nowhere>> {
        tokio::select! {
            hold = self.ready() => hold.map_err(Some),
            () = running.cancel().cancelled() => Err(None),
        }
    }

    async fn run_line(
        &self,
        running: &Running,
        line: &str,
        hold: &Hold,
        desk: Arc<Desk>,
        (engine, terminal): (Engine, Option<Terminal>),
        refusal: &mut String,
    ) -> i32 {
        let editor = Some(self.edits().editor(running.id()));
        let world = World { terminal, editor, ..self.world(hold, desk, engine) };
        // The end of the sandbox ends its commands.
        let cancel = running.cancel().clone();
        let (events, mut received) = mpsc::channel(PIECES);
        let line = console::run(line, &world, events, cancel.clone());
        let show = async {
            let mut flow = Flow::new();
            while let Some(event) = received.recv().await {
                match event {
                    Event::Text { stream, text } => {
                        let bytes = text.len();
                        if stream == Stream::Stderr && refusal.len() < REFUSAL {
                            refusal.push_str(&text);
                        }
                        self.write(running.id(), stream, text);
                        flow.pass(bytes).await;
                    }
                    Event::Clear => self.show(What::Clear),
                }
            }
        };
        let ended = async {
            hold.ended.cancelled().await;
            cancel.cancel();
            std::future::pending::<()>().await
        };
        tokio::select! {
            (code, ()) = async { tokio::join!(line, show) } => code,
            () = ended => console::INTERRUPTED,
        }
    }

    /// What could stand where a line ends; nothing while there is no sandbox to ask.
    pub async fn complete(&self, line: &str, desk: Arc<Desk>, engine: Engine) -> Vec<String> {
        let Some(hold) = self.status().borrow().hold.clone() else { return Vec::new() };
        console::complete::complete(line, &self.world(&hold, desk, engine)).await
    }

    fn world(&self, hold: &Hold, desk: Arc<Desk>, engine: Engine) -> World {
        World {
            client: hold.client.clone(),
            namespace: hold.namespace.clone(),
            files: desk,
            forwards: Arc::new(self.forwards().clone()),
            variables: self.variables().clone(),
            clock: Arc::new(Timestamp::now),
            engine,
            terminal: None,
            editor: None,
        }
    }

    fn write(&self, id: &str, stream: Stream, text: String) {
        self.show(What::Output { id: id.to_owned(), errors: stream == Stream::Stderr, text });
    }

    /// Waits for the sandbox.
    async fn ready(&self) -> Result<Hold, Nowhere> {
        let mut status = self.status();
        let found = status.wait_for(|s| s.hold.is_some() || matches!(s.sandbox, Sandbox::Failed(_))).await;
        match found.map(|s| (s.sandbox.clone(), s.hold.clone())) {
            Ok((_, Some(hold))) => Ok(hold),
            Ok((Sandbox::Failed(why), _)) => Err(Nowhere::Failed(why)),
            _ => Err(Nowhere::Over),
        }
    }
}
