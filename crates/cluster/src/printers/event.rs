//! Events.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Column, NAME, Row, age, column, wide};
use crate::json::{has, int, text};

pub(super) const COLUMNS: &[Column] = &[
    column("Last Seen", "string", "The time at which the most recent occurrence of this event was recorded."),
    column("Type", "string", "Type of this event (Normal, Warning), new types could be added in the future"),
    column(
        "Reason",
        "string",
        "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.",
    ),
    column("Object", "string", "The object that this event is about."),
    wide(
        "Subobject",
        "If referring to a piece of an object instead of an entire object, this string should contain a valid JSON/Go field access statement, such as desiredState.manifest.containers[2]. For example, if the object reference is to a container within a pod, this would take on a value like: \"spec.containers{name}\" (where \"name\" refers to the name of the container that triggered the event) or if no container name is specified \"spec.containers[2]\" (container with index 2 in this pod). This syntax is chosen only to have some well-defined way of referencing a part of an object.",
    ),
    wide("Source", "The component reporting this event. Should be a short machine understandable string."),
    column("Message", "string", "A human-readable description of the status of this operation."),
    wide("First Seen", "The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)"),
    wide("Count", "The number of times this event has occurred."),
    Column { priority: 1, ..NAME },
];

pub(super) fn row(event: &Value, now: Timestamp) -> Row {
    let first = if has(event, "firstTimestamp") { &event["firstTimestamp"] } else { &event["eventTime"] };
    let first = age::since(first, now);
    let mut last = if has(event, "lastTimestamp") { age::since(&event["lastTimestamp"], now) } else { first.clone() };
    let mut count = int(event, "count").filter(|count| *count != 0).unwrap_or(1);
    if has(event, "series") {
        last = age::since(&event["series"]["lastObservedTime"], now);
        count = int(&event["series"], "count").unwrap_or(0);
    }
    let about = &event["involvedObject"];
    let mut object = text(about, "kind").to_lowercase();
    if !text(about, "name").is_empty() {
        object.push_str(&format!("/{}", text(about, "name")));
    }
    Row::of(vec![
        json!(last),
        json!(text(event, "type")),
        json!(text(event, "reason")),
        json!(object),
        json!(text(about, "fieldPath")),
        json!(source(event)),
        json!(text(event, "message").trim()),
        json!(first),
        json!(count),
        event["metadata"]["name"].clone(),
    ])
}

fn source(event: &Value) -> String {
    let either = |old: &str, new: &str| {
        let (old, new) = (text(&event["source"], old), text(event, new));
        if old.is_empty() { new.to_owned() } else { old.to_owned() }
    };
    let (component, instance) = (either("component", "reportingComponent"), either("host", "reportingInstance"));
    if instance.is_empty() { component } else { format!("{component}, {instance}") }
}
