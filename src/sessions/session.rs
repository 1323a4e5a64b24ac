//! One learner's time with a sandbox: what the state machine decides, done; and what all pages of it share.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, Weak},
    time::Duration,
};

use axum::Router;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    commands::{Commands, NotBegun},
    desk::Desk,
    forwards::Forwards,
    ids::Token,
    keyboards::Keyboards,
    live::Views,
    scrollback::{Missed, Scrollback, What},
    state::{Effect, Input, Sandbox, State},
};
use crate::{
    manifest::Problem,
    sandbox::{Lease, Order, Progress, Provider},
};

/// What sessions of a server share.
pub(super) struct Surroundings {
    pub provider: Provider,
    pub idle: Duration,
    pub tasks: TaskTracker,
    pub clock: Clock,
    /// Tells of steps that were done.
    pub news: super::checks::board::News,
}

/// Now.
pub(super) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("provider", &self.provider)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}

/// What is made anew with every sandbox of a session. Clones share it.
#[derive(Clone)]
pub struct Hold {
    /// May do what the learner may.
    pub client: kube::Client,
    /// The learner's namespace.
    pub namespace: String,
    /// The live tables.
    pub views: Views,
    /// The API for the learner's own clients.
    pub gateway: Router,
    /// Cancelled when this sandbox ends: parent of all its commands.
    pub ended: CancellationToken,
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// Where the sandbox stands, as pages are told.
#[derive(Debug, Clone)]
pub struct Status {
    /// Where it stands.
    pub sandbox: Sandbox,
    /// What there is to work with once it is ready.
    pub hold: Option<Hold>,
}

/// The commands and what the console shows.
#[derive(Debug, Default)]
struct Console {
    commands: Mutex<Commands>,
    scrollback: Mutex<Scrollback>,
}

/// One learner's time with a sandbox. All pages with the same cookie share it.
pub struct Session {
    id: Token,
    kube: Token,
    me: Weak<Self>,
    around: Arc<Surroundings>,
    state: Mutex<State>,
    lease: Mutex<Option<Lease>>,
    status: watch::Sender<Status>,
    /// Whether a page looks.
    watched: watch::Sender<bool>,
    /// How long the session has left, while that is little.
    warning: watch::Sender<Option<Duration>>,
    console: Console,
    newest: watch::Sender<u64>,
    desks: Mutex<HashMap<String, Arc<Desk>>>,
    forwards: Forwards,
    keyboards: Keyboards,
    variables: crate::console::Variables,
    done: super::checks::board::Done,
    over: CancellationToken,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.id).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds a part of a session")
}

impl Session {
    pub(super) fn new(id: Token, around: Arc<Surroundings>) -> Arc<Self> {
        let state = Mutex::new(State::new((around.clock)()));
        Arc::new_cyclic(|me| Self {
            id,
            kube: Token::random(),
            me: me.clone(),
            around,
            state,
            lease: Mutex::default(),
            status: watch::Sender::new(Status { sandbox: Sandbox::None, hold: None }),
            watched: watch::Sender::new(false),
            warning: watch::Sender::new(None),
            console: Console::default(),
            newest: watch::Sender::new(0),
            desks: Mutex::default(),
            forwards: Forwards::default(),
            keyboards: Keyboards::default(),
            variables: crate::console::Variables::default(),
            done: super::checks::board::Done::default(),
            over: CancellationToken::new(),
        })
    }

    /// What its cookie says.
    pub fn id(&self) -> &Token {
        &self.id
    }

    /// What `/kube/<token>/` says.
    pub fn kube_token(&self) -> &Token {
        &self.kube
    }

    /// Where the sandbox stands, and when that changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// How long there still is, when that is little.
    pub fn warning(&self) -> watch::Receiver<Option<Duration>> {
        self.warning.subscribe()
    }

    /// The open ports.
    pub fn forwards(&self) -> &Forwards {
        &self.forwards
    }

    /// Where those type whose command runs in a terminal.
    pub fn keyboards(&self) -> &Keyboards {
        &self.keyboards
    }

    /// The console's variables.
    pub fn variables(&self) -> &crate::console::Variables {
        &self.variables
    }

