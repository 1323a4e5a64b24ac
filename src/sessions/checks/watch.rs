//! Watches a sandbox for what some checks ask about, and judges them whenever something has changed.

use std::{collections::BTreeMap, time::Duration};

use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::BoxStream};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, GroupVersionKind},
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::Value;
use tokio::{sync::watch as channel, time::Instant};

use super::probe::{self, Found};
use crate::lessons::check::{Check, Kind, Observed, Verdict, Want, evaluate};

/// How often logs and ports are looked at while a check that asks for them does not hold.
const AGAIN: Duration = Duration::from_millis(1000);
/// How soon after a change.
const SOON: Duration = Duration::from_millis(150);
/// How many changes are taken together.
const BATCH: usize = 64;

/// Objects of one kind in one namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    kind: Kind,
    namespace: Option<String>,
}

type Change = (Place, watcher::Result<watcher::Event<DynamicObject>>);

/// Watches until it is dropped. The first verdicts come when everything has been looked at once.
pub async fn watch(client: Client, namespace: String, checks: Vec<Check>, verdicts: channel::Sender<Vec<Verdict>>) {
    let places = places(&checks, &namespace);
    let mut changes = changes(&client, &places);
    let mut state =
        State { checks, seen: places.into_iter().map(|p| (p, Seen::default())).collect(), ..State::new(namespace) };
    let mut looking: BoxFuture<'static, Found> = futures::future::pending().boxed();
    let mut busy = false;
    let mut next_look = Instant::now();
    loop {
        let wants_look = !busy && state.wants_look();
        tokio::select! {
            batch = changes.next() => {
                let Some(batch) = batch else { return };
                batch.into_iter().for_each(|change| state.take(change));
                next_look = next_look.min(Instant::now() + SOON);
            }
            () = tokio::time::sleep_until(next_look), if wants_look => {
                let (logs, asks) = state.questions();
                looking = probe::look(client.clone(), logs, asks).boxed();
                busy = true;
                continue;
            }
            found = &mut looking, if busy => {
                looking = futures::future::pending().boxed();
                busy = false;
                state.found(found);
                next_look = Instant::now() + AGAIN;
            }
        }
        if state.complete() {
            let now = state.judge();
            verdicts.send_if_modified(|before| {
                let changed = *before != now;
                *before = now;
                changed
            });
        }
    }
}

/// What has to be watched.
fn places(checks: &[Check], namespace: &str) -> Vec<Place> {
    let mut places = Vec::new();
    for check in checks {
        let subject = &check.subject;
        let own = subject.namespace.clone().unwrap_or_else(|| namespace.to_owned());
        let here = (!subject.kind.cluster_wide).then(|| own.clone());
        places.push(Place { kind: subject.kind.clone(), namespace: here });
        if check.wants.iter().any(|want| matches!(want, Want::Event { .. })) {
            places.push(Place { kind: Kind::of("v1", "Event"), namespace: Some(own) });
        }
    }
    places.sort();
    places.dedup();
    places
}

fn changes(client: &Client, places: &[Place]) -> BoxStream<'static, Vec<Change>> {
    let one = |place: &Place| {
        let (group, version) = place.kind.api_version.split_once('/').unwrap_or(("", &place.kind.api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &place.kind.kind));
        let api: Api<DynamicObject> = match &place.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let place = place.clone();
        watcher(api, watcher::Config::default()).default_backoff().map(move |event| (place.clone(), event)).boxed()
    };
    futures::stream::select_all(places.iter().map(one)).ready_chunks(BATCH).boxed()
}

/// The objects of a place.
#[derive(Debug, Default)]
struct Seen {
    /// By name.
    objects: BTreeMap<String, Value>,
    /// What a list that is under way has brought.
    listing: BTreeMap<String, Value>,
    listed: bool,
}

struct State {
    checks: Vec<Check>,
    seen: BTreeMap<Place, Seen>,
    observed: Observed,
    looked: bool,
}

impl State {
    fn new(namespace: String) -> Self {
        let observed = Observed { namespace, ..Observed::default() };
        Self { checks: Vec::new(), seen: BTreeMap::new(), observed, looked: false }
    }

    fn take(&mut self, (place, event): Change) {
        let Some(seen) = self.seen.get_mut(&place) else { return };
        let named = |object: DynamicObject| {
            let name = object.metadata.name.clone().unwrap_or_default();
            (name, serde_json::to_value(object).unwrap_or_default())
        };
        match event {
            Ok(watcher::Event::Init) => seen.listing.clear(),
            Ok(watcher::Event::InitApply(object)) => seen.listing.extend([named(object)]),
            Ok(watcher::Event::InitDone) => {
                seen.objects = std::mem::take(&mut seen.listing);
                seen.listed = true;
            }
            Ok(watcher::Event::Apply(object)) => seen.objects.extend([named(object)]),
            Ok(watcher::Event::Delete(object)) => {
                seen.objects.remove(object.metadata.name.as_deref().unwrap_or_default());
            }
            // It tries again; a kind that the sandbox does not know has no objects.
            Err(error) => {
                tracing::debug!(kind = place.kind.kind, %error, "a check can't look");
                seen.listed = true;
            }
        }
        self.observe(&place.kind);
    }

    /// Takes over what was seen of a kind.
    fn observe(&mut self, kind: &Kind) {
        let places = self.seen.iter().filter(|(place, seen)| place.kind == *kind && seen.listed);
        let objects: Vec<Value> = places.flat_map(|(_, seen)| seen.objects.values().cloned()).collect();
        if kind.kind == "Event" {
            self.observed.events = objects;
        } else {
            self.observed.objects.insert(kind.clone(), objects);
        }
    }

    fn found(&mut self, found: Found) {
        self.observed.logs.extend(found.logs);
        self.observed.answers.extend(found.answers);
        self.looked = true;
    }

    /// Whether everything has been looked at once.
    fn complete(&self) -> bool {
        self.seen.values().all(|seen| seen.listed) && (self.looked || !self.wants_look())
    }

    fn questions(&self) -> (Vec<crate::lessons::check::LogOf>, Vec<crate::lessons::check::Ask>) {
        let open = || self.checks.iter().filter(|check| !evaluate(check, &self.observed).holds);
        let logs = open().flat_map(|check| self.observed.logs_for(check)).collect();
        (logs, open().flat_map(|check| self.observed.asks_for(check)).collect())
    }

    fn wants_look(&self) -> bool {
        let (logs, asks) = self.questions();
        !logs.is_empty() || !asks.is_empty()
    }

    fn judge(&self) -> Vec<Verdict> {
        self.checks.iter().map(|check| evaluate(check, &self.observed)).collect()
    }
}
