//! What a step wants to see in the learner's sandbox: assertions on objects, their events, logs and ports.
//!
//! [`read()`] makes checks of YAML, [`evaluate()`] holds one against what was [`Observed`]. Both are pure; who watches
//! the sandbox is `sessions::checks`.

mod evaluate;
mod kind;
mod observed;
mod pods;
mod read;
mod wanted;
mod words;

#[cfg(test)]
mod tests;

pub(super) use self::wanted::like;
pub use self::{
    evaluate::{Verdict, evaluate, holds_of_nothing},
    kind::Kind,
    observed::{Answer, Ask, LogOf, Observed},
    read::{Misread, read},
    wanted::Wanted,
    words::Tongue,
};

/// One check: an object, or some, and what they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What is wanted, as a sentence: the author's, or made from the assertions.
    pub text: String,
    /// Of which objects.
    pub subject: Subject,
    /// What of them; all have to hold.
    pub wants: Vec<Want>,
    /// What to try when it does not hold, in markdown.
    pub hint: Option<String>,
    /// The line of the file where it begins, counted from 1.
    pub line: usize,
    /// The language of its sentences.
    pub tongue: Tongue,
}

/// Which objects a check is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Their kind.
    pub kind: Kind,
    /// One by its name; a `*` stands for anything, as in `web-*`.
    pub name: Option<String>,
    /// Or all that carry these labels.
    pub labels: Vec<(String, String)>,
    /// How many of them have to be as wanted, where not one.
    pub count: Option<Wanted>,
    /// In this namespace, where not in the learner's own.
    pub namespace: Option<String>,
    /// Of their containers only this one.
    pub container: Option<String>,
}

/// One assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// The object is there, or is gone.
    Exists(bool),
    /// It is ready, or is not, in the sense of its kind.
    Ready(bool),
    /// How often its containers have been started again, together.
    Restarts(Wanted),
    /// A field of a container's status, such as `waiting.reason` or `lastState.terminated.exitCode`.
    Container {
        /// Below `state`, or with `lastState` before it.
        path: String,
        /// Its value.
        wanted: Wanted,
    },
    /// A field, by JSONPath.
    Field {
        /// As the author wrote it.
        path: String,
        /// Its value.
        wanted: Wanted,
    },
    /// What a container has written.
    Logs {
        /// Whose: the subject's container, or of the run before.
        previous: bool,
        /// It contains this.
        wanted: Wanted,
    },
    /// An event about the object was seen.
    Event {
        /// `BackOff`
        reason: Wanted,
        /// What it says.
        message: Option<Wanted>,
    },
    /// What a port answers over HTTP.
    Http {
        /// Of the Pod.
        port: u16,
        /// `/`
        path: String,
        /// `200`
        status: Wanted,
        /// What the answer contains.
        body: Option<Wanted>,
    },
}
