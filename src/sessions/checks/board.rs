//! How the steps of a lesson stand in one session, whatever becomes of its sandboxes.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use tokio::sync::watch as channel;

use super::watch;
use crate::{
    lessons::{
        check::{Check, Verdict},
        model::Lesson,
    },
    sessions::{Session, scrollback::What},
};

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepState {
    /// The step's anchor.
    pub step: String,
    /// Whether it has been done; once it has, it stays so.
    pub done: bool,
    /// Its checks.
    pub checks: Vec<CheckState>,
}

/// How a check stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckState {
    /// What is wanted, as a sentence.
    pub text: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What to try, in markdown.
    pub hint: Option<String>,
}

/// A step, as far as its being done goes.
#[derive(Debug, Clone)]
struct Watched {
    step: String,
    checks: Vec<Check>,
    /// Of a step without checks: what has to be run.
    commands: Vec<(String, bool)>,
}

/// The states of a lesson's steps, and when they change. It is watched as long as somebody holds this.
pub type States = channel::Receiver<Arc<Vec<StepState>>>;

/// Begins to watch a lesson's steps for a session.
pub(in crate::sessions) fn begin(session: &Arc<Session>, lesson: &Lesson) -> States {
    let steps: Vec<Watched> = lesson.steps.iter().map(watched).collect();
    let board = Board {
        lesson: lesson.id.clone(),
        ran: vec![BTreeSet::new(); steps.len()],
        steps,
        running: HashMap::new(),
        seen: 0,
    };
    let done = session.done_steps(&lesson.id);
    let (states, receiver) = channel::channel(Arc::new(board.states(&[], &done)));
    let me = session.clone();
    session.spawn(async move {
        let over = me.over().clone();
        tokio::select! {
            () = board.keep(&me, &states) => {}
            () = states.closed() => {}
            () = over.cancelled() => {}
        }
    });
    receiver
}

fn watched(step: &crate::lessons::model::Step) -> Watched {
    let commands = step.work.iter().filter_map(|work| work.command()).filter(|command| command.runnable);
    let commands = commands.map(|command| (command.line.clone(), command.expected.is_some() || command.exit.is_some()));
    let commands = if step.checks.is_empty() { commands.collect() } else { Vec::new() };
    Watched { step: step.id.clone(), checks: step.checks.clone(), commands }
}

struct Board {
    lesson: String,
    steps: Vec<Watched>,
    /// The commands of each step that have been run.
    ran: Vec<BTreeSet<usize>>,
    /// The commands that run, by id.
    running: HashMap<String, String>,
    /// The last console frame that was looked at.
    seen: u64,
}

/// How many console frames are looked at together.
const FRAMES: usize = 256;

/// What happened.
enum Moved {
    Sandbox,
    Verdicts,
    Frames,
}

impl Board {
    /// Keeps the states, over all sandboxes that the session has.
    async fn keep(mut self, session: &Arc<Session>, states: &channel::Sender<Arc<Vec<StepState>>>) {
        let checks: Vec<Check> = self.steps.iter().flat_map(|step| step.checks.clone()).collect();
        let mut status = session.status();
        let mut frames = session.newest();
        frames.mark_changed();
        loop {
            let hold = status.borrow_and_update().hold.clone();
            let (verdicts, mut judged) = channel::channel(Vec::new());
            let watching = async {
                match hold {
                    Some(hold) if !checks.is_empty() => {
                        let looking = watch(hold.client, hold.namespace, checks.clone(), verdicts);
                        hold.ended.run_until_cancelled(looking).await;
                    }
                    _ => drop(verdicts),
                }
                std::future::pending::<()>().await;
            };
            tokio::pin!(watching);
            loop {
                let moved = tokio::select! {
                    () = &mut watching => continue,
                    changed = status.changed() => if changed.is_ok() { Moved::Sandbox } else { return },
                    Ok(()) = judged.changed() => Moved::Verdicts,
                    Ok(()) = frames.changed() => Moved::Frames,
                };
                if let Moved::Frames = moved {
                    self.read_frames(session);
                }
                if let Moved::Sandbox = moved {
                    break;
                }
                let now = judged.borrow_and_update().clone();
                self.publish(session, &now, states);
            }
            self.publish(session, &[], states);
        }
    }

    /// Notes which commands have been run.
    fn read_frames(&mut self, session: &Session) {
        loop {
            let missed = session.frames_after(self.seen, FRAMES);
            let Some(last) = missed.frames.last().map(|frame| frame.seq) else { return };
            self.seen = last;
            for frame in &missed.frames {
                match &frame.what {
                    What::Started { id, line, .. } => drop(self.running.insert(id.clone(), line.clone())),
                    What::Exit { id, code, .. } => {
                        if let Some(line) = self.running.remove(id) {
                            self.ran(&line, *code);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn ran(&mut self, line: &str, code: i32) {
        for (step, ran) in self.steps.iter().zip(&mut self.ran) {
            for (at, (wanted, may_fail)) in step.commands.iter().enumerate() {
                if wanted == line && (code == 0 || code == crate::console::INTERRUPTED || *may_fail) {
                    ran.insert(at);
                }
            }
        }
    }

    fn publish(&self, session: &Session, verdicts: &[Verdict], states: &channel::Sender<Arc<Vec<StepState>>>) {
        let now = self.states(verdicts, &session.done_steps(&self.lesson));
        for state in now.iter().filter(|state| state.done) {
            session.step_done(&self.lesson, &state.step);
        }
        states.send_if_modified(|before| {
            let changed = **before != now;
            if changed {
                *before = Arc::new(now);
            }
            changed
        });
    }

    fn states(&self, verdicts: &[Verdict], done: &[String]) -> Vec<StepState> {
        let mut verdicts = verdicts.iter();
        let state = |(step, ran): (&Watched, &BTreeSet<usize>)| {
            let unknown = || Verdict { holds: false, is: String::new(), wanted: String::new(), because: String::new() };
            let check = |check: &Check| CheckState {
                text: check.text.clone(),
                verdict: verdicts.next().cloned().unwrap_or_else(unknown),
                hint: check.hint.clone(),
            };
            let checks: Vec<CheckState> = step.checks.iter().map(check).collect();
            let hold = !checks.is_empty() && checks.iter().all(|check| check.verdict.holds);
            let all_run = !step.commands.is_empty() && ran.len() == step.commands.len();
            StepState { step: step.step.clone(), done: hold || all_run || done.contains(&step.step), checks }
        };
        self.steps.iter().zip(&self.ran).map(state).collect()
    }
}

impl Session {
    /// How the steps of a lesson stand; they are watched as long as this is held.
    pub fn checks(self: &Arc<Self>, lesson: &Lesson) -> States {
        begin(self, lesson)
    }
}
