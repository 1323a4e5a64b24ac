//! Versioned objects and their watch log.
//!
//! One counter numbers every write of a sandbox, as etcd does for a real cluster (`SERVER.md`, "General"); it is the
//! objects' `resourceVersion`. The store knows no kinds: what a Pod is, and what may be written, is decided above it.

pub mod journal;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::Value;
use tokio::sync::watch;

/// How many past events a watch may still ask for before it is told that its version is too old.
const HISTORY: usize = 4096;

/// A stored object: whole, with `metadata.resourceVersion` set. Cheap to clone, never changed in place.
pub type Object = Arc<Value>;

/// Where an object lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Plural and group: `pods`, `deployments.apps`.
    pub resource: String,
    /// Empty for cluster-scoped kinds.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl Key {
    /// A key; `namespace` is empty for cluster-scoped kinds.
    pub fn new(resource: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { resource: resource.into(), namespace: namespace.into(), name: name.into() }
    }
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    Added,
    /// It was replaced.
    Modified,
    /// It is gone; the event carries its last state, numbered with the deletion.
    Deleted,
}

/// One entry of the watch log.
#[derive(Debug, Clone)]
pub struct Event {
    /// The number of this write.
    pub revision: u64,
    /// What happened.
    pub change: Change,
    /// To which object.
    pub key: Key,
    /// The object after the write.
    pub object: Object,
    /// The object before it; a watch with a selector needs both to say ADDED or DELETED.
    pub previous: Option<Object>,
}

/// Why a write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// No object has this key.
    #[error("not found")]
    NotFound,
    /// The caller's closure refused.
    #[error(transparent)]
    Refused(E),
}

/// An object with this key is there already.
#[derive(Debug, thiserror::Error)]
#[error("already exists")]
pub struct AlreadyExists;

/// A watch asked for events older than the log reaches.
#[derive(Debug, thiserror::Error)]
#[error("too old resource version: {asked} ({oldest})")]
pub struct TooOld {
    /// The version asked for.
    pub asked: u64,
    /// The oldest version a watch can start from.
    pub oldest: u64,
}

/// What a deletion or update does with the object it was shown.
pub enum Next {
    /// Store this instead.
    Put(Value),
    /// Leave it as it is; nothing is logged and the version stays.
    Keep,
    /// Take it out of the store.
    Remove,
}

#[derive(Debug)]
struct Inner {
    revision: u64,
    objects: BTreeMap<Key, Object>,
    log: VecDeque<Event>,
}

