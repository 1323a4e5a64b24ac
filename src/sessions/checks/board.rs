//! How the checks of a lesson stand in one session, whatever becomes of its sandboxes.

use std::sync::{Arc, Mutex, Weak};

use tokio::sync::watch as channel;
use tokio_util::sync::DropGuard;

use super::watch;
use crate::{
    lessons::{
        check::{Check, Tongue, Verdict, holds_of_nothing},
        model::Lesson,
    },
    sessions::{Session, session::lock},
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

type Steps = Arc<Vec<StepState>>;

/// How a lesson's steps stand, and when that changes. They are watched as long as somebody holds this.
#[derive(Debug)]
pub struct States {
    steps: channel::Receiver<Steps>,
    watching: Arc<DropGuard>,
}

impl States {
    /// How they stand.
    pub fn now(&self) -> Steps {
        self.steps.borrow().clone()
    }

    /// Tells when they stand otherwise.
    pub fn changes(&mut self) -> &mut channel::Receiver<Steps> {
        &mut self.steps
    }
}

/// The lessons that are watched in a session: once each, however many pages have it open.
#[derive(Debug, Default)]
pub(in crate::sessions) struct Boards(Mutex<Vec<Watched>>);

#[derive(Debug)]
struct Watched {
    board: Board,
    steps: channel::Receiver<Steps>,
    /// Ends the watching when nobody holds it any more.
    watching: Weak<DropGuard>,
}

impl Watched {
    fn states(&self) -> Option<States> {
        Some(States { steps: self.steps.clone(), watching: self.watching.upgrade()? })
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Board {
    lesson: String,
    /// Each step with its checks.
    steps: Vec<(String, Vec<Check>)>,
}

impl Session {
    /// How the steps of a lesson stand; they are watched as long as this is held.
    pub fn checks(self: &Arc<Self>, lesson: &Lesson) -> States {
        let steps = lesson.steps.iter().map(|step| (step.id.clone(), step.checks.clone())).collect();
        let board = Board { lesson: lesson.id.clone(), steps };
        let mut open = lock(&self.boards.0);
        open.retain(|watched| watched.watching.strong_count() > 0);
        let known = open.iter().find(|watched| watched.board == board).and_then(Watched::states);
        known.unwrap_or_else(|| {
            let states = self.watch_board(board.clone());
            open.push(Watched { board, steps: states.steps.clone(), watching: Arc::downgrade(&states.watching) });
            states
        })
    }

    fn watch_board(self: &Arc<Self>, board: Board) -> States {
        let (states, steps) = channel::channel(Arc::new(board.states(&[], &self.done_steps(&board.lesson))));
        let ended = self.over().child_token();
        let watching = Arc::new(ended.clone().drop_guard());
        let me = self.clone();
        self.spawn(async move {
            ended.run_until_cancelled(board.keep(&me, &states)).await;
        });
        States { steps, watching }
    }
}

impl Board {
    /// Keeps the states, over all sandboxes that the session has, until the session is over.
    async fn keep(self, session: &Arc<Session>, states: &channel::Sender<Steps>) {
        let checks: Vec<Check> = self.steps.iter().flat_map(|(_, checks)| checks.clone()).collect();
        let mut status = session.status();
        let mut progressed = session.progressed();
        // What was done before this began to watch is told as well.
        progressed.mark_changed();
        loop {
            let hold = status.borrow_and_update().hold.clone();
            let (verdicts, mut judged) = channel::channel(Vec::new());
            let watching = async {
                if let Some(hold) = hold.filter(|_| !checks.is_empty()) {
                    let looking = watch(hold.client, hold.namespace, checks.clone(), verdicts);
                    hold.ended.run_until_cancelled(looking).await;
                }
                std::future::pending::<()>().await;
            };
            tokio::pin!(watching);
            loop {
                tokio::select! {
                    () = &mut watching => {}
                    Ok(()) = judged.changed() => {}
                    Ok(()) = progressed.changed() => {}
                    changed = status.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => return,
                    },
                }
                let now = judged.borrow_and_update().clone();
                self.publish(session, &now, states);
            }
        }
    }

    fn publish(&self, session: &Session, verdicts: &[Verdict], states: &channel::Sender<Steps>) {
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

    /// `verdicts` are those of all checks, in order; none while nothing has been looked at. What holds where there is
    /// nothing ("Pod web is gone") says something only once the steps before have been done.
    fn states(&self, verdicts: &[Verdict], done: &[String]) -> Vec<StepState> {
        let mut verdicts = verdicts.iter();
        let mut all_before = true;
        let mut state = |(step, checks): &(String, Vec<Check>)| {
            let unknown = || Verdict { holds: false, is: String::new(), wanted: String::new(), because: String::new() };
            let checks: Vec<CheckState> = checks
                .iter()
                .map(|check| {
                    let verdict = verdicts.next().cloned().unwrap_or_else(unknown);
                    let early = !all_before && verdict.holds && holds_of_nothing(check);
                    let verdict = if early { too_early(check.tongue) } else { verdict };
                    CheckState { text: check.text.clone(), verdict, hint: check.hint.clone() }
                })
                .collect();
            let hold = !checks.is_empty() && checks.iter().all(|check| check.verdict.holds);
            let done = hold || done.contains(step);
            all_before &= done || checks.is_empty();
            StepState { step: step.clone(), done, checks }
        };
        self.steps.iter().map(&mut state).collect()
    }
}

fn too_early(tongue: Tongue) -> Verdict {
    let because = match tongue {
        Tongue::English => "This counts once the steps before are done.",
        Tongue::German => "Das zählt, sobald die Schritte davor erledigt sind.",
    };
    Verdict { holds: false, is: String::new(), wanted: String::new(), because: because.to_owned() }
}
