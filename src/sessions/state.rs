//! What becomes of a session: a pure state machine. What it asks for is done by the session around it.

use std::time::Duration;

use jiff::Timestamp;

use crate::sandbox::Stage;

/// How long before its end an idle session is warned, at most; a short limit warns for a fifth of it.
const WARNING: Duration = Duration::from_secs(5 * 60);

/// How long a sandbox that nobody looks at is left alone when others wait for a place.
const UNSEEN: Duration = Duration::from_secs(2 * 60);

/// How long sessions may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without the learner doing anything.
    pub idle: Duration,
    /// In all; a learner who asks for it gets another idle time each time.
    pub total: Duration,
}

/// Why a session will end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nobody does anything; whatever the learner does takes it back.
    Idle,
    /// It has lasted as long as sessions may; only [`Input::Extend`] takes it back.
    Total,
}

/// A session, as far as decisions go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    sandbox: Sandbox,
    /// Which sandbox of this session is meant: answers about an earlier one are stale.
    generation: u64,
    sockets: usize,
    began: Timestamp,
    active: Timestamp,
    /// What the learner has asked for beyond the total.
    extended: Duration,
    warned: Option<Ending>,
    ended: bool,
}

/// Where a session's sandbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sandbox {
    /// Nobody has asked for one yet.
    None,
    /// Being made; how far that is, once there is something to tell.
    Starting(Option<Stage>),
    /// Commands run.
    Ready,
    /// It could not be made; the reason as a sentence.
    Failed(String),
}

/// What happens to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A page has connected.
    Attached,
    /// A page has gone.
    Detached,
    /// The learner has done something.
    Active,
    /// The learner wants more time.
    Extend,
    /// Somebody waits for a place.
    Wanted,
    /// The sandbox of this generation is there.
    Provisioned(u64),
    /// It is still being made, and so far.
    Progress(u64, Stage),
    /// It could not be made.
    NotProvisioned(u64, String),
    /// It was there and is gone; the reason as a sentence.
    Lost(u64, String),
    /// The learner wants a new sandbox.
    Reset,
    /// Time passes.
    Tick,
    /// The learner has had enough.
    End,
    /// The server ends.
    Close,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make the sandbox of this generation.
    Provision(u64),
    /// End the commands and forwards, and give the sandbox back.
    Release,
    /// End the commands and forwards, and leave the sandbox for the next start, if its provider can.
    Keep,
    /// End the commands and forwards, and free the sandbox; its objects stay for the learner, if its provider can.
    Free,
    /// Give back a sandbox that came too late to be used.
    Discard(u64),
    /// Tell the pages where the sandbox stands.
    Show,
    /// Tell the pages how long there still is, and why it ends then.
    Warn(Duration, Ending),
    /// Tell the pages that the warning no longer holds.
    Unwarn,
    /// The session is over.
    End,
}

