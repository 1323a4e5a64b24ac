//! One learner's time with a sandbox: what the state machine decides, done; and what all pages of it share.
//!
//! `place` makes its sandboxes and gives them back, `running` is a command that runs.

mod place;
mod running;

use std::{
    collections::HashMap,
    fmt,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, Weak},
    time::Duration,
};

use axum::Router;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::running::Running;
pub(super) use self::{place::sandbox_name, running::BROKEN};
use super::{
    checks::board::Boards,
    commands::{Allowance, Commands},
    desk::{Capacity, Desk},
    edits::Edits,
    forwards::Forwards,
    ids::Token,
    keyboards::Keyboards,
    live::Views,
    progress::{Outline, Tracker},
    scrollback::{Missed, Scrollback, What},
    state::{Effect, Ending, Input, Limits, Sandbox, State},
    storing::{Marks, Restored},
};
use crate::{
    sandbox::{Lease, Provider},
    storage::{LearnerId, StepProgress, Storage, StoredFile},
};

/// What sessions of a server share.
pub(super) struct Surroundings {
    pub provider: Provider,
    pub storage: Storage,
    pub limits: Limits,
    pub commands: Allowance,
    pub desk: Capacity,
    pub api: NonZeroU32,
    pub tasks: TaskTracker,
    pub clock: Clock,
}

/// Now.
pub(super) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("provider", &self.provider)
            .field("limits", &self.limits)
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

/// How long a session has left, and why it ends then.
pub type Warning = Option<(Duration, Ending)>;

/// The commands and what the console shows.
#[derive(Debug)]
pub(super) struct Console {
    pub commands: Mutex<Commands>,
    pub scrollback: Mutex<Scrollback>,
}

/// Where the learner's own programs come in.
struct Door {
    token: Token,
    /// Cancelled when the token no longer holds.
    shut: CancellationToken,
}

impl Door {
    fn new(token: Token) -> Self {
        Self { token, shut: CancellationToken::new() }
    }
}

/// One learner's time with a sandbox. All pages on all devices of the learner share it.
pub struct Session {
    learner: LearnerId,
    kube: Mutex<Door>,
    me: Weak<Self>,
    pub(super) around: Arc<Surroundings>,
    pub(super) began: Timestamp,
    state: Mutex<State>,
    lease: Mutex<Option<Lease>>,
    /// Cancelled when the sandbox that is being made is no longer wanted.
    wanted: Mutex<CancellationToken>,
    status: watch::Sender<Status>,
    /// Whether a page looks.
    watched: watch::Sender<bool>,
    /// How long the session has left, while that is little.
    warning: watch::Sender<Warning>,
    pub(super) boards: Boards,
    pub(super) console: Console,
    newest: watch::Sender<u64>,
    pub(super) desks: Mutex<HashMap<String, Arc<Desk>>>,
    /// Files of lessons that have not been opened since the session was taken up.
    drawer: Mutex<Vec<StoredFile>>,
    /// The lesson that was opened last.
    pub(super) lesson: Mutex<String>,
    pub(super) tracker: Mutex<Tracker>,
    progressed: watch::Sender<u64>,
    /// What of this is in the database.
    pub(super) marks: Mutex<Marks>,
    forwards: Forwards,
    edits: Edits,
    keyboards: Keyboards,
    variables: crate::console::Variables,
    over: CancellationToken,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("learner", &self.learner).finish_non_exhaustive()
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds a part of a session")
}

impl Session {
    /// The session of a learner, as it was left or from the start. `kube` is the name under which its API is served.
    pub(super) fn new(learner: LearnerId, kube: Token, around: Arc<Surroundings>, restored: Restored) -> Arc<Self> {
        let now = (around.clock)();
        let Restored { scrollback, files, lesson, variables, tracker, marks } = restored;
        let commands = Mutex::new(Commands::restored(around.commands, scrollback.ids()));
        let newest = watch::Sender::new(scrollback.newest());
        Arc::new_cyclic(|me| Self {
            learner,
            kube: Mutex::new(Door::new(kube)),
            me: me.clone(),
            around,
            began: now,
            state: Mutex::new(State::new(now)),
            lease: Mutex::default(),
            wanted: Mutex::default(),
            status: watch::Sender::new(Status { sandbox: Sandbox::None, hold: None }),
            watched: watch::Sender::new(false),
            warning: watch::Sender::new(None),
            boards: Boards::default(),
            console: Console { commands, scrollback: Mutex::new(scrollback) },
            newest,
            desks: Mutex::default(),
            drawer: Mutex::new(files),
            lesson: Mutex::new(lesson),
            progressed: watch::Sender::new(0),
            tracker: Mutex::new(tracker),
            marks: Mutex::new(marks),
            forwards: Forwards::default(),
            edits: Edits::default(),
            keyboards: Keyboards::default(),
            variables,
            over: CancellationToken::new(),
        })
    }

    /// Whose it is.
    pub fn learner(&self) -> &LearnerId {
        &self.learner
    }

