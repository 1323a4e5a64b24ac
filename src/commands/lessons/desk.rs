//! A learner's place for one lesson without a learner: the console's world over the lesson's files.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    console::{self, Event, Variables, World},
    lessons::model::Lesson,
    sessions::{desk::Desk, forwards::Forwards},
};

/// How many pieces of output may wait.
const PIECES: usize = 32;
/// The most of an output that is kept.
const MAX_OUTPUT: usize = 1024 * 1024;

/// What the lines of one lesson run in.
pub(super) struct Place {
    pub world: World,
    pub desk: Arc<Desk>,
}

impl Place {
    /// With the lesson's files on the desk, as a page begins.
    pub fn new(lesson: &Lesson, client: kube::Client, namespace: String) -> Self {
        let files = lesson.files.iter().map(|file| (file.name.as_str(), file.text.as_str()));
        let desk = Arc::new(Desk::new(&lesson.id, files));
        let world = World {
            client,
            namespace,
            files: desk.clone(),
            forwards: Arc::new(Forwards::default()),
            variables: Variables::default(),
            clock: Arc::new(Timestamp::now),
            engine: console::engine(),
            terminal: None,
            editor: None,
        };
        Self { world, desk }
    }

    /// Runs a line to its end, or until it is cancelled; gives its code and hands on what it writes.
    pub async fn run(&self, line: &str, cancel: CancellationToken, wrote: impl FnMut(&str)) -> i32 {
        run(&self.world, line, cancel, wrote).await
    }
}

/// The same in any world.
pub(super) async fn run(world: &World, line: &str, cancel: CancellationToken, mut wrote: impl FnMut(&str)) -> i32 {
    let (events, mut received) = mpsc::channel(PIECES);
    let running = console::run(line, world, events, cancel);
    let mut total = 0;
    let reading = async {
        while let Some(event) = received.recv().await {
            match event {
                Event::Text { text, .. } if total < MAX_OUTPUT => {
                    total += text.len();
                    wrote(&text);
                }
                Event::Text { .. } | Event::Clear => {}
            }
        }
    };
    tokio::join!(running, reading).0
}
