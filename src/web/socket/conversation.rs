//! What a page and the server say to each other. One task owns the socket: the arms of its `select!` only name what
//! happened, and a `match` acts on it.

mod leaving;
mod news;
mod seat;
mod typing;

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::{Sink, SinkExt as _, Stream, StreamExt as _, future::pending};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::{self, Message as Packet, protocol::frame::coding::CloseCode};
use tokio_util::task::AbortOnDropHandle;

pub(super) use self::leaving::{farewell, refuse, refuse_on};
use super::{
    super::{
        protocol::{Message, Request, SandboxState},
        state::AppState,
        texts::Texts,
    },
    pace::Pace,
    wire, words,
};
use crate::{
    console::MAX_LINE,
    lessons::model::Lesson,
    sessions::{
        Session,
        checks::board::States,
        commands::NotBegun,
        desk::{Author, Desk},
        edits::{Edit, TooLarge},
        forwards::Forward,
        live::{
            Views,
            logs::{Choice, LogPiece},
            table::Table,
        },
        session::{Attachment, Status, Warning},
    },
    workshops::Seat,
};

/// Within this a page says hello.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// So often the page is asked whether it is there.
pub(super) const PING_EVERY: Duration = Duration::from_secs(20);
/// A page that has said nothing for so long, not even pong, is gone.
const SILENT_AFTER: Duration = Duration::from_secs(65);
/// A page that does not take a message for so long is gone.
const TAKE_WITHIN: Duration = Duration::from_secs(20);
/// Our own word for a session that has ended (4000 to 4999 are free, RFC 6455, 7.4.2): the page does not come back by
/// itself, which would begin another session that nobody has asked for.
const SESSION_OVER: u16 = 4001;
/// A completion that comes later helps nobody.
const COMPLETE_WITHIN: Duration = Duration::from_secs(2);
/// How many console frames are sent before looking at anything else.
const FRAMES_AT_ONCE: usize = 64;
/// How many pieces of a log may wait for a slow page.
const LOG_PIECES: usize = 4;

/// What happened.
enum Event {
    Checks,
    Lessons,
    Packet(Option<Result<Packet, tungstenite::Error>>),
    Frames,
    Status,
    Pods,
    Events,
    Log(Option<LogPiece>),
    Files,
    Forwards,
    Edits,
    Warning,
    Progressed,
    Workshop,
    Ping,
    Silent,
    Closing,
    Over,
}

