//! The image store: a directory that all sandboxes of all servers share, and what is known of it in memory.
//!
//! ```text
//! layers/<64 digits>/      an unpacked layer, named by its archive's digest
//! blobs/sha256/<64 digits> configurations; of what was made here, manifests and compressed layers too
//! images/<64 digits>       what was pulled or loaded, a file for each name
//! built/<64 digits>        which layer came of which input, so that a start builds nothing twice
//! servers/<name>/          what a server uses, and what it has not finished
//! ```
//!
//! Everything appears under its name at once and whole, so that whoever reads needs no lock; `share` says how it is kept
//! from being taken away.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard},
    time::SystemTime,
};

use futures::{FutureExt, future::BoxFuture};

use self::{
    fetch::Turns,
    record::{Origin, Record, Records},
    share::{Hold, Share},
};
use super::{
    BUSYBOX, Credential, Image, ImageConfig, ImageError, Images, InUse, Reference, Shortage,
    description::{Description, DescriptionError},
    layer,
    manifest::{self, Config, digest},
    registry::{self, Registries},
};

mod archive;
mod collect;
mod fetch;
mod load;
mod record;
mod seeding;
mod share;

pub use self::{collect::Thresholds, load::ArchiveError};

/// Why the store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something in its directory can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no static busybox to make images of.
    #[error("{BUSYBOX}: {0}: install busybox-static, which the offline images are made of")]
    Busybox(io::Error),
    /// An image's description is wrong.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// An archive of images can't be loaded.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// The images of a server. Clones are the same store.
#[derive(Debug, Clone)]
pub struct ImageStore {
    root: PathBuf,
    known: Arc<RwLock<Known>>,
    records: Arc<Records>,
    share: Arc<Share>,
    /// What stays as long as this store is open.
    kept: Arc<Mutex<Vec<Hold>>>,
    registries: Arc<Registries>,
    turns: Arc<Turns>,
    shortage: Arc<Mutex<Option<Shortage>>>,
}

/// What is in memory.
#[derive(Debug, Default)]
struct Known {
    images: BTreeMap<String, Stored>,
    /// How the records' directory was when it was read last.
    read: Option<SystemTime>,
}

#[derive(Debug, Clone)]
struct Stored {
    image: Image,
    /// Digest of its manifest.
    manifest: String,
    origin: Origin,
    /// Fetched with somebody's credentials: others must show theirs.
    private: bool,
    /// Fingerprints of the credentials that it was fetched with.
    readers: Vec<String>,
}

impl Stored {
    fn record(&self) -> Record {
        let Image { id, name, repo_digest, size, .. } = self.image.clone();
        let Self { manifest, origin, private, readers, .. } = self.clone();
        Record { name, config: id, manifest, repo_digest, size, origin, private, readers }
    }
}

impl ImageStore {
    /// A store in this directory, which is made if it is missing. It knows what was pulled and loaded before; what a
    /// crash left unfinished is removed.
    ///
    /// # Errors
    /// When the directory can't be made.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Io { path, source }
        };
        // Only the server may enter, as a layer can hold programs with other users' rights.
        for (name, mode) in
            [("", 0o700), ("layers", 0o755), ("blobs/sha256", 0o755), ("built", 0o755), ("images", 0o755)]
        {
            let path = root.join(name);
            fs::DirBuilder::new().recursive(true).mode(mode).create(&path).map_err(failed(&path))?;
        }
        let root = root.canonicalize().map_err(failed(root))?;
        let share = Share::open(&root).map_err(failed(&root))?;
        let store = Self {
            records: Arc::new(Records::of(&root)),
            known: Arc::default(),
            share: Arc::new(share),
            kept: Arc::default(),
            registries: Arc::default(),
            turns: Arc::default(),
            shortage: Arc::default(),
            root,
        };
        store.read_records();
        Ok(store)
    }

    /// The same, asking these registries.
    pub fn asking(self, registries: Registries) -> Self {
        Self { registries: Arc::new(registries), ..self }
    }

    /// The directory that holds the layers of all images.
    pub fn directory(&self) -> &Path {
        &self.root
    }

    /// Takes in what other servers pulled and loaded.
    fn read_records(&self) {
        let changed = self.records.changed();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.read.is_some() && known.read == changed {
            return;
        }
        known.read = changed;
        known.images.retain(|_, stored| matches!(stored.origin, Origin::Seeded | Origin::Local));
        for (record, _) in self.records.all() {
            let seeded = known.images.contains_key(&record.name);
            if let Some(stored) = self.recorded(&record).filter(|_| !seeded || record.origin == Origin::Loaded) {
                known.images.insert(record.name, stored);
            }
        }
    }

    /// The image that a record is of, if all of it is here.
    fn recorded(&self, record: &Record) -> Option<Stored> {
        let Record { name, config: id, manifest, repo_digest, size, origin, private, readers } = record.clone();
        let config: Config = serde_json::from_slice(&fs::read(self.blob_path(&id)).ok()?).ok()?;
        let layers = config.diff_ids().iter().map(|diff_id| self.layer_path(diff_id)).collect();
        let image = Image { id, name, repo_digest, size, layers, config: ImageConfig::from(&config.config) };
        Some(Stored { image, manifest, origin, private, readers }).filter(Stored::is_whole)
    }

    /// Puts an image into the store for good.
    fn record(&self, stored: Stored) -> io::Result<()> {
        self.records.write(&stored.record(), &self.share.unfinished())?;
        self.put(stored);
        Ok(())
    }

    fn put(&self, stored: Stored) {
        let name = stored.image.name.clone();
        self.known.write().unwrap_or_else(PoisonError::into_inner).images.insert(name, stored);
    }

    /// Keeps these from being collected as long as the store is open.
    fn keep<'a>(&self, digests: impl IntoIterator<Item = &'a String>) -> io::Result<()> {
        let hold = self.share.hold(digests.into_iter().cloned().collect())?;
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(hold);
        Ok(())
    }

    fn layer_path(&self, diff_id: &str) -> PathBuf {
        self.root.join("layers").join(hex(diff_id))
    }

    fn blob_path(&self, digest: &str) -> PathBuf {
        self.root.join("blobs/sha256").join(hex(digest))
    }

    fn write_blob(&self, digest: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.blob_path(digest);
        if path.is_file() {
            return Ok(());
        }
        let unfinished = self.share.unfinished();
        fs::write(&unfinished, bytes)
            .and_then(|()| fs::rename(&unfinished, &path))
            .map_err(|source| StoreError::Io { path, source })
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The image of this name, or of this name's digest. Finding it is using it.
    fn find(&self, reference: &Reference) -> Option<Stored> {
        self.read_records();
        let known = self.known();
        let found = match &reference.digest {
            Some(digest) => {
                let wanted = format!("{}@{digest}", reference.repository());
                let named = known.images.get(&reference.to_string());
                named.or_else(|| known.images.values().find(|stored| stored.is_at(&wanted)))
            }
            None => known.images.get(&reference.to_string()),
        };
        let found = found.filter(|stored| stored.is_whole()).cloned()?;
        self.records.used(&found.image.name);
        Some(found)
    }
}

