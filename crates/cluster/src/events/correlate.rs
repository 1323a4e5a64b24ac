//! Which events are repeats, which are too many: client-go's rules for a recorder, as the kubelet uses them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{Severity, Subject};

/// So many different messages of one reason about one object in [`SIMILAR_SECONDS`] are told one by one
/// (client-go `defaultAggregateMaxEvents`).
const SIMILAR_MAX: usize = 10;
/// client-go `defaultAggregateIntervalInSeconds`.
const SIMILAR_SECONDS: i64 = 600;
/// So many events about one object may come at once; then one every [`REFILL_SECONDS`] (client-go `defaultSpamBurst`,
/// `defaultSpamQPS`).
const BURST: f64 = 25.0;
/// See [`BURST`].
const REFILL_SECONDS: f64 = 300.0;
/// How many objects' counts are kept before all are forgotten (client-go keeps as many, by age).
const MEMORY: usize = 4096;

/// What is to be done with an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Too many about this object.
    Drop,
    /// Write a new object and say so with [`Correlator::written`].
    New { message: String, slot: Slot },
    /// Raise the count of the object called `name`; if it is gone, write a new one.
    Repeat { message: String, slot: Slot, name: String, count: u64 },
}

/// Events in one slot are repeats of each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    sort: Sort,
    /// `None` when the message does not matter.
    message: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Sort {
    about: Subject,
    severity: Severity,
    reason: String,
}

impl Sort {
    /// The version of the object at the time does not matter.
    fn new(about: &Subject, severity: Severity, reason: &str) -> Self {
        let about = Subject { resource_version: String::new(), ..about.clone() };
        Self { about, severity, reason: reason.to_owned() }
    }

    /// Messages about all parts of an object count as similar.
    fn whole(&self) -> Self {
        Self { about: Subject { field_path: None, ..self.about.clone() }, ..self.clone() }
    }
}

#[derive(Debug)]
struct Similar {
    messages: HashSet<String>,
    last: Timestamp,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    last: Timestamp,
}

#[derive(Debug)]
struct Written {
    name: String,
    count: u64,
}

/// What one author has written so far.
#[derive(Debug, Default)]
pub(super) struct Correlator {
    buckets: HashMap<Subject, Bucket>,
    similar: HashMap<Sort, Similar>,
    written: HashMap<Slot, Written>,
}

impl Correlator {
    /// An event of the core/v1 shape: the same text again is a repeat.
    pub(super) fn observe(
        &mut self,
        about: &Subject,
        severity: Severity,
        reason: &str,
        message: &str,
        now: Timestamp,
    ) -> Decision {
        self.forget();
        let (slot, message) = self.aggregate(Sort::new(about, severity, reason), message, now);
        if !self.take_token(&slot.sort, now) {
            return Decision::Drop;
        }
        self.count(slot, message)
    }

    /// An event of the events.k8s.io shape: the text does not matter, the version of the object does.
    pub(super) fn observe_series(
        &mut self,
        about: &Subject,
        severity: Severity,
        reason: &str,
        message: &str,
    ) -> Decision {
        self.forget();
        let sort = Sort { about: about.clone(), severity, reason: reason.to_owned() };
        self.count(Slot { sort, message: None }, message.to_owned())
    }

    /// The event that was decided to be new is stored under this name.
    pub(super) fn written(&mut self, slot: Slot, name: String) {
        self.written.insert(slot, Written { name, count: 1 });
    }

    fn forget(&mut self) {
        if self.written.len() > MEMORY || self.similar.len() > MEMORY {
            *self = Self::default();
        }
    }

    fn count(&mut self, slot: Slot, message: String) -> Decision {
        match self.written.get_mut(&slot) {
            Some(written) => {
                written.count += 1;
                Decision::Repeat { message, slot, name: written.name.clone(), count: written.count }
            }
            None => Decision::New { message, slot },
        }
    }

    fn aggregate(&mut self, sort: Sort, message: &str, now: Timestamp) -> (Slot, String) {
        let similar =
            self.similar.entry(sort.whole()).or_insert_with(|| Similar { messages: HashSet::new(), last: now });
        if now.duration_since(similar.last).as_secs() > SIMILAR_SECONDS {
            similar.messages.clear();
        }
        similar.last = now;
        let known = similar.messages.contains(message);
        let room = similar.messages.len() + 1 < SIMILAR_MAX;
        if known || room {
            similar.messages.insert(message.to_owned());
            return (Slot { sort, message: Some(message.to_owned()) }, message.to_owned());
        }
        (Slot { sort: sort.whole(), message: None }, format!("(combined from similar events): {message}"))
    }

    fn take_token(&mut self, sort: &Sort, now: Timestamp) -> bool {
        let bucket = self.buckets.entry(sort.whole().about).or_insert_with(|| Bucket { tokens: BURST, last: now });
        let seconds = now.duration_since(bucket.last).as_secs_f64();
        bucket.tokens = (bucket.tokens + seconds.max(0.0) / REFILL_SECONDS).min(BURST);
        bucket.last = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }
}