/// Why it ends.
enum End {
    /// The page has gone, or takes nothing.
    Gone,
    /// We leave, with a code of RFC 6455, 7.4.1, and a word.
    Leave(CloseCode, &'static str),
}

type Step = Result<(), End>;

/// One page's connection.
pub(super) struct Conversation<S> {
    socket: S,
    app: AppState,
    session: Arc<Session>,
    author: Author,
    _attachment: Attachment,
    /// What the page has open since its hello.
    open: Option<Open>,
    /// The lesson that it shows.
    lesson: Option<Lesson>,
    /// How the lesson's steps stand.
    states: Option<States>,
    newest: watch::Receiver<u64>,
    /// The last console frame that was sent.
    sent: u64,
    status: watch::Receiver<Status>,
    views: Option<Views>,
    forwards: watch::Receiver<Vec<Forward>>,
    edits: watch::Receiver<Vec<Edit>>,
    /// The page's name for itself, the same over all its connections.
    page: String,
    warning: watch::Receiver<Warning>,
    progressed: watch::Receiver<u64>,
    /// The learner's place in a workshop, if they are in one.
    seat: Option<Seat>,
    choice: watch::Sender<Choice>,
    log: Option<(mpsc::Receiver<LogPiece>, AbortOnDropHandle<()>)>,
    pace: Pace,
    /// The reader's language.
    texts: &'static Texts,
    /// What the page said before there was a place for it.
    said: VecDeque<Packet>,
    heard: Instant,
    pinged: Instant,
}

struct Open {
    desk: Arc<Desk>,
    changes: watch::Receiver<u64>,
    /// The last change of a file that the page knows.
    seen: u64,
}

impl<S> Conversation<S>
where
    S: Stream<Item = Result<Packet, tungstenite::Error>> + Sink<Packet, Error = tungstenite::Error> + Unpin + Send,
{
    pub fn new(socket: S, app: AppState, session: Arc<Session>, texts: &'static Texts) -> Self {
        let now = Instant::now();
        Self {
            socket,
            author: Author(1 + app.sockets.fetch_add(1, Ordering::Relaxed)),
            _attachment: session.attach(),
            open: None,
            lesson: None,
            states: None,
            newest: session.newest(),
            sent: 0,
            status: session.status(),
            views: None,
            forwards: session.forwards().watch(),
            edits: session.edits().watch(),
            page: String::new(),
            warning: session.warning(),
            progressed: session.progressed(),
            seat: None,
            choice: watch::Sender::new(Choice::default()),
            log: None,
            pace: Pace::new(now, app.limits.allowed.messages),
            texts,
            said: VecDeque::new(),
            heard: now,
            pinged: now,
            app,
            session,
        }
    }

    /// The same with what the page has said before.
    pub fn with(mut self, said: Vec<Packet>) -> Self {
        self.said.extend(said);
        self
    }

    /// Talks until one of the two ends it.
    pub async fn run(mut self) {
        let end = match self.session.sockets() > self.app.limits.allowed.pages {
            true => End::Leave(CloseCode::Again, "too many pages of one session are open"),
            false => loop {
                let event = self.next().await;
                if let Err(end) = self.act(event).await {
                    break end;
                }
            },
        };
        if let End::Leave(code, word) = end {
            farewell(&mut self.socket, code, word).await;
        }
    }

    /// Waits for the next thing to happen.
    async fn next(&mut self) -> Event {
        if let Some(packet) = self.said.pop_front() {
            return Event::Packet(Some(Ok(packet)));
        }
        let greeted = self.open.is_some();
        let now = Instant::now();
        let silent = if greeted { self.heard + SILENT_AFTER } else { self.heard + HELLO_WITHIN };
        let may_talk = self.pace.next(now);
        let (pods, events) = match &mut self.views {
            Some(views) => (Some(&mut views.pods), Some(&mut views.events)),
            None => (None, None),
        };
        let packet = async {
            sleep_until(may_talk).await;
            self.socket.next().await
        };
        tokio::select! {
            () = self.app.closing.cancelled() => Event::Closing,
            () = self.session.over().cancelled() => Event::Over,
            packet = packet => Event::Packet(packet),
            () = changed(Some(&mut self.status)), if greeted => Event::Status,
            () = changed(Some(&mut self.newest)), if greeted => Event::Frames,
            () = changed(pods), if greeted => Event::Pods,
            () = changed(events), if greeted => Event::Events,
            () = changed(self.states.as_mut().map(States::changes)), if greeted => Event::Checks,
            () = changed(Some(&mut self.app.catalog)), if greeted => Event::Lessons,
            () = changed(Some(&mut self.forwards)), if greeted => Event::Forwards,
            () = changed(Some(&mut self.edits)), if greeted => Event::Edits,
            () = changed(Some(&mut self.warning)), if greeted => Event::Warning,
            () = changed(Some(&mut self.progressed)), if greeted => Event::Progressed,
            () = changed(self.seat.as_mut().map(Seat::view)) => Event::Workshop,
            () = changed(self.open.as_mut().map(|open| &mut open.changes)) => Event::Files,
            piece = next_piece(&mut self.log) => Event::Log(piece),
            () = sleep_until(self.pinged + PING_EVERY) => Event::Ping,
            () = sleep_until(silent) => Event::Silent,
        }
    }

    async fn act(&mut self, event: Event) -> Step {
        match event {
            Event::Packet(packet) => self.packet(packet).await,
            Event::Frames => self.frames().await,
            Event::Status => self.status().await,
            Event::Pods => match current(self.views.as_mut().map(|v| &mut v.pods)) {
                Some(table) => self.say(&wire::pods(&table)).await,
                None => Ok(()),
            },
            Event::Events => match current(self.views.as_mut().map(|v| &mut v.events)) {
                Some(table) => self.say(&wire::events(&table)).await,
                None => Ok(()),
            },
            Event::Log(Some(piece)) => self.say(&wire::log(piece)).await,
            Event::Log(None) => {
                self.log = None;
                Ok(())
            }
            Event::Files => self.files().await,
            Event::Checks => self.checks().await,
            Event::Lessons => self.lessons().await,
            Event::Forwards => self.ports().await,
            Event::Edits => self.edits().await,
            Event::Warning => {
                let message = wire::expires(*self.warning.borrow_and_update());
                self.say(&message).await
            }
            Event::Progressed => self.progress().await,
            Event::Workshop => self.workshop().await,
            Event::Ping => {
                self.pinged = Instant::now();
                self.send(Packet::Ping(Default::default())).await
            }
            Event::Silent if self.open.is_none() => Err(End::Leave(CloseCode::Policy, "no hello")),
            Event::Silent => Err(End::Gone),
            Event::Closing => Err(End::Leave(CloseCode::Away, "going away")),
            Event::Over => {
                let text = self.texts.say("socket.over").to_owned();
                let message = Message::Sandbox { state: SandboxState::Failed, text };
                self.say(&message).await?;
                Err(End::Leave(CloseCode::Library(SESSION_OVER), "session over"))
            }
        }
    }

    async fn packet(&mut self, packet: Option<Result<Packet, tungstenite::Error>>) -> Step {
        self.heard = Instant::now();
        match packet {
            Some(Ok(Packet::Text(text))) => {
                self.pace.taken(self.heard);
                match serde_json::from_str::<Request>(&text) {
                    Ok(request) => self.request(request).await,
                    Err(error) => self.refuse(None, self.texts.with("socket.unclear", "error", error)).await,
                }
            }
            Some(Ok(Packet::Binary(_))) => Err(End::Leave(CloseCode::Unsupported, "text only")),
            Some(Ok(_)) => Ok(()),
            Some(Err(tungstenite::Error::Capacity(_))) => Err(End::Leave(CloseCode::Size, "message too large")),
            Some(Err(_)) | None => Err(End::Gone),
        }
    }

    async fn request(&mut self, request: Request) -> Step {
        let Some(open) = &self.open else {
            return match request {
                Request::Hello { lesson, language, after, page } => {
                    self.page = page;
                    self.hello(&lesson, language.as_deref(), after).await
                }
                _ => self.refuse(None, self.texts.say("socket.noHello").to_owned()).await,
            };
        };
        let desk = open.desk.clone();
        match request {
            Request::Hello { .. } => self.refuse(None, self.texts.say("socket.helloAgain").to_owned()).await,
            Request::Run { id, line } => self.run_line(id, line, None, desk).await,
            Request::Apply { id, file, text, dry_run } => self.apply(id, &file, text, dry_run, desk).await,
            Request::Complete { id, line } => {
                let options = timeout(COMPLETE_WITHIN, self.session.complete(&line, desk, self.app.engine.clone()));
                let options = options.await.unwrap_or_default();
                self.say(&Message::Completions { id, options }).await
            }
            Request::Input { id, data, seq } => self.input(id, data, seq).await,
            Request::Edited { edit, text } => {
                self.session.touch();
                match self.session.edits().answer(&edit, text) {
                    Ok(()) => Ok(()),
                    Err(TooLarge) => self.refuse(None, words::text_too_large(self.texts)).await,
                }
            }
            Request::Draft { edit, text } => {
                self.session.touch();
                match self.session.edits().draft(&edit, text) {
                    Ok(()) => Ok(()),
                    Err(TooLarge) => self.refuse(None, words::text_too_large(self.texts)).await,
                }
            }
            Request::Resize { id, columns, rows } => {
                if let Some(keyboard) = self.session.keyboards().of(&id) {
                    keyboard.resize(columns, rows);
                }
                Ok(())
            }
            Request::Cancel { id } => {
                self.session.cancel(&id);
                Ok(())
            }
            Request::Save { file, text, seq } => {
                self.session.touch();
                match desk.store(&file, text, self.author) {
                    Ok(()) => {}
                    Err(why) => self.refuse(None, words::not_stored(self.texts, &why)).await?,
                }
                if seq == 0 { Ok(()) } else { self.say(&Message::Stored { seq }).await }
            }
            Request::Restore { file } => {
                self.session.touch();
                match desk.restore(&file) {
                    Ok(()) => Ok(()),
                    Err(why) => self.refuse(None, words::not_stored(self.texts, &why)).await,
                }
            }
            Request::Logs { pod, container, previous, timestamps } => {
                self.session.touch();
                self.choice.send_replace(Choice { pod, container, previous, timestamps });
                Ok(())
            }
            Request::Reset => {
                self.session.reset();
                Ok(())
            }
            Request::Workshop { say } => self.say_in_workshop(say).await,
            Request::Extend => {
                self.session.extend();
                Ok(())
            }
            Request::Step { step } => {
                self.session.read_step(desk.lesson(), &step);
                Ok(())
            }
        }
    }

    async fn run_line(&mut self, id: String, line: String, applied: Option<(&str, String)>, desk: Arc<Desk>) -> Step {
        let (file, manifest) = applied.unzip();
        if line.len() > MAX_LINE {
            return self.refuse(Some(id), words::line_too_long(self.texts)).await;
        }
        if let Some(why) = self.has_to_wait(&line, file) {
            return self.refuse(Some(id), why).await;
        }
        let texts = self.texts;
        let say = move |why: &_| words::nowhere(texts, why);
        match self.session.run(&id, line, manifest, desk, self.app.engine.clone(), say) {
            Ok(()) => {
                self.app.metrics.commands.inc();
                Ok(())
            }
            // It came twice: its frames are on their way.
            Err(NotBegun::Seen) => Ok(()),
            Err(why) => self.refuse(Some(id), words::not_begun(self.texts, &why)).await,
        }
    }

    async fn apply(&mut self, id: String, file: &str, text: String, dry_run: bool, desk: Arc<Desk>) -> Step {
        let verb = if dry_run { "diff" } else { "apply" };
        if self.session.has_seen(&id) {
            return Ok(());
        }
        match desk.store(file, text.clone(), self.author) {
            Ok(()) => self.run_line(id, format!("kubectl {verb} -f {file}"), Some((file, text)), desk).await,
            Err(why) => self.refuse(Some(id), words::not_stored(self.texts, &why)).await,
        }
    }

    async fn refuse(&mut self, id: Option<String>, text: String) -> Step {
        self.app.metrics.refused.inc();
        self.say(&Message::Refused { id, text }).await
    }

    async fn say(&mut self, message: &Message) -> Step {
        let text = serde_json::to_string(message).expect("messages hold strings and numbers only");
        self.send(Packet::text(text)).await
    }

    async fn send(&mut self, packet: Packet) -> Step {
        put(&mut self.socket, packet).await.map_err(|()| End::Gone)
    }
}

/// Sends a message; a page that does not take it is gone.
pub(super) async fn put<S>(socket: &mut S, packet: Packet) -> Result<(), ()>
where
    S: Sink<Packet, Error = tungstenite::Error> + Unpin,
{
    match timeout(TAKE_WITHIN, socket.send(packet)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}

/// Waits for a change; for ever where there is nothing to watch, or nobody who would change it.
async fn changed<T>(receiver: Option<&mut watch::Receiver<T>>) {
    match receiver {
        Some(receiver) => {
            if receiver.changed().await.is_err() {
                pending::<()>().await;
            }
        }
        None => pending().await,
    }
}

async fn next_piece(log: &mut Option<(mpsc::Receiver<LogPiece>, AbortOnDropHandle<()>)>) -> Option<LogPiece> {
    match log {
        Some((pieces, _)) => pieces.recv().await,
        None => pending().await,
    }
}

/// A table as it is now. Before the first list there is none.
fn current(receiver: Option<&mut watch::Receiver<Arc<Table>>>) -> Option<Arc<Table>> {
    let table = receiver?.borrow_and_update().clone();
    (!table.columns.is_empty()).then_some(table)
}
