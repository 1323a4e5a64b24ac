//! What was seen of a sandbox, as far as checks ask for it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Check, Kind, Subject, Want, wanted::like};

/// What was seen of a sandbox.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// All objects of each kind that was looked for; a kind that is missing has not been listed yet.
    pub objects: BTreeMap<Kind, Vec<Value>>,
    /// All events.
    pub events: Vec<Value>,
    /// Ends of logs.
    pub logs: BTreeMap<LogOf, String>,
    /// What ports answered.
    pub answers: BTreeMap<Ask, Answer>,
    /// The learner's namespace.
    pub namespace: String,
}

/// Whose log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogOf {
    /// The Pod's namespace.
    pub namespace: String,
    /// The Pod.
    pub pod: String,
    /// The container; `None` is the Pod's first.
    pub container: Option<String>,
    /// Of the run before.
    pub previous: bool,
}

/// A question to a Pod's port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    /// The Pod's namespace.
    pub namespace: String,
    /// The Pod.
    pub pod: String,
    /// Its port.
    pub port: u16,
    /// `/`
    pub path: String,
}

/// What a port answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// HTTP.
    Http {
        /// `200`
        status: u16,
        /// The beginning of the body.
        body: String,
    },
    /// Nothing that could be understood; why, in words.
    None(String),
}

impl Observed {
    /// The objects that a check is about; `None` while they have not been listed.
    pub(super) fn subjects(&self, subject: &Subject) -> Option<Vec<&Value>> {
        let all = self.objects.get(&subject.kind)?;
        let namespace = subject.namespace.as_deref().unwrap_or(&self.namespace);
        let is_one = |object: &&Value| {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let here = subject.kind.cluster_wide || text("/metadata/namespace") == namespace;
            let named = subject.name.as_deref().is_none_or(|name| like(name, text("/metadata/name")));
            let labels = object.pointer("/metadata/labels");
            let has = |(key, value): &(String, String)| {
                labels.and_then(|labels| labels.get(key)).and_then(Value::as_str).is_some_and(|is| like(value, is))
            };
            here && named && subject.labels.iter().all(has)
        };
        Some(all.iter().filter(is_one).collect())
    }

    /// The logs that have to be read to evaluate a check.
    pub fn logs_for(&self, check: &Check) -> Vec<LogOf> {
        let previous = |want: &Want| match want {
            Want::Logs { previous, .. } => Some(*previous),
            _ => None,
        };
        let pods = self.subjects(&check.subject).unwrap_or_default();
        let runs: Vec<bool> = check.wants.iter().filter_map(previous).collect();
        pods.iter().flat_map(|pod| runs.iter().map(|previous| log_of(pod, check, *previous))).collect()
    }

    /// The ports that have to be asked to evaluate a check.
    pub fn asks_for(&self, check: &Check) -> Vec<Ask> {
        let pods = self.subjects(&check.subject).unwrap_or_default();
        let asks = |pod: &&Value| check.wants.iter().filter_map(|want| ask(pod, want)).collect::<Vec<_>>();
        pods.iter().flat_map(asks).collect()
    }
}

pub(super) fn log_of(pod: &Value, check: &Check, previous: bool) -> LogOf {
    let (namespace, pod) = full_name(pod);
    LogOf { namespace, pod, container: check.subject.container.clone(), previous }
}

pub(super) fn ask(pod: &Value, want: &Want) -> Option<Ask> {
    let Want::Http { port, path, .. } = want else { return None };
    let (namespace, pod) = full_name(pod);
    Some(Ask { namespace, pod, port: *port, path: path.clone() })
}

fn full_name(object: &Value) -> (String, String) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/metadata/namespace"), text("/metadata/name"))
}
