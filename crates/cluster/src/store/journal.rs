//! A store that outlives its process: every write is appended to a file, from which the store is filled again.
//!
//! The file is a row of records, each with its length and checksum. What is after the first record that does not hold was
//! being written when the process ended, and is left out. When the file has become long it is written anew under another
//! name, with what there is, and takes the old one's place. What every cluster has from the start, and is as it was made,
//! is not in it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use flate2::Crc;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Change, Event, Key, Object, Store, Watch};

/// A file this much longer than when it was written anew is written anew.
const GROWTH: u64 = 1024 * 1024;
/// How long nothing is tried after the file could not be written.
const PAUSE: Duration = Duration::from_secs(2);
/// Length and checksum.
const HEAD: usize = 8;
/// Longer than any object may be.
const MAX_RECORD: usize = 64 * 1024 * 1024;
/// Clients may have seen revisions that were never written: what comes after a restart is numbered far beyond.
const SKIPPED: u64 = 1000;

#[derive(Debug, Serialize, Deserialize)]
struct Record<O> {
    revision: u64,
    resource: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    namespace: String,
    name: String,
    /// `None` says that it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<O>,
}

impl<'o> Record<&'o Value> {
    fn new(revision: u64, key: &Key, object: Option<&'o Value>) -> Self {
        let Key { resource, namespace, name } = key.clone();
        Self { revision, resource, namespace, name, object }
    }

    /// With its length and checksum.
    fn bytes(&self) -> Vec<u8> {
        let text = serde_json::to_vec(self).expect("objects are JSON");
        let mut crc = Crc::new();
        crc.update(&text);
        let length = u32::try_from(text.len()).expect("an object is far shorter than 4 GB");
        [&length.to_le_bytes()[..], &crc.sum().to_le_bytes(), &text].concat()
    }
}

impl Record<Value> {
    /// The first record of `bytes` and what follows it; nothing when it does not hold.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let length = u32::from_le_bytes(head[..4].try_into().ok()?) as usize;
        let (text, rest) = rest.split_at_checked(length).filter(|_| length <= MAX_RECORD)?;
        let mut crc = Crc::new();
        crc.update(text);
        let holds = crc.sum().to_le_bytes() == head[4..];
        Some((serde_json::from_slice(text).ok().filter(|_| holds)?, rest))
    }
}

/// Puts back into `store`, which has what every cluster has, what the file at `path` holds. No file is no error.
///
/// # Errors
/// The file can't be read.
pub fn restore(store: &Store, path: &Path) -> io::Result<bool> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let (mut rest, mut revision, mut objects) = (&bytes[..], 0, BTreeMap::new());
    while let Some((record, after)) = Record::read(rest) {
        rest = after;
        revision = revision.max(record.revision);
        objects.insert(Key::new(record.resource, record.namespace, record.name), record.object.map(Arc::new));
    }
    if !rest.is_empty() {
        tracing::warn!(path = %path.display(), bytes = rest.len(), "the end of a sandbox's journal was not written whole");
    }
    if objects.is_empty() {
        return Ok(false);
    }
    store.put_back(objects, revision + SKIPPED);
    Ok(true)
}

/// The file that follows one store.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// What every cluster has.
    common: Arc<BTreeMap<Key, Object>>,
}

struct Written {
    file: File,
    /// Up to this revision.
    revision: u64,
    long: u64,
    limit: u64,
}

impl Journal {
    /// A journal at `path` for a store that has `common` from the start.
    pub fn new(path: PathBuf, common: Vec<(Key, Object)>) -> Self {
        Self { path, common: Arc::new(common.into_iter().collect()) }
    }

    /// Writes down what happens in `store`, until `stop`; what happened before that is in the file when this returns.
    pub async fn follow(self, store: Store, stop: CancellationToken) {
        loop {
            let written = match self.write_anew(&store).await {
                Ok(written) => self.append(&store, written, &stop).await,
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                tracing::warn!(path = %self.path.display(), %error, "a sandbox's journal can't be written");
                if stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                    return;
                }
            } else if stop.is_cancelled() {
                return;
            }
        }
    }

    /// Appends until the file has to be written anew, or `stop`.
    async fn append(&self, store: &Store, mut written: Written, stop: &CancellationToken) -> io::Result<()> {
        let Ok(mut watch) = store.watch_all(written.revision) else { return Ok(()) };
        loop {
            let next = stop.run_until_cancelled(watch.next()).await;
            let first = match next {
                None => return self.append_rest(store, &mut watch, &mut written).await,
                Some(Ok(event)) => event,
                // It was so much at once that the log does not reach back: all is written anew.
                Some(Err(_)) => return Ok(()),
            };
            write(&mut written, &first)?;
            if written.long > written.limit {
                return Ok(());
            }
        }
    }

    /// What happened before the end.
    async fn append_rest(&self, store: &Store, watch: &mut Watch, written: &mut Written) -> io::Result<()> {
        while written.revision < store.revision() {
            match watch.next().await {
                Ok(event) => write(written, &event)?,
                Err(_) => return self.write_anew(store).await.map(drop),
            }
        }
        if written.long > written.limit {
            self.write_anew(store).await?;
        }
        Ok(())
    }

    /// Writes everything under another name, which then takes the file's place.
    async fn write_anew(&self, store: &Store) -> io::Result<Written> {
        let (revision, objects) = store.snapshot();
        let (path, common) = (self.path.clone(), self.common.clone());
        let work = move || {
            let bytes = whole(revision, &objects, &common);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let new = path.with_extension("new");
            let mut file = File::create(&new)?;
            file.write_all(&bytes)?;
            file.sync_data()?;
            fs::rename(&new, &path)?;
            let long = bytes.len() as u64;
            Ok(Written { file, revision, long, limit: long * 2 + GROWTH })
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

/// All records of a store. The first says the revision, whatever the others are.
fn whole(revision: u64, objects: &[(Key, Object)], common: &BTreeMap<Key, Object>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let present: BTreeMap<&Key, &Object> = objects.iter().map(|(key, object)| (key, object)).collect();
    for key in common.keys().filter(|key| !present.contains_key(key)) {
        bytes.extend(Record::new(revision, key, None).bytes());
    }
    for (key, object) in objects {
        if !common.get(key).is_some_and(|first| Arc::ptr_eq(first, object) && is_shared(first)) {
            bytes.extend(Record::new(revision, key, Some(object)).bytes());
        }
    }
    bytes
}

/// Whether an object is the same in all clusters of this process (their roles): it has no revision of its own.
fn is_shared(object: &Value) -> bool {
    object["apiVersion"] == "rbac.authorization.k8s.io/v1"
}

/// One write. It is in the system's hands then: the end of this process loses it no more.
fn write(written: &mut Written, event: &Event) -> io::Result<()> {
    let object = (event.change != Change::Deleted).then(|| &*event.object);
    let bytes = Record::new(event.revision, &event.key, object).bytes();
    written.file.write_all(&bytes)?;
    written.long += bytes.len() as u64;
    written.revision = event.revision;
    Ok(())
}

#[cfg(test)]
mod tests;