impl State {
    /// A session that nobody has connected to yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            sandbox: Sandbox::None,
            generation: 0,
            sockets: 0,
            began: now,
            active: now,
            extended: Duration::ZERO,
            warned: None,
            ended: false,
        }
    }

    /// Where the sandbox stands.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// How many pages are connected.
    pub fn sockets(&self) -> usize {
        self.sockets
    }

    /// Whether it is over.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// When the learner last did something.
    pub fn active(&self) -> Timestamp {
        self.active
    }

    /// Takes in what happened.
    pub fn step(&mut self, input: Input, now: Timestamp, limits: Limits) -> Vec<Effect> {
        if self.ended {
            return match input {
                Input::Provisioned(generation) => vec![Effect::Discard(generation)],
                _ => Vec::new(),
            };
        }
        match input {
            Input::Attached => {
                self.sockets += 1;
                let mut effects = self.touch(now);
                if matches!(self.sandbox, Sandbox::None | Sandbox::Failed(_)) {
                    effects.extend(self.provision());
                }
                effects
            }
            Input::Detached => {
                self.sockets = self.sockets.saturating_sub(1);
                // Who watched a sandbox being made until now has not been idle.
                if self.is_starting() { self.touch(now) } else { Vec::new() }
            }
            Input::Active => self.touch(now),
            Input::Extend => self.extend(now, limits),
            Input::Wanted if self.sockets == 0 && since(self.active, now) >= UNSEEN => self.end(Effect::Free),
            Input::Wanted => Vec::new(),
            Input::Provisioned(generation) if generation != self.generation => vec![Effect::Discard(generation)],
            Input::Provisioned(_) => {
                self.sandbox = Sandbox::Ready;
                // Nothing could be done before: idle time begins now.
                let mut effects = vec![Effect::Show];
                effects.extend(self.touch(now));
                effects
            }
            Input::Progress(generation, stage) if generation == self.generation && self.is_starting() => {
                self.sandbox = Sandbox::Starting(Some(stage));
                vec![Effect::Show]
            }
            Input::NotProvisioned(generation, why) if generation == self.generation => {
                self.sandbox = Sandbox::Failed(why);
                vec![Effect::Show]
            }
            Input::Lost(generation, why) if generation == self.generation => {
                self.sandbox = Sandbox::Failed(why);
                vec![Effect::Release, Effect::Show]
            }
            Input::Progress(..) | Input::NotProvisioned(..) | Input::Lost(..) => Vec::new(),
            Input::Reset => {
                let mut effects = self.touch(now);
                effects.push(Effect::Release);
                effects.extend(self.provision());
                effects
            }
            Input::Tick => self.tick(now, limits),
            Input::End => self.end(Effect::Free),
            Input::Close => self.end(Effect::Keep),
        }
    }

    fn is_starting(&self) -> bool {
        matches!(self.sandbox, Sandbox::Starting(_))
    }

    fn provision(&mut self) -> [Effect; 2] {
        self.generation += 1;
        self.sandbox = Sandbox::Starting(None);
        [Effect::Show, Effect::Provision(self.generation)]
    }

    fn touch(&mut self, now: Timestamp) -> Vec<Effect> {
        self.active = now;
        self.unwarn(Ending::Idle)
    }

    fn unwarn(&mut self, ending: Ending) -> Vec<Effect> {
        if self.warned != Some(ending) {
            return Vec::new();
        }
        self.warned = None;
        vec![Effect::Unwarn]
    }

    fn extend(&mut self, now: Timestamp, limits: Limits) -> Vec<Effect> {
        let mut effects = self.touch(now);
        if self.warned == Some(Ending::Total) {
            self.extended += limits.idle;
            effects.extend(self.unwarn(Ending::Total));
        }
        effects
    }

    /// What ends it first, and in how long.
    fn left(&self, now: Timestamp, limits: Limits) -> (Duration, Ending) {
        // Who waits for a sandbox is not idle.
        let waits = self.is_starting() && self.sockets > 0;
        let idle = if waits { limits.idle } else { limits.idle.saturating_sub(since(self.active, now)) };
        let total = (limits.total + self.extended).saturating_sub(since(self.began, now));
        if total < idle { (total, Ending::Total) } else { (idle, Ending::Idle) }
    }

    fn tick(&mut self, now: Timestamp, limits: Limits) -> Vec<Effect> {
        let (left, ending) = self.left(now, limits);
        if left.is_zero() {
            return self.end(Effect::Free);
        }
        let limit = if ending == Ending::Idle { limits.idle } else { limits.total };
        if left <= WARNING.min(limit / 5) && self.warned != Some(ending) && self.sockets > 0 {
            self.warned = Some(ending);
            return vec![Effect::Warn(left, ending)];
        }
        Vec::new()
    }

    fn end(&mut self, sandbox: Effect) -> Vec<Effect> {
        self.ended = true;
        self.sandbox = Sandbox::None;
        vec![sandbox, Effect::End]
    }
}