    /// What `/kube/<token>/` says.
    pub fn kube_token(&self) -> Token {
        lock(&self.kube).token.clone()
    }

    /// Lets the learner's own programs in under this token, and cuts off those that came under the one before.
    pub(super) fn set_kube_token(&self, token: Token) {
        let mut door = lock(&self.kube);
        door.shut.cancel();
        *door = Door::new(token);
        let gateway = lock(&self.lease).as_ref().map(|lease| lease.gateway(self.around.api, door.shut.clone()));
        self.status.send_modify(|status| {
            if let (Some(hold), Some(gateway)) = (&mut status.hold, gateway) {
                hold.gateway = gateway;
            }
        });
    }

    /// Where the sandbox stands, and when that changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// How long there still is, when that is little.
    pub fn warning(&self) -> watch::Receiver<Warning> {
        self.warning.subscribe()
    }

    /// The open ports.
    pub fn forwards(&self) -> &Forwards {
        &self.forwards
    }

    /// What commands have open in the editor.
    pub fn edits(&self) -> &Edits {
        &self.edits
    }

    /// Where those type whose command runs in a terminal.
    pub fn keyboards(&self) -> &Keyboards {
        &self.keyboards
    }

    /// The console's variables.
    pub fn variables(&self) -> &crate::console::Variables {
        &self.variables
    }

    /// Cancelled when the session is over.
    pub fn over(&self) -> &CancellationToken {
        &self.over
    }

    /// How many pages are connected.
    pub fn sockets(&self) -> usize {
        lock(&self.state).sockets()
    }

    /// The files of a lesson; `originals` are the lesson's own as it is now, as name and text.
    pub fn desk<'a>(&self, lesson: &str, originals: impl IntoIterator<Item = (&'a str, &'a str)>) -> Arc<Desk> {
        let originals: Vec<(&str, &str)> = originals.into_iter().collect();
        let mut desks = lock(&self.desks);
        let make = || {
            let mut drawer = lock(&self.drawer);
            let kept = drawer.extract_if(.., |file| file.lesson == lesson).map(|file| (file.name, file.text));
            let desk = Desk::new(lesson, originals.iter().copied()).holding(self.around.desk);
            Arc::new(desk.with_kept(kept))
        };
        let desk = desks.entry(lesson.to_owned()).or_insert_with(make).clone();
        desk.renew(originals);
        desk
    }

    /// A page opens a lesson with these steps.
    pub fn open_lesson(&self, outline: Outline) {
        outline.lesson.clone_into(&mut lock(&self.lesson));
        lock(&self.tracker).open(outline);
    }

    /// The learner reads a step.
    pub fn read_step(&self, lesson: &str, step: &str) {
        self.touch();
        self.track(|tracker, now| tracker.read(lesson, step, now));
    }

    /// A step has been done, whoever found that out.
    pub fn step_done(&self, lesson: &str, step: &str) {
        self.track(|tracker, now| tracker.done(lesson, step, now));
    }

    pub(super) fn track(&self, change: impl FnOnce(&mut Tracker, Timestamp)) {
        let mut tracker = lock(&self.tracker);
        change(&mut tracker, (self.around.clock)());
        let version = tracker.version();
        self.progressed.send_if_modified(|seen| std::mem::replace(seen, version) != version);
    }

    /// Tells when a step has been done.
    pub fn progressed(&self) -> watch::Receiver<u64> {
        self.progressed.subscribe()
    }

    /// The steps of a lesson that are done.
    pub fn done_steps(&self, lesson: &str) -> Vec<String> {
        lock(&self.tracker).done_steps(lesson)
    }

    /// The lesson that was opened last; empty for none.
    pub fn lesson(&self) -> String {
        lock(&self.lesson).clone()
    }

    /// The files of the lesson that was opened last.
    pub fn open_desk(&self) -> Option<Arc<Desk>> {
        lock(&self.desks).get(&self.lesson()).cloned()
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

    /// The learner wants more time.
    pub fn extend(&self) {
        self.step(Input::Extend);
    }

    /// Ends it: the learner has had enough. What they did is kept.
    pub fn end(&self) {
        self.step(Input::End);
    }

    /// Somebody waits for a place: a session that nobody looks at gives its own.
    pub(super) fn wanted(&self) {
        self.step(Input::Wanted);
    }

    /// When the learner last did something.
    pub(super) fn active(&self) -> Timestamp {
        lock(&self.state).active()
    }

    /// How many commands run.
    pub(super) fn running(&self) -> usize {
        lock(&self.console.commands).running()
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
        let effects = state.step(input, now, self.around.limits);
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
            Effect::Free => self.let_go(Lease::free),
            // The lease has not been stored: it is in the hands of the task that made it.
            Effect::Discard(_) => {}
            Effect::Warn(left, ending) => {
                self.warning.send_replace(Some((left, ending)));
            }
            Effect::Unwarn => {
                self.warning.send_replace(None);
            }
            Effect::End => self.over.cancel(),
        }
    }

    /// How far the learner is.
    pub fn progress(&self) -> Vec<StepProgress> {
        lock(&self.tracker).all()
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