    /// The steps that have been done.
    pub(super) fn done(&self) -> &super::checks::board::Done {
        &self.done
    }

    /// Where steps that were done are told.
    pub(super) fn news(&self) -> &super::checks::board::News {
        &self.around.news
    }

    /// Cancelled when the session is over.
    pub fn over(&self) -> &CancellationToken {
        &self.over
    }

    /// How many pages are connected.
    pub fn sockets(&self) -> usize {
        lock(&self.state).sockets()
    }

    /// The files of a lesson; `originals` are the lesson's own, as name and text, for the first time.
    pub fn desk<'a>(&self, lesson: &str, originals: impl IntoIterator<Item = (&'a str, &'a str)>) -> Arc<Desk> {
        let mut desks = lock(&self.desks);
        desks.entry(lesson.to_owned()).or_insert_with(|| Arc::new(Desk::new(originals))).clone()
    }

    /// A page connects. It makes the sandbox if there is none.
    pub fn attach(&self) -> Attachment {
        self.step(Input::Attached);
        Attachment(self.me.upgrade().expect("a session that is used is alive"))
    }

    /// The learner has done something: the session does not lie idle.
    pub fn touch(&self) {
        self.step(Input::Active);
    }

    /// Throws the sandbox away and makes a new one.
    pub fn reset(&self) {
        self.step(Input::Reset);
    }

    pub(super) fn tick(&self) {
        self.step(Input::Tick);
    }

    pub(super) fn close(&self) {
        self.step(Input::Close);
    }

    fn step(&self, input: Input) {
        let now = (self.around.clock)();
        // Done under the lock, so that effects come in the order of the decisions. None of them waits.
        let mut state = lock(&self.state);
        let effects = state.step(input, now, self.around.idle);
        self.watched.send_if_modified(|seen| std::mem::replace(seen, state.sockets() > 0) != (state.sockets() > 0));
        for effect in effects {
            self.perform(effect, &state);
        }
    }

    fn perform(&self, effect: Effect, state: &State) {
        match effect {
            Effect::Provision(generation) => self.provision(generation),
            Effect::Show => {
                let sandbox = state.sandbox().clone();
                self.status.send_modify(|status| status.sandbox = sandbox);
            }
            Effect::Release => self.let_go(Lease::release),
            Effect::Keep => self.let_go(Lease::keep),
            // The lease has not been stored: it is in the hands of the task that made it.
            Effect::Discard(_) => {}
            Effect::Warn(left) => {
                self.warning.send_replace(Some(left));
            }
            Effect::Unwarn => {
                self.warning.send_replace(None);
            }
            Effect::End => self.over.cancel(),
        }
    }

    fn provision(&self, generation: u64) {
        let Some(me) = self.me.upgrade() else { return };
        let tasks = self.around.tasks.clone();
        tasks.spawn(async move {
            let listener = me.clone();
            let progress = Progress::to(move |text| listener.step(Input::Progress(generation, text)));
            match me.around.provider.provision(Order::new(me.id.name(), progress)).await {
                Ok(lease) => {
                    if let Some(unwanted) = me.arrived(generation, lease) {
                        unwanted.release().await;
                    }
                }
                Err(error) => {
                    tracing::warn!(session = me.id.short(), %error, "no sandbox");
                    me.step(Input::NotProvisioned(generation, error.to_string()));
                }
            }
        });
    }

    /// Tells the learner when a sandbox that was there is gone by itself.
    fn watch_over(
        &self,
        generation: u64,
        lost: impl Future<Output = String> + Send + 'static,
        ended: CancellationToken,
    ) {
        let me = self.me.clone();
        self.around.tasks.spawn(async move {
            let Some(why) = ended.run_until_cancelled(lost).await else { return };
            if let Some(me) = me.upgrade() {
                me.step(Input::Lost(generation, why));
            }
        });
    }

    /// A sandbox has been made: it becomes the session's, or comes back if it is too late.
    fn arrived(&self, generation: u64, lease: Lease) -> Option<Lease> {
        let now = (self.around.clock)();
        let mut state = lock(&self.state);
        let effects = state.step(Input::Provisioned(generation), now, self.around.idle);
        if effects.contains(&Effect::Discard(generation)) {
            return Some(lease);
        }
        let ended = self.over.child_token();
        self.watch_over(generation, lease.lost(), ended.clone());
        let views =
            Views::start(&lease.client, &lease.namespace, &self.watched.subscribe(), &ended, &self.around.tasks);
        let hold = Hold {
            client: lease.client.clone(),
            namespace: lease.namespace.clone(),
            views,
            gateway: lease.gateway(),
            ended,
        };
        *lock(&self.lease) = Some(lease);
        self.status.send_modify(|status| status.hold = Some(hold));
        for effect in effects {
            self.perform(effect, &state);
        }
        None
    }

    /// Ends what uses the sandbox, and then gives it back in this way.
    fn let_go<F: Future<Output = ()> + Send + 'static>(&self, give_back: impl FnOnce(Lease) -> F) {
        self.status.send_modify(|status| {
            if let Some(hold) = status.hold.take() {
                hold.ended.cancel();
            }
        });
        if let Some(lease) = lock(&self.lease).take() {
            self.around.tasks.spawn(give_back(lease));
        }
    }

    /// A kubeconfig for the sandbox, whose API is reached at `server`; `None` while there is none.
    pub fn kubeconfig(&self, server: &str) -> Option<String> {
        lock(&self.lease).as_ref().map(|lease| lease.kubeconfig(server))
    }

    /// The newest console frame, and when there is a newer one.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// At most `limit` console frames after number `seen`.
    pub fn frames_after(&self, seen: u64, limit: usize) -> Missed {
        lock(&self.console.scrollback).after(seen, limit)
    }

    /// Puts something on the console.
    pub fn show(&self, what: What) {
        let mut scrollback = lock(&self.console.scrollback);
        let seq = scrollback.push(what);
        self.newest.send_replace(seq);
    }

    /// Begins a command: shows it, and gives its Ctrl-C. Its end is the end of what this returns.
    pub fn begin(&self, id: &str, line: &str, terminal: bool) -> Result<Running, NotBegun> {
        self.touch();
        let cancel = lock(&self.console.commands).begin(id, &self.over)?;
        self.show(What::Started { id: id.to_owned(), line: line.to_owned(), terminal });
        let session = self.me.upgrade().expect("a session that is used is alive");
        Ok(Running {
            id: id.to_owned(),
            cancel,
            began: (self.around.clock)(),
            code: None,
            problems: Vec::new(),
            session,
        })
    }

    /// Whether a command with this id has come before.
    pub fn has_seen(&self, id: &str) -> bool {
        lock(&self.console.commands).has_seen(id)
    }

    /// Ctrl-C for a command.
    pub fn cancel(&self, id: &str) {
        self.touch();
        lock(&self.console.commands).cancel(id);
    }

    /// Runs something that belongs to this session; the server waits for it when it ends.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.around.tasks.spawn(task);
    }
}