/// The objects of one sandbox. Clones share them.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Mutex<Inner>>,
    /// Tells watchers the newest revision; each reads the log from where it stands.
    newest: watch::Sender<u64>,
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl Store {
    /// An empty store at revision 1.
    pub fn new() -> Self {
        let inner = Inner { revision: 1, objects: BTreeMap::new(), log: VecDeque::new() };
        Self { inner: Arc::new(Mutex::new(inner)), newest: watch::Sender::new(1) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no closure given to the store panics while it holds the lock")
    }

    /// The number of the newest write.
    pub fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// How many objects there are, of all kinds.
    pub fn len(&self) -> usize {
        self.lock().objects.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The object with this key.
    pub fn get(&self, key: &Key) -> Option<Object> {
        self.lock().objects.get(key).cloned()
    }

    /// All objects of a resource, of one namespace or of all, by namespace and name, with the revision they are from.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> (u64, Vec<Object>) {
        let inner = self.lock();
        let from = Key::new(resource, namespace.unwrap_or(""), "");
        let items = inner
            .objects
            .range(from..)
            .take_while(|(key, _)| key.resource == resource && namespace.is_none_or(|ns| key.namespace == ns))
            .map(|(_, object)| object.clone())
            .collect();
        (inner.revision, items)
    }

    /// All objects of a resource as they were at a past revision, by undoing what has happened since.
    ///
    /// # Errors
    /// [`TooOld`] when the log does not reach back so far.
    pub fn list_at(&self, resource: &str, namespace: Option<&str>, revision: u64) -> Result<Vec<Object>, TooOld> {
        let inner = self.lock();
        let oldest = inner.log.front().map_or(inner.revision, |event| event.revision - 1);
        if revision < oldest {
            return Err(TooOld { asked: revision, oldest });
        }
        let is_meant = |key: &Key| key.resource == resource && namespace.is_none_or(|ns| key.namespace == ns);
        let from = Key::new(resource, namespace.unwrap_or(""), "");
        let now = inner.objects.range(from..).take_while(|(key, _)| is_meant(key));
        let mut objects: BTreeMap<&Key, &Object> = now.collect();
        let since = inner.log.iter().rev().take_while(|event| event.revision > revision);
        for event in since.filter(|event| is_meant(&event.key)) {
            match &event.previous {
                Some(previous) => objects.insert(&event.key, previous),
                None => objects.remove(&event.key),
            };
        }
        Ok(objects.into_values().cloned().collect())
    }

    /// The keys of all objects in a namespace, of all kinds; objects in others cost nothing.
    pub fn keys_in(&self, namespace: &str) -> Vec<Key> {
        let inner = self.lock();
        let mut found = Vec::new();
        let mut next = inner.objects.keys().next();
        while let Some(Key { resource, .. }) = next {
            let of_this = |key: &&Key| key.resource == *resource && key.namespace == namespace;
            let from = Key::new(resource.as_str(), namespace, "");
            found.extend(inner.objects.range(from..).map(|(key, _)| key).take_while(of_this).cloned());
            // No name is between a resource's and this one.
            let after = Key::new(format!("{resource}\0"), "", "");
            next = inner.objects.range(after..).map(|(key, _)| key).next();
        }
        found
    }

    /// All objects of all kinds, with the revision they are from.
    pub fn snapshot(&self) -> (u64, Vec<(Key, Object)>) {
        let inner = self.lock();
        (inner.revision, inner.objects.iter().map(|(key, object)| (key.clone(), object.clone())).collect())
    }

    /// Puts in what was there before the first write. It keeps its own `resourceVersion`, no watch hears of it, and
    /// stores may share it.
    pub(crate) fn seed(&self, objects: &[(Key, Object)]) {
        self.lock().objects.extend(objects.iter().cloned());
    }

    /// Puts back what there was before a restart; `None` is for what was removed. Writes go on after `revision`, and
    /// whoever watched before has to list again.
    fn put_back(&self, objects: BTreeMap<Key, Option<Object>>, revision: u64) {
        let mut inner = self.lock();
        for (key, object) in objects {
            match object {
                Some(object) => drop(inner.objects.insert(key, object)),
                None => drop(inner.objects.remove(&key)),
            }
        }
        inner.revision = revision.max(inner.revision);
        inner.log.clear();
        let revision = inner.revision;
        self.newest.send_replace(revision);
    }

    /// Adds an object; its `resourceVersion` is set here.
    pub fn insert(&self, key: Key, object: Value) -> Result<Object, AlreadyExists> {
        let mut inner = self.lock();
        if inner.objects.contains_key(&key) {
            return Err(AlreadyExists);
        }
        Ok(self.commit(&mut inner, Change::Added, key, object, None))
    }

    /// Shows `decide` the object and does what it says, with nothing in between. Gives the object afterwards (the
    /// last one when it was removed).
    pub fn modify<E>(
        &self,
        key: &Key,
        decide: impl FnOnce(&Value) -> Result<Next, E>,
    ) -> Result<Object, WriteError<E>> {
        let mut inner = self.lock();
        let before = inner.objects.get(key).cloned().ok_or(WriteError::NotFound)?;
        match decide(&before).map_err(WriteError::Refused)? {
            Next::Keep => Ok(before),
            Next::Put(after) if same_but_version(&before, &after) => Ok(before),
            Next::Put(after) => Ok(self.commit(&mut inner, Change::Modified, key.clone(), after, Some(before))),
            Next::Remove => {
                let last = Value::clone(&before);
                Ok(self.commit(&mut inner, Change::Deleted, key.clone(), last, Some(before)))
            }
        }
    }

    /// Everything that happens to a resource after revision `from`, without end. `from` 0 means from now on.
    pub fn watch(&self, resource: &str, namespace: Option<&str>, from: u64) -> Result<Watch, TooOld> {
        self.watch_some(Some(resource), namespace, from)
    }

    /// Everything that happens to any object after revision `from`.
    pub fn watch_all(&self, from: u64) -> Result<Watch, TooOld> {
        self.watch_some(None, None, from)
    }

    fn watch_some(&self, resource: Option<&str>, namespace: Option<&str>, from: u64) -> Result<Watch, TooOld> {
        let inner = self.lock();
        let oldest = inner.log.front().map_or(inner.revision, |event| event.revision - 1);
        if from != 0 && from < oldest {
            return Err(TooOld { asked: from, oldest });
        }
        Ok(Watch {
            store: self.clone(),
            newest: self.newest.subscribe(),
            resource: resource.map(str::to_owned),
            namespace: namespace.map(str::to_owned),
            seen: if from == 0 { inner.revision } else { from },
            ready: VecDeque::new(),
        })
    }

    fn commit(
        &self,
        inner: &mut Inner,
        change: Change,
        key: Key,
        mut object: Value,
        previous: Option<Object>,
    ) -> Object {
        inner.revision += 1;
        let revision = inner.revision;
        object["metadata"]["resourceVersion"] = Value::String(revision.to_string());
        let object = Arc::new(object);
        if change == Change::Deleted {
            inner.objects.remove(&key);
        } else {
            inner.objects.insert(key.clone(), object.clone());
        }
        if inner.log.len() == HISTORY {
            inner.log.pop_front();
        }
        inner.log.push_back(Event { revision, change, key, object: object.clone(), previous });
        self.newest.send_replace(revision);
        object
    }
}

fn same_but_version(before: &Value, after: &Value) -> bool {
    const METADATA: &str = "metadata";
    same_but(METADATA, before, after) && same_but("resourceVersion", &before[METADATA], &after[METADATA])
}

/// Whether two objects have the same fields, one of them left out.
fn same_but(left_out: &str, before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let fields = before.iter().filter(|(field, _)| *field != left_out);
            fields.eq(after.iter().filter(|(field, _)| *field != left_out))
        }
        _ => before == after,
    }
}

