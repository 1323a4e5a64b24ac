//! Writing Events, in the two shapes a real cluster has (`wire/event-kubelet.json`, `wire/event-scheduler.json`).
//!
//! The kubelet and the controllers write the old core/v1 shape, where a repeat raises `count` of the same object. The
//! scheduler writes the events.k8s.io shape, where a repeat becomes a `series`. Both are stored as core/v1 Events.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    clock::{SharedClock, api_time, micro_time},
    store::{Key, Next, Store},
};

mod correlate;

use correlate::{Correlator, Decision};

/// The store's name for events.
pub const EVENTS: &str = "events";

/// How serious an event is: `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// `Normal`
    Normal,
    /// `Warning`
    Warning,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// What an event is about: `involvedObject`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
    uid: String,
    resource_version: String,
    field_path: Option<String>,
}

impl Subject {
    /// A stored object.
    pub fn of(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let metadata = &object["metadata"];
        Self {
            api_version: text(&object["apiVersion"]),
            kind: text(&object["kind"]),
            namespace: text(&metadata["namespace"]),
            name: text(&metadata["name"]),
            uid: text(&metadata["uid"]),
            resource_version: text(&metadata["resourceVersion"]),
            field_path: None,
        }
    }

    /// A part of it, such as `spec.containers{main}`.
    pub fn part(mut self, field_path: impl Into<String>) -> Self {
        self.field_path = Some(field_path.into());
        self
    }

    /// Where events about it live; those about cluster-scoped objects are in `default`.
    fn event_namespace(&self) -> &str {
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }

    fn to_json(&self) -> Value {
        let mut involved =
            json!({"kind": self.kind, "name": self.name, "uid": self.uid, "apiVersion": self.api_version});
        for (field, value) in [("namespace", &self.namespace), ("resourceVersion", &self.resource_version)] {
            if !value.is_empty() {
                involved[field] = json!(value);
            }
        }
        if let Some(path) = &self.field_path {
            involved["fieldPath"] = json!(path);
        }
        involved
    }
}

/// Who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Author {
    /// core/v1: `source.component`, `source.host`, and the manager in managedFields.
    Component { component: String, host: Option<String>, manager: String },
    /// events.k8s.io: `reportingComponent`, `reportingInstance`.
    Scheduler { instance: String },
}

/// Writes events of one author. Clones share the counts.
#[derive(Clone)]
pub struct Recorder {
    store: Store,
    clock: SharedClock,
    author: Author,
    correlator: Arc<Mutex<Correlator>>,
}

impl Recorder {
    /// The kubelet of a node.
    pub fn kubelet(store: Store, clock: SharedClock, node: &str) -> Self {
        let author =
            Author::Component { component: "kubelet".into(), host: Some(node.into()), manager: "kubelet".into() };
        Self::new(store, clock, author)
    }

    /// A controller, such as `replicaset-controller`.
    pub fn controller(store: Store, clock: SharedClock, component: &str) -> Self {
        let manager = "kube-controller-manager".into();
        Self::new(store, clock, Author::Component { component: component.into(), host: None, manager })
    }

    /// The scheduler; `host` is the machine it runs on.
    pub fn scheduler(store: Store, clock: SharedClock, host: &str) -> Self {
        Self::new(store, clock, Author::Scheduler { instance: format!("default-scheduler-{host}") })
    }

    fn new(store: Store, clock: SharedClock, author: Author) -> Self {
        Self { store, clock, author, correlator: Arc::default() }
    }

    /// Something worth telling happened. `action` is only shown by the scheduler's events (`Binding`).
    pub fn event(&self, about: &Subject, severity: Severity, reason: &str, action: &str, message: &str) {
        let now = self.clock.now();
        let decision = match self.author {
            Author::Component { .. } => self.correlator().observe(about, severity, reason, message, now),
            Author::Scheduler { .. } => self.correlator().observe_series(about, severity, reason, message),
        };
        let (message, slot) = match decision {
            Decision::Drop => return,
            Decision::New { message, slot } => (message, slot),
            Decision::Repeat { message, slot, name, count } => {
                if self.write_repeat(about, &name, &message, count, now) {
                    return;
                }
                (message, slot)
            }
        };
        let name = self.write_new(about, severity, reason, action, &message, now);
        self.correlator().written(slot, name);
    }