/// A page's connection to a session; gone when it is dropped.
#[derive(Debug)]
pub struct Attachment(Arc<Session>);

impl Drop for Attachment {
    fn drop(&mut self) {
        self.0.step(Input::Detached);
    }
}

/// A command that runs. When it is dropped the command is over, also if its task panicked.
#[derive(Debug)]
pub struct Running {
    id: String,
    cancel: CancellationToken,
    began: Timestamp,
    code: Option<i32>,
    problems: Vec<Problem>,
    session: Arc<Session>,
}

impl Running {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its Ctrl-C.
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// It has ended with this code, and found this wrong with the manifest it was given.
    pub fn ended(mut self, code: i32, problems: Vec<Problem>) {
        self.code = Some(code);
        self.problems = problems;
    }
}

/// The exit code of a command that broke off without one: the server's fault.
const BROKEN: i32 = 255;

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.session.console.commands).end(&self.id);
        self.session.keyboards.detach(&self.id);
        let took = (self.session.around.clock)().duration_since(self.began);
        let millis = u64::try_from(took.as_millis()).unwrap_or(0);
        let (code, problems) = (self.code.unwrap_or(BROKEN), std::mem::take(&mut self.problems));
        self.session.show(What::Exit { id: self.id.clone(), code, millis, problems });
    }
}
