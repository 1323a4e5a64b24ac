//! Who gets which cluster, and when one is made: a pure state machine. What it asks for is done by the shell around it.
//!
//! A learner's wish is a ticket. Clusters are made while tickets wait or the pool is not full, as long as the limits
//! allow. A cluster goes to whoever waits longest; what is given back is ended, never given to another learner.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

/// What a cluster takes until it has been seen how long it takes here: kind's own measure on two cores.
const USUAL: Duration = Duration::from_secs(25);

/// A learner's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ticket(pub u64);

/// The limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// How many clusters may be, of whatever state.
    pub max: usize,
    /// How many may be made at the same time.
    pub at_once: usize,
    /// How many are kept ready.
    pub pool: usize,
}

/// All clusters of an instance, as far as decisions go. Clusters are known by name.
#[derive(Debug)]
pub(super) struct Yard {
    limits: Limits,
    /// Oldest first.
    waiting: VecDeque<Ticket>,
    /// Oldest first: the n-th is for the n-th that waits.
    making: Vec<String>,
    idle: VecDeque<String>,
    held: BTreeSet<String>,
    ending: BTreeSet<String>,
    /// How long the last ones took.
    took: Duration,
    /// How many learners are about to come.
    expected: usize,
    /// Whether the pool is left alone, since making a cluster for it has failed.
    resting: bool,
    closed: bool,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A learner wants a cluster.
    Wanted(Ticket),
    /// And no longer does.
    Withdrawn(Ticket),
    /// A cluster has been made; how long it took.
    Made(String, Duration),
    /// It has not, and nothing is left of it. The reason as a sentence.
    NotMade(String, String),
    /// A cluster of before this start is as good as new.
    Found(String),
    /// A cluster of before this start is a learner's.
    FoundHeld(String),
    /// A learner's cluster, or one that nobody had, is to be ended.
    End(String),
    /// It has been ended.
    Ended(String),
    /// Time has passed: the pool may be filled again.
    Rested,
    /// So many learners are about to come: for them the pool is as large.
    Expected(usize),
    /// The server ends.
    Close,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// Make a cluster, under a name that the shell takes from its caller's list.
    Make(String),
    /// Hand a cluster over.
    Give(Ticket, String),
    /// Tell a learner that there is none, and why.
    Refuse(Ticket, String),
    /// Tell a learner their place in the queue and, if it can be told, how long it takes.
    Place(Ticket, usize, Option<Duration>),
    /// End a cluster.
    End(String),
}

impl Yard {
    /// No clusters.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            waiting: VecDeque::new(),
            making: Vec::new(),
            idle: VecDeque::new(),
            held: BTreeSet::new(),
            ending: BTreeSet::new(),
            took: USUAL,
            expected: 0,
            resting: false,
            closed: false,
        }
    }

    /// Takes in what happened. `name` makes names for new clusters.
    pub(super) fn step(&mut self, input: Input, mut name: impl FnMut() -> String) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Wanted(ticket) if self.closed => {
                return vec![Effect::Refuse(ticket, "the server is being stopped.".to_owned())];
            }
            Input::Wanted(ticket) => {
                self.waiting.push_back(ticket);
                self.resting = false;
            }
            Input::Withdrawn(ticket) => self.waiting.retain(|waiting| *waiting != ticket),
            Input::Made(name, took) => {
                self.made(&name);
                self.took = (self.took + took) / 2;
                self.idle.push_back(name);
            }
            Input::NotMade(name, why) => effects.extend(self.not_made(&name, why)),
            Input::Found(name) => self.idle.push_back(name),
            Input::FoundHeld(name) => {
                self.held.insert(name);
            }
            Input::End(name) => effects.extend(self.end(name)),
            Input::Ended(name) => {
                self.ending.remove(&name);
            }
            Input::Rested => self.resting = false,
            Input::Expected(learners) => self.expected = learners,
            Input::Close => effects.extend(self.close()),
        }
        effects.extend(self.give());
        effects.extend(self.make(&mut name));
        effects.extend(self.places());
        effects
    }

    /// Whether a cluster is this yard's, in whatever state.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.making.iter().any(|n| n == name)
            || self.idle.iter().any(|n| n == name)
            || self.held.contains(name)
            || self.ending.contains(name)
    }

    /// Whose cluster is being made under this name, as things stand.
    pub(super) fn expects(&self, name: &str) -> Option<Ticket> {
        let place = self.making.iter().position(|n| n == name)?;
        self.waiting.get(place).copied()
    }

    /// Those that nobody has.
    pub(super) fn idle(&self) -> Vec<String> {
        self.idle.iter().cloned().collect()
    }

    /// How many there are, of whatever state.
    pub(super) fn len(&self) -> usize {
        self.making.len() + self.idle.len() + self.held.len() + self.ending.len()
    }

    fn made(&mut self, name: &str) {
        self.making.retain(|n| n != name);
    }

    fn not_made(&mut self, name: &str, why: String) -> Option<Effect> {
        let expects = self.expects(name);
        self.made(name);
        match expects {
            Some(ticket) => {
                self.waiting.retain(|waiting| *waiting != ticket);
                Some(Effect::Refuse(ticket, why))
            }
            None => {
                self.resting = true;
                None
            }
        }
    }

    fn end(&mut self, name: String) -> Option<Effect> {
        let known = self.held.remove(&name) || self.idle.iter().any(|n| *n == name);
        self.idle.retain(|n| *n != name);
        known.then(|| {
            self.ending.insert(name.clone());
            Effect::End(name)
        })
    }

    fn close(&mut self) -> Vec<Effect> {
        self.closed = true;
        let refused = self.waiting.drain(..).map(|t| Effect::Refuse(t, "the server is being stopped.".to_owned()));
        refused.collect()
    }

    fn give(&mut self) -> Vec<Effect> {
        let mut given = Vec::new();
        while !self.waiting.is_empty() && !self.idle.is_empty() {
            let (Some(ticket), Some(name)) = (self.waiting.pop_front(), self.idle.pop_front()) else { break };
            self.held.insert(name.clone());
            given.push(Effect::Give(ticket, name));
        }
        given
    }

    fn make(&mut self, name: &mut impl FnMut() -> String) -> Vec<Effect> {
        let mut begun = Vec::new();
        let pool = if self.resting { 0 } else { self.limits.pool.max(self.expected) };
        while !self.closed
            && self.making.len() < self.limits.at_once
            && self.len() < self.limits.max
            && self.making.len() + self.idle.len() < self.waiting.len() + pool
        {
            let name = name();
            self.making.push(name.clone());
            begun.push(Effect::Make(name));
        }
        begun
    }

    /// The places of those for whom nothing is being made yet.
    fn places(&self) -> Vec<Effect> {
        let room = self.limits.max.saturating_sub(self.len());
        let behind = self.waiting.iter().enumerate().skip(self.making.len());
        behind
            .map(|(index, ticket)| {
                let rounds = index / self.limits.at_once + 1;
                let room_for_it = index < self.making.len() + room;
                let estimate = room_for_it.then(|| self.took * u32::try_from(rounds).unwrap_or(u32::MAX));
                Effect::Place(*ticket, index + 1 - self.making.len(), estimate)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