/// A reader of the watch log.
#[derive(Debug)]
pub struct Watch {
    store: Store,
    newest: watch::Receiver<u64>,
    resource: Option<String>,
    namespace: Option<String>,
    seen: u64,
    ready: VecDeque<Event>,
}

impl Watch {
    /// The next event, waiting for it. Safe to drop at any point: no event is lost.
    ///
    /// # Errors
    /// [`TooOld`] when this reader was so slow that the log has moved past it.
    pub async fn next(&mut self) -> Result<Event, TooOld> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            self.newest.mark_unchanged();
            self.refill()?;
            if self.ready.is_empty() {
                self.newest.changed().await.expect("the store that this reader holds has the sender");
            }
        }
    }

    /// The revision up to which this reader has seen everything, its own resource or not: what a bookmark says.
    pub fn seen(&self) -> u64 {
        self.ready.front().map_or(self.seen, |event| event.revision - 1)
    }

    fn refill(&mut self) -> Result<(), TooOld> {
        let inner = self.store.lock();
        if let Some(front) = inner.log.front()
            && front.revision > self.seen + 1
        {
            return Err(TooOld { asked: self.seen, oldest: front.revision - 1 });
        }
        let start = inner.log.partition_point(|event| event.revision <= self.seen);
        let wanted = |event: &&Event| {
            self.resource.as_ref().is_none_or(|resource| *resource == event.key.resource)
                && self.namespace.as_ref().is_none_or(|ns| *ns == event.key.namespace)
        };
        self.ready.extend(inner.log.range(start..).filter(wanted).cloned());
        self.seen = inner.revision;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
