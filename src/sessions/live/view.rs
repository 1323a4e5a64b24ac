//! Keeps one table up to date: list, then watch; again whenever the watch ends.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream::BoxStream};
use http::{Request, header};
use kube::core::WatchEvent;
use tokio::{sync::watch, time::Instant};

use super::table::{Change, Query, RawTable, Rows, Table};

/// The rows that the server prints, with what identifies them.
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
/// How often ages are read again while a cell shows seconds, and while none does.
const FRESH: Duration = Duration::from_secs(1);
const CALM: Duration = Duration::from_secs(15);
/// How long to wait after the API did not answer.
const RETRY: Duration = Duration::from_secs(1);
/// How many events are taken together before the pages are told.
const BATCH: usize = 64;

type Events = BoxStream<'static, kube::Result<WatchEvent<RawTable>>>;

pub(super) struct View {
    client: kube::Client,
    query: Query,
    rows: Rows,
    table: watch::Sender<Arc<Table>>,
    watched: watch::Receiver<bool>,
}

/// What made the view move.
enum Moved {
    Events(Vec<kube::Result<WatchEvent<RawTable>>>),
    Ended,
    Old,
    Watched,
}

impl View {
    pub fn new(
        client: kube::Client,
        query: Query,
        watched: watch::Receiver<bool>,
    ) -> (Self, watch::Receiver<Arc<Table>>) {
        let (table, receiver) = watch::channel(Arc::default());
        (Self { client, rows: Rows::new(&query), query, table, watched }, receiver)
    }

    /// Runs until it is dropped.
    pub async fn run(mut self) {
        loop {
            if let Err(error) = self.list_and_watch().await {
                tracing::debug!(path = self.query.path, %error, "the view begins again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    async fn list_and_watch(&mut self) -> kube::Result<()> {
        let version = self.list().await?;
        let mut events = self.watch(&version).await?.ready_chunks(BATCH);
        let mut listed = Instant::now();
        loop {
            let period = if self.table.borrow().shows_seconds() { FRESH } else { CALM };
            let watched = *self.watched.borrow_and_update();
            let moved = tokio::select! {
                batch = events.next() => batch.map_or(Moved::Ended, Moved::Events),
                () = tokio::time::sleep_until(listed + period), if watched => Moved::Old,
                changed = self.watched.changed() => if changed.is_ok() { Moved::Watched } else { Moved::Ended },
            };
            match moved {
                Moved::Events(batch) => {
                    if !self.take(batch)? {
                        return Ok(());
                    }
                }
                Moved::Ended => return Ok(()),
                Moved::Old | Moved::Watched => {
                    self.list().await?;
                    listed = Instant::now();
                }
            }
        }
    }

    /// Whether the watch still holds after these events.
    fn take(&mut self, batch: Vec<kube::Result<WatchEvent<RawTable>>>) -> kube::Result<bool> {
        for event in batch {
            match event? {
                WatchEvent::Added(table) | WatchEvent::Modified(table) => self.rows.event(Change::Set, table),
                WatchEvent::Deleted(table) => self.rows.event(Change::Gone, table),
                WatchEvent::Bookmark(_) => {}
                // Too old a version, most likely: list again.
                WatchEvent::Error(_) => return Ok(false),
            }
        }
        self.publish();
        Ok(true)
    }

    fn request(&self, query: &str) -> kube::Result<Request<Vec<u8>>> {
        let uri = format!("{}?includeObject={}{query}", self.query.path, self.include());
        let request = Request::get(uri).header(header::ACCEPT, TABLE);
        request.body(Vec::new()).map_err(kube::Error::HttpError)
    }

    /// Events say in their body when they were seen; of other objects the name is enough.
    fn include(&self) -> &'static str {
        match self.query.order {
            super::table::Order::Name => "Metadata",
            super::table::Order::LastSeen => "Object",
        }
    }

    async fn list(&mut self) -> kube::Result<String> {
        let table: RawTable = self.client.request(self.request("")?).await?;
        let version = table.metadata.resource_version.clone();
        self.rows.list(table);
        self.publish();
        Ok(version)
    }

    async fn watch(&self, version: &str) -> kube::Result<Events> {
        let request = self.request(&format!("&watch=1&resourceVersion={version}"))?;
        Ok(self.client.request_events::<RawTable>(request).await?.boxed())
    }

    fn publish(&self) {
        let now = self.rows.table();
        self.table.send_if_modified(|before| {
            let changed = **before != now;
            if changed {
                *before = Arc::new(now);
            }
            changed
        });
    }
}