impl Stored {
    /// Whether it is for everybody, or for who has one of these credentials.
    fn is_for(&self, credentials: &[Credential]) -> bool {
        !self.private || credentials.iter().any(|credential| self.readers.contains(&credential.fingerprint()))
    }

    /// Whether `repository@digest` means this image.
    fn is_at(&self, wanted: &str) -> bool {
        let repository = self.image.name.rsplit_once(':').map_or("", |(repository, _)| repository);
        self.image.repo_digest.as_deref() == Some(wanted)
            || (self.origin == Origin::Loaded && wanted == format!("{repository}@{}", self.manifest))
    }

    /// Whether nobody has removed its layers.
    fn is_whole(&self) -> bool {
        self.image.layers.iter().all(|layer| layer.is_dir())
    }
}

impl Images for ImageStore {
    fn local(&self, reference: &str) -> Result<Option<Image>, ImageError> {
        self.local_for(reference, &[])
    }

    fn local_for(&self, reference: &str, credentials: &[Credential]) -> Result<Option<Image>, ImageError> {
        let stored = self.find(&Reference::parse(reference)?);
        Ok(stored.filter(|stored| stored.is_for(credentials)).map(|stored| stored.image))
    }

    fn pull(&self, reference: &str, credentials: Vec<Credential>) -> BoxFuture<'static, Result<Image, ImageError>> {
        let (store, reference) = (self.clone(), Reference::parse(reference));
        async move { store.fetch_newest(&reference?, &credentials).await }.boxed()
    }

    fn all(&self) -> Vec<Image> {
        self.read_records();
        self.known().images.values().map(|stored| stored.image.clone()).collect()
    }

    fn shortage(&self) -> Option<Shortage> {
        self.shortage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, image: &Image) -> InUse {
        let layers = image.layers.iter().filter_map(|layer| Some(format!("sha256:{}", layer.file_name()?.to_str()?)));
        match self.share.hold(layers.chain([image.id.clone()]).collect()) {
            Ok(hold) => InUse::new(hold),
            Err(error) => {
                tracing::warn!(%error, image = image.name, "other servers can't be told that an image is used");
                InUse::default()
            }
        }
    }
}

/// What containerd says when a registry does not know an image, or when there is no such registry.
fn not_found(reference: &Reference) -> ImageError {
    let prefix = format!("failed to pull and unpack image \"{reference}\": failed to resolve image: ");
    if reference.domain == super::reference::DEFAULT_DOMAIN {
        return registry::not_found(reference);
    }
    let Reference { domain, path, .. } = reference;
    let (host, scheme) = (domain.split(':').next().unwrap_or(domain), if is_local(domain) { "http" } else { "https" });
    let wanted = reference.digest.as_ref().or(reference.tag.as_ref()).map_or("latest", String::as_str);
    ImageError::Pull(format!(
        "rpc error: code = Unknown desc = {prefix}failed to do request: Head \
         \"{scheme}://{domain}/v2/{path}/manifests/{wanted}\": dial tcp: lookup {host}: no such host"
    ))
}

/// containerd talks to registries on the machine itself without TLS.
fn is_local(domain: &str) -> bool {
    matches!(domain.split(':').next(), Some("localhost" | "127.0.0.1"))
}

/// The digits of a digest.
fn hex(digest: &str) -> &str {
    digest.split_once(':').map_or(digest, |(_, hex)| hex)
}

#[cfg(test)]
mod registry_tests;
#[cfg(test)]
mod tests;
