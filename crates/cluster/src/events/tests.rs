use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::clock::Clock;

#[derive(Default)]
struct Ticks(AtomicI64);

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_795_419_178 + self.0.load(Ordering::Relaxed)).unwrap()
    }
    fn uid(&self) -> String {
        "uid".into()
    }
    fn suffix(&self, length: usize) -> String {
        "x".repeat(length)
    }
}

fn pod() -> Subject {
    Subject::of(&json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "hello", "namespace": "default", "uid": "096b", "resourceVersion": "8710"},
    }))
}

fn lines(store: &Store) -> String {
    let line = |event: &Value| {
        let count = event.get("count").or(event["series"].get("count")).cloned().unwrap_or_default();
        format!("{} {} x{count} {}", event["type"], event["reason"], event["message"]).replace('"', "")
    };
    store.list(EVENTS, None).1.iter().map(|event| line(event)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_kubelet_event_has_the_core_shape() {
    let store = Store::new();
    let recorder = Recorder::kubelet(store.clone(), Arc::new(Ticks::default()), "kind-control-plane");
    recorder.event(&pod().part("spec.containers{main}"), Severity::Normal, "Started", "", "Container started");
    let mut event = Value::clone(&store.list(EVENTS, None).1[0]);
    event["metadata"]["managedFields"].take();
    insta::assert_json_snapshot!(event, @r#"
{
  "apiVersion": "v1",
  "count": 1,
  "eventTime": null,
  "firstTimestamp": "2026-11-23T07:32:58Z",
  "involvedObject": {
    "apiVersion": "v1",
    "fieldPath": "spec.containers{main}",
    "kind": "Pod",
    "name": "hello",
    "namespace": "default",
    "resourceVersion": "8710",
    "uid": "096b"
  },
  "kind": "Event",
  "lastTimestamp": "2026-11-23T07:32:58Z",
  "message": "Container started",
  "metadata": {
    "creationTimestamp": "2026-11-23T07:32:58Z",
    "managedFields": null,
    "name": "hello.18ea9c3ad79d2400",
    "namespace": "default",
    "resourceVersion": "2",
    "uid": "uid"
  },
  "reason": "Started",
  "reportingComponent": "kubelet",
  "reportingInstance": "kind-control-plane",
  "source": {
    "component": "kubelet",
    "host": "kind-control-plane"
  },
  "type": "Normal"
}
"#);
}

#[test]
fn a_scheduler_event_has_the_new_shape() {
    let store = Store::new();
    let recorder = Recorder::scheduler(store.clone(), Arc::new(Ticks::default()), "vm");
    recorder.event(&pod(), Severity::Normal, "Scheduled", "Binding", "Successfully assigned default/hello to n");
    let mut event = Value::clone(&store.list(EVENTS, None).1[0]);
    event["metadata"]["managedFields"].take();
    insta::assert_json_snapshot!(event, @r#"
{
  "action": "Binding",
  "apiVersion": "v1",
  "eventTime": "2026-11-23T07:32:58.000000Z",
  "firstTimestamp": null,
  "involvedObject": {
    "apiVersion": "v1",
    "kind": "Pod",
    "name": "hello",
    "namespace": "default",
    "resourceVersion": "8710",
    "uid": "096b"
  },
  "kind": "Event",
  "lastTimestamp": null,
  "message": "Successfully assigned default/hello to n",
  "metadata": {
    "creationTimestamp": "2026-11-23T07:32:58Z",
    "managedFields": null,
    "name": "hello.18ea9c3ad79d2400",
    "namespace": "default",
    "resourceVersion": "2",
    "uid": "uid"
  },
  "reason": "Scheduled",
  "reportingComponent": "default-scheduler",
  "reportingInstance": "default-scheduler-vm",
  "source": {},
  "type": "Normal"
}
"#);
}

#[test]
fn the_same_again_raises_the_count() {
    let store = Store::new();
    let clock = Arc::new(Ticks::default());
    let recorder = Recorder::kubelet(store.clone(), clock.clone(), "n");
    for _ in 0..3 {
        recorder.event(&pod(), Severity::Warning, "BackOff", "", "again");
        clock.0.fetch_add(1, Ordering::Relaxed);
    }
    assert_eq!(lines(&store), "Warning BackOff x3 again");
    let event = store.list(EVENTS, None).1[0].clone();
    assert_ne!(event["firstTimestamp"], event["lastTimestamp"]);
}

#[test]
fn the_tenth_different_message_is_combined_and_the_26th_event_is_dropped() {
    let store = Store::new();
    let recorder = Recorder::kubelet(store.clone(), Arc::new(Ticks::default()), "n");
    for i in 0..40 {
        recorder.event(&pod(), Severity::Warning, "Unhealthy", "", &format!("no {i}"));
    }
    let text = lines(&store);
    assert_eq!(text.lines().count(), 10);
    assert_eq!(text.lines().last(), Some("Warning Unhealthy x16 (combined from similar events): no 24"));
}

#[test]
fn an_event_that_was_deleted_is_written_anew() {
    let store = Store::new();
    let recorder = Recorder::controller(store.clone(), Arc::new(Ticks::default()), "job-controller");
    recorder.event(&pod(), Severity::Normal, "A", "", "a");
    let name = store.list(EVENTS, None).1[0]["metadata"]["name"].as_str().unwrap().to_owned();
    store.modify(&Key::new(EVENTS, "default", name), |_| Ok::<_, Infallible>(Next::Remove)).unwrap();
    recorder.event(&pod(), Severity::Normal, "A", "", "a");
    assert_eq!(lines(&store), "Normal A x1 a");
}
