//! The wall as it happens: once whole, then what changes, as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::Stream;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::instructor::Owned;
use crate::{
    web::state::AppState,
    workshops::{
        Workshops,
        room::Room,
        stuck::Stuck,
        wall::{Need, Row, Wall},
    },
};

/// The wall changes this often at most.
const CALM: Duration = Duration::from_millis(400);
/// Minutes pass although nobody does anything.
const TICK: Duration = Duration::from_secs(20);
/// How many events may wait for a slow page; then it gets the newest only.
const WAITING: usize = 4;

/// What stands around the wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Around {
    state: &'static str,
    hold: Option<(String, String)>,
    reached: Option<usize>,
    online: usize,
    joined: usize,
    capacity: u64,
    /// Minutes until it ends; below zero when it should have.
    ends: Option<i64>,
    medians: Vec<Option<u64>>,
    here: Vec<usize>,
    hands: Vec<Need<String>>,
    stuck: Vec<Need<Stuck>>,
}

/// One event: all rows at first, then those that changed, by their place.
#[derive(Debug, PartialEq, Serialize)]
struct Change<'a> {
    whole: bool,
    rows: Vec<(usize, &'a Row)>,
    #[serde(flatten)]
    around: &'a Around,
}

/// `/workshops/<id>/live`
pub(super) async fn live(State(app): State<AppState>, Owned { room, .. }: Owned) -> Response {
    let (events, received) = mpsc::channel(WAITING);
    spawn(&app, show(app.workshops.clone(), room, events, Names::Shown));
    sse(ReceiverStream::new(received))
}

/// `/workshops/<id>/projector/live`: the same without who anybody is.
pub(super) async fn nameless(State(app): State<AppState>, Owned { room, .. }: Owned) -> Response {
    let (events, received) = mpsc::channel(WAITING);
    spawn(&app, show(app.workshops.clone(), room, events, Names::Hidden));
    sse(ReceiverStream::new(received))
}

/// Whether a wall says who is who.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Shown,
    /// Not even in what the page is sent.
    Hidden,
}

impl Names {
    fn of(self, wall: Wall) -> Wall {
        match self {
            Self::Shown => wall,
            Self::Hidden => wall.nameless(),
        }
    }
}

/// Runs what feeds a stream until the server ends.
pub(super) fn spawn(app: &AppState, feed: impl Future<Output = ()> + Send + 'static) {
    let closing = app.closing.clone();
    app.tasks.spawn(async move {
        closing.run_until_cancelled(feed).await;
    });
}

/// A stream of events that says that it lives while nothing happens.
pub(super) fn sse(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

async fn show(workshops: Workshops, room: Arc<Room>, events: mpsc::Sender<Result<Event, Infallible>>, names: Names) {
    let mut changes = room.changes();
    let mut shown: Option<(Wall, Around)> = None;
    loop {
        changes.borrow_and_update();
        let wall = names.of(room.wall(workshops.now()));
        let around = around(&room, &wall, workshops.now());
        // Rows have their places from those before them: when one goes, all are told anew.
        let before = shown.as_ref().map(|(wall, _)| wall).filter(|before| before.rows.len() <= wall.rows.len());
        let rows = changed_rows(before, &wall);
        if !rows.is_empty() || shown.as_ref().is_none_or(|(_, before)| *before != around) {
            let change = Change { whole: before.is_none(), rows, around: &around };
            let Ok(event) = Event::default().json_data(&change) else { return };
            if events.send(Ok(event)).await.is_err() {
                return;
            }
        }
        shown = Some((wall, around));
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(TICK) => {}
            () = events.closed() => return,
        }
        tokio::time::sleep(CALM).await;
    }
}

/// Rows that are new or differ, with their places.
fn changed_rows<'a>(before: Option<&Wall>, now: &'a Wall) -> Vec<(usize, &'a Row)> {
    let known = |at: usize| before.and_then(|wall| wall.rows.get(at));
    now.rows.iter().enumerate().filter(|(at, row)| known(*at) != Some(*row)).collect()
}

fn around(room: &Room, wall: &Wall, now: jiff::Timestamp) -> Around {
    let workshop = room.workshop();
    let Wall { medians, here, hands, stuck, online, reached, .. } = wall.clone();
    Around {
        state: workshop.state.as_str(),
        hold: workshop.hold,
        reached,
        online,
        joined: room.joined(),
        capacity: workshop.plan.capacity,
        ends: workshop.plan.ends.map(|ends| ends.duration_since(now).as_mins()),
        medians,
        here,
        hands,
        stuck,
    }
}