fn since(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { idle: Duration::from_secs(3600), total: Duration::from_secs(8 * 3600) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn steps(state: &mut State, inputs: &[(i64, Input)]) -> Vec<Effect> {
        inputs.iter().flat_map(|(t, input)| state.step(input.clone(), at(*t), LIMITS)).collect()
    }

    #[test]
    fn the_first_page_makes_the_sandbox_and_the_second_finds_it() {
        let mut state = State::new(at(0));
        assert_eq!(steps(&mut state, &[(0, Input::Attached)]), [Effect::Show, Effect::Provision(1)]);
        assert_eq!(steps(&mut state, &[(1, Input::Attached), (1, Input::Provisioned(1))]), [Effect::Show]);
        assert_eq!((state.sandbox(), state.sockets()), (&Sandbox::Ready, 2));
    }

    #[test]
    fn reset_gives_the_old_one_back_and_an_answer_about_it_is_stale() {
        let mut state = State::new(at(0));
        steps(&mut state, &[(0, Input::Attached)]);
        let effects = steps(&mut state, &[(1, Input::Reset), (2, Input::Provisioned(1)), (3, Input::Provisioned(2))]);
        let expected = [Effect::Release, Effect::Show, Effect::Provision(2), Effect::Discard(1), Effect::Show];
        assert_eq!(effects, expected);
    }

    #[test]
    fn a_failure_is_shown_and_the_next_page_tries_again() {
        let mut state = State::new(at(0));
        steps(&mut state, &[(0, Input::Attached), (1, Input::NotProvisioned(1, "no room".into()))]);
        assert_eq!(state.sandbox(), &Sandbox::Failed("no room".into()));
        assert_eq!(steps(&mut state, &[(2, Input::Attached)]), [Effect::Show, Effect::Provision(2)]);
    }

    #[test]
    fn progress_is_shown_while_the_sandbox_is_made_and_only_of_the_one_that_is_meant() {
        let mut state = State::new(at(0));
        steps(&mut state, &[(0, Input::Attached)]);
        assert_eq!(steps(&mut state, &[(1, Input::Progress(1, Stage::Images))]), [Effect::Show]);
        assert_eq!(state.sandbox(), &Sandbox::Starting(Some(Stage::Images)));
        assert_eq!(steps(&mut state, &[(1, Input::Progress(0, Stage::Again))]), []);
        steps(&mut state, &[(2, Input::Provisioned(1))]);
        assert_eq!(steps(&mut state, &[(3, Input::Progress(1, Stage::Settling))]), []);
        assert_eq!(state.sandbox(), &Sandbox::Ready);
    }

    #[test]
    fn a_sandbox_that_is_lost_is_given_back_and_the_learner_told() {
        let mut state = State::new(at(0));
        steps(&mut state, &[(0, Input::Attached), (1, Input::Provisioned(1))]);
        assert_eq!(steps(&mut state, &[(2, Input::Lost(1, "gone".into()))]), [Effect::Release, Effect::Show]);
        assert_eq!(state.sandbox(), &Sandbox::Failed("gone".into()));
        assert_eq!(steps(&mut state, &[(3, Input::Reset)]), [Effect::Release, Effect::Show, Effect::Provision(2)]);
        assert_eq!(steps(&mut state, &[(4, Input::Lost(1, "gone".into()))]), []);
    }

    #[test]
    fn an_idle_session_is_warned_once_and_then_ends() {
        let mut state = State::new(at(0));
        steps(&mut state, &[(0, Input::Attached), (0, Input::Provisioned(1))]);
        assert_eq!(steps(&mut state, &[(3000, Input::Tick)]), []);
        assert_eq!(
            steps(&mut state, &[(3400, Input::Tick), (3450, Input::Tick)]),
            [Effect::Warn(Duration::from_secs(200), Ending::Idle)]
        );
        assert_eq!(steps(&mut state, &[(3500, Input::Active)]), [Effect::Unwarn]);
        assert_eq!(steps(&mut state, &[(7100, Input::Tick)]), [Effect::Free, Effect::End]);
        assert_eq!(steps(&mut state, &[(7101, Input::Attached), (7102, Input::Tick)]), []);
    }

    #[test]
    fn idle_time_begins_when_the_sandbox_is_ready() {
        let mut state = State::new(at(0));
        steps(&mut state, &[(0, Input::Attached)]);
        assert_eq!(steps(&mut state, &[(3500, Input::Tick), (5000, Input::Tick)]), []);
        assert_eq!(steps(&mut state, &[(5000, Input::Provisioned(1)), (8300, Input::Tick)])[0], Effect::Show);
        assert_eq!(steps(&mut state, &[(8601, Input::Tick)]), [Effect::Free, Effect::End]);
    }

    #[test]
    fn a_sandbox_that_nobody_waits_for_any_more_lies_idle_from_then_on() {
        let mut state = State::new(at(0));
        steps(&mut state, &[(0, Input::Attached), (5000, Input::Detached)]);
        assert_eq!(steps(&mut state, &[(8500, Input::Tick)]), []);
        assert_eq!(steps(&mut state, &[(8601, Input::Tick)]), [Effect::Free, Effect::End]);
    }

    #[test]
    fn who_has_had_enough_frees_the_sandbox() {
        let mut state = State::new(at(0));
        steps(&mut state, &[(0, Input::Attached), (1, Input::Provisioned(1))]);
        assert_eq!(steps(&mut state, &[(2, Input::End)]), [Effect::Free, Effect::End]);
    }

    #[test]
    fn a_sandbox_that_comes_after_the_end_is_given_back() {
        let mut state = State::new(at(0));
        assert_eq!(steps(&mut state, &[(0, Input::Attached), (1, Input::Close)])[2..], [Effect::Keep, Effect::End]);
        assert_eq!(steps(&mut state, &[(2, Input::Provisioned(1))]), [Effect::Discard(1)]);
    }

    #[test]
    fn the_total_is_warned_of_and_only_extending_helps() {
        let mut state = State::new(at(0));
        steps(&mut state, &[(0, Input::Attached), (0, Input::Provisioned(1)), (28_000, Input::Active)]);
        let warning = [Effect::Warn(Duration::from_secs(300), Ending::Total)];
        assert_eq!(steps(&mut state, &[(28_500, Input::Tick), (28_510, Input::Active)]), warning);
        assert_eq!(steps(&mut state, &[(28_520, Input::Extend)]), [Effect::Unwarn]);
        assert_eq!(steps(&mut state, &[(28_900, Input::Tick), (32_000, Input::Active)]), []);
        assert_eq!(steps(&mut state, &[(32_400, Input::Tick)]), [Effect::Free, Effect::End]);
    }

    #[test]
    fn a_place_that_nobody_looks_at_is_given_to_who_waits() {
        let mut state = State::new(at(0));
        steps(&mut state, &[(0, Input::Attached), (0, Input::Provisioned(1))]);
        assert_eq!(steps(&mut state, &[(500, Input::Wanted), (500, Input::Active), (500, Input::Detached)]), []);
        assert_eq!(steps(&mut state, &[(560, Input::Wanted)]), []);
        assert_eq!(steps(&mut state, &[(620, Input::Wanted)]), [Effect::Free, Effect::End]);
    }
}
