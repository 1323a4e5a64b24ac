//! Watches: a line of JSON for each event.

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::{
    failure::{Failure, Outcome, text_at},
    server::{Body, JSON, encode},
    session::Session,
    status::Status,
};

/// An event may be this large: twice what the server stores for one object.
const MAX_LINE: usize = 4 << 20;

/// What happened to an object.
#[derive(Debug, Clone)]
pub struct Event {
    /// `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`.
    pub kind: String,
    /// The object afterwards.
    pub object: Value,
}

impl Event {
    /// Whether this bookmark ends the objects that were there at the start.
    pub fn ends_initial(&self) -> bool {
        self.kind == "BOOKMARK" && text_at(&self.object, "/metadata/annotations/k8s.io~1initial-events-end") == "true"
    }
}

/// The lines of a body as they come.
pub struct Lines {
    body: Body,
    buffer: BytesMut,
    ended: bool,
}

impl Lines {
    /// The lines of a body.
    pub fn new(body: Body) -> Self {
        Self { body, buffer: BytesMut::new(), ended: false }
    }

    /// The next line with its newline; the last may lack it.
    pub async fn next(&mut self) -> Outcome<Option<Bytes>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                return Ok(Some(self.buffer.split_to(end + 1).freeze()));
            }
            if self.ended || self.buffer.len() > MAX_LINE {
                return Ok((!self.buffer.is_empty()).then(|| self.buffer.split().freeze()));
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Outcome {
        match self.body.frame().await {
            None => self.ended = true,
            Some(frame) => {
                let frame = frame.map_err(|error| Failure::Said(error.to_string()))?;
                if let Ok(data) = frame.into_data() {
                    self.buffer.extend_from_slice(data.chunk());
                }
            }
        }
        Ok(())
    }
}

/// A running watch.
pub struct Events(Lines);

impl Events {
    /// Starts a watch at a path with its query.
    pub async fn open(session: &Session, path: &str, accept: &str) -> Outcome<Self> {
        Ok(Self(Lines::new(session.server.open(path, accept).await?.into_body())))
    }

    /// Starts a watch of one object by name that begins with its present state.
    pub async fn of_one(session: &Session, path: &str, name: &str) -> Outcome<Self> {
        let fields = encode(&format!("metadata.name={name}"));
        let path = format!(
            "{path}?allowWatchBookmarks=true&fieldSelector={fields}&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&watch=true"
        );
        Self::open(session, &path, JSON).await
    }

    /// The next event; `None` when the server has ended the watch.
    pub async fn next(&mut self) -> Outcome<Option<Event>> {
        while let Some(line) = self.0.next().await? {
            let Ok(mut value) = serde_json::from_slice::<Value>(&line) else { continue };
            let kind = text_at(&value, "/type").to_owned();
            let object = value.get_mut("object").map(Value::take).unwrap_or_default();
            if kind == "ERROR" {
                return Err(Status::read(&object, 500).into());
            }
            return Ok(Some(Event { kind, object }));
        }
        Ok(None)
    }
}
