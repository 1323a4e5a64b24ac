//! Watches: a collection's changes, one JSON document per line.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{Stream, stream};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Api, call::Call, create::text, failure::Failure, negotiate::Encoding, read::selection, respond,
    selector::Selection, shape, versioning,
};
use crate::store::{Change, Event, Object, TooOld, Watch};

/// How often a watch that wants bookmarks gets one (`SERVER.md`, "Watch": about once a minute).
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// How long a watch lasts that does not say: upstream takes 30 to 60 minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);

/// Starts a watch.
pub(crate) fn watch(api: &Arc<Api>, call: &Call) -> Result<Response, Failure> {
    let mut selection = selection(call)?;
    if !call.name.is_empty() {
        selection = Selection::parse(&call.resource(), "", &format!("metadata.name={}", call.name))?;
    }
    let resource = call.resource().store_name();
    let namespace = call.place.namespace.as_deref();
    versioning::check_watch(call)?;
    let asked = versioning::version(call)?;
    let initial = call.query.flag("sendInitialEvents");
    // Without a version, and with version 0, a watch starts with what is there.
    let (revision, objects) = if asked == 0 || initial { existing(api, call, &selection) } else { (asked, Vec::new()) };
    let line = |body: Value| respond::encode(&body, Encoding::Json { pretty: false }) + "\n";
    let source = match api.store.watch(&resource, namespace, revision) {
        Ok(source) => source,
        Err(TooOld { asked, oldest }) => {
            let body = line(json!({"type": "ERROR", "object": Failure::expired(asked, oldest).status()}));
            return Ok(respond::document(200, "application/json", body.into()));
        }
    };
    let bookmarks = call.query.flag("allowWatchBookmarks");
    let lasts = call.query.number("timeoutSeconds")?.and_then(|seconds| u64::try_from(seconds).ok());
    let now = Instant::now();
    let mut feed = Feed {
        api: api.clone(),
        call: call.clone(),
        selection,
        source,
        ready: VecDeque::new(),
        first: true,
        ends: now + lasts.filter(|seconds| *seconds > 0).map_or(DEFAULT_TIMEOUT, Duration::from_secs),
        next_bookmark: bookmarks.then(|| now + BOOKMARK_EVERY),
        over: false,
    };
    for object in objects {
        feed.push("ADDED", &object);
    }
    if initial && bookmarks {
        feed.bookmark(revision, true);
    }
    Ok(respond::document(200, "application/json", Body::from_stream(feed.lines())))
}

fn existing(api: &Api, call: &Call, selection: &Selection) -> (u64, Vec<Object>) {
    let (revision, objects) = api.store.list(&call.resource().store_name(), call.place.namespace.as_deref());
    (revision, objects.into_iter().filter(|object| selection.matches(object)).collect())
}

/// A running watch.
struct Feed {
    api: Arc<Api>,
    call: Call,
    selection: Selection,
    source: Watch,
    ready: VecDeque<Bytes>,
    first: bool,
    ends: Instant,
    next_bookmark: Option<Instant>,
    over: bool,
}

impl Feed {
    fn lines(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        stream::unfold(self, |mut feed| async move {
            loop {
                if let Some(line) = feed.ready.pop_front() {
                    return Some((Ok(line), feed));
                }
                if feed.over {
                    return None;
                }
                feed.wait().await;
            }
        })
    }

    /// Waits for whatever comes first: a change, a bookmark's time, the end.
    async fn wait(&mut self) {
        let closing = self.api.closing().clone();
        let pause = self.next_bookmark.map_or(self.ends, |at| at.min(self.ends));
        tokio::select! {
            event = self.source.next() => match event {
                Ok(event) => self.change(&event),
                Err(TooOld { asked, oldest }) => {
                    self.line("ERROR", &Failure::expired(asked, oldest).status());
                    self.over = true;
                }
            },
            () = tokio::time::sleep_until(pause) => {
                self.over = pause == self.ends;
                if let Some(at) = &mut self.next_bookmark {
                    *at = pause + BOOKMARK_EVERY;
                    self.bookmark(self.source.seen(), false);
                }
            }
            () = closing.cancelled() => self.over = true,
        }
    }

    /// What a change means to someone who sees only what the selectors let through.
    fn change(&mut self, event: &Event) {
        let now = event.change != Change::Deleted && self.selection.matches(&event.object);
        let before = event.previous.as_ref().is_some_and(|object| self.selection.matches(object));
        match (before, now) {
            (false, true) => self.push("ADDED", &event.object),
            (true, true) => self.push("MODIFIED", &event.object),
            (true, false) => self.push("DELETED", &self.last_state(event)),
            (false, false) => {}
        }
    }

    /// What left the selection is shown as it was, numbered with the change that made it leave.
    fn last_state(&self, event: &Event) -> Object {
        match &event.previous {
            Some(previous) if event.change != Change::Deleted => {
                let mut last = Value::clone(previous);
                last["metadata"]["resourceVersion"] = text(&event.object, "resourceVersion").into();
                Arc::new(last)
            }
            _ => event.object.clone(),
        }
    }

    fn push(&mut self, kind: &str, object: &Object) {
        let shown = shape::shape_event(&self.api, &self.call, object, self.first);
        self.first = false;
        self.line(kind, &shown);
    }

    fn bookmark(&mut self, revision: u64, initial: bool) {
        let resource = &self.call.resource();
        let mut bare = json!({
            "kind": resource.kind, "apiVersion": resource.api_version(),
            "metadata": {"resourceVersion": revision.to_string()},
        });
        if initial {
            bare["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        if (resource.group, resource.kind) == ("", "Pod") {
            bare["spec"] = json!({"containers": null});
            bare["status"] = json!({});
        }
        let shown = shape::shape_bookmark(&self.call, bare);
        self.line("BOOKMARK", &shown);
    }

    fn line(&mut self, kind: &str, object: &Value) {
        let text = respond::encode(&json!({"type": kind, "object": object}), Encoding::Json { pretty: false });
        self.ready.push_back((text + "\n").into());
    }
}