    fn correlator(&self) -> MutexGuard<'_, Correlator> {
        self.correlator.lock().expect("nothing panics while it holds the correlator")
    }

    /// Stores a new event and gives its name, `POD.HEX16` after the nanosecond it happened in.
    fn write_new(
        &self,
        about: &Subject,
        severity: Severity,
        reason: &str,
        action: &str,
        message: &str,
        now: Timestamp,
    ) -> String {
        let namespace = about.event_namespace();
        let mut nanos = now.as_nanosecond();
        loop {
            let name = format!("{}.{nanos:016x}", about.name);
            let event = self.object(about, severity, reason, action, message, &name, now);
            if self.store.insert(Key::new(EVENTS, namespace, &*name), event).is_ok() {
                return name;
            }
            nanos += 1;
        }
    }

    /// Raises the count of an event that is still there.
    fn write_repeat(&self, about: &Subject, name: &str, message: &str, count: u64, now: Timestamp) -> bool {
        let key = Key::new(EVENTS, about.event_namespace(), name);
        self.store
            .modify(&key, |event| {
                let mut event = event.clone();
                match self.author {
                    Author::Component { .. } => {
                        event["count"] = json!(count);
                        event["lastTimestamp"] = json!(api_time(now));
                        event["message"] = json!(message);
                    }
                    Author::Scheduler { .. } => {
                        event["series"] = json!({"count": count, "lastObservedTime": micro_time(now)});
                    }
                }
                Ok::<_, Infallible>(Next::Put(event))
            })
            .is_ok()
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one event")]
    fn object(
        &self,
        about: &Subject,
        severity: Severity,
        reason: &str,
        action: &str,
        message: &str,
        name: &str,
        now: Timestamp,
    ) -> Value {
        let mut event = json!({
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {
                "name": name,
                "namespace": about.event_namespace(),
                "uid": self.clock.uid(),
                "creationTimestamp": api_time(now),
                "managedFields": [self.managed(now)],
            },
            "involvedObject": about.to_json(),
            "reason": reason,
            "message": message,
            "type": severity.as_str(),
        });
        match &self.author {
            Author::Component { component, host, .. } => {
                event["source"] = json!({"component": component});
                if let Some(host) = host {
                    event["source"]["host"] = json!(host);
                }
                event["firstTimestamp"] = json!(api_time(now));
                event["lastTimestamp"] = json!(api_time(now));
                event["count"] = json!(1);
                event["eventTime"] = Value::Null;
                event["reportingComponent"] = json!(component);
                event["reportingInstance"] = json!(host.as_deref().unwrap_or(""));
            }
            Author::Scheduler { instance } => {
                event["source"] = json!({});
                event["firstTimestamp"] = Value::Null;
                event["lastTimestamp"] = Value::Null;
                // The whole second: `kubectl events` sorts by time, and the kubelet's events, which have no finer times,
                // come within the same second here (a real kubelet takes longer).
                event["eventTime"] = json!(micro_time(whole_second(now)));
                event["action"] = json!(action);
                event["reportingComponent"] = json!("default-scheduler");
                event["reportingInstance"] = json!(instance);
            }
        }
        event
    }

    fn managed(&self, now: Timestamp) -> Value {
        let (manager, version, fields) = match &self.author {
            Author::Component { host, manager, .. } => {
                let mut fields = json!({
                    "f:count": {}, "f:firstTimestamp": {}, "f:involvedObject": {}, "f:lastTimestamp": {}, "f:message": {},
                    "f:reason": {}, "f:reportingComponent": {}, "f:source": {"f:component": {}}, "f:type": {},
                });
                if host.is_some() {
                    fields["f:reportingInstance"] = json!({});
                    fields["f:source"]["f:host"] = json!({});
                }
                (manager.as_str(), "v1", fields)
            }
            Author::Scheduler { .. } => {
                let fields = json!({
                    "f:action": {}, "f:eventTime": {}, "f:note": {}, "f:reason": {}, "f:regarding": {},
                    "f:reportingController": {}, "f:reportingInstance": {}, "f:type": {},
                });
                ("kube-scheduler", "events.k8s.io/v1", fields)
            }
        };
        json!({
            "manager": manager, "operation": "Update", "apiVersion": version, "time": api_time(now),
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        })
    }
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests;
