//! The events at the end of a page.

use jiff::Timestamp;
use serde_json::Value;

use super::page::{Page, ago, at};
use crate::output::sort::sort;

/// Adds `Events:` to a page.
pub fn add(page: &mut Page, events: Option<&[Value]>, now: Timestamp) {
    let Some(events) = events else { return };
    if events.is_empty() {
        return page.line(0, "Events:\t<none>");
    }
    page.flush();
    let mut events: Vec<&Value> = events.iter().collect();
    let seen = |event: &Value| at(event, "/lastTimestamp").parse::<Timestamp>().ok();
    sort(&mut events, |a, b| seen(a) < seen(b));
    page.line(0, "Events:");
    page.line(1, "Type\tReason\tAge\tFrom\tMessage");
    page.line(1, "----\t------\t----\t----\t-------");
    for event in events {
        page.line(
            1,
            format!(
                "{}\t{}\t{}\t{}\t{}",
                at(event, "/type"),
                at(event, "/reason"),
                interval(event, now),
                from(event),
                message(event)
            ),
        );
    }
}

/// `5s`, or `5s (x3 over 1m)`.
pub fn interval(event: &Value, now: Timestamp) -> String {
    let event_time = at(event, "/eventTime");
    let first = ago(&if event_time.is_empty() { at(event, "/firstTimestamp") } else { event_time }, now);
    let count = event.pointer("/count").and_then(Value::as_i64).unwrap_or(0);
    if let Some(series) = event.get("series").filter(|series| series.is_object()) {
        return format!("{} (x{} over {first})", ago(&at(series, "/lastObservedTime"), now), at(series, "/count"));
    }
    if count > 1 {
        return format!("{} (x{count} over {first})", ago(&at(event, "/lastTimestamp"), now));
    }
    first
}

fn from(event: &Value) -> String {
    let component = at(event, "/source/component");
    if component.is_empty() { at(event, "/reportingComponent") } else { component }
}

fn message(event: &Value) -> String {
    let message = at(event, "/message").trim().to_owned();
    let path = at(event, "/involvedObject/fieldPath");
    if path.is_empty() { message } else { format!("{path}: {message}") }
}
