//! The image store: a directory that all sandboxes of a server share, and what is known of it in memory.
//!
//! ```text
//! layers/<64 digits>/      an unpacked layer, named by its archive's digest
//! blobs/sha256/<64 digits> compressed layers, configurations and manifests, as a registry has them
//! built/<64 digits>        which layer came of which input, so that a start builds nothing twice
//! ```

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use futures::{FutureExt, future::BoxFuture};

use super::{
    BUSYBOX, Credential, Image, ImageConfig, ImageError, Images, Reference,
    description::{Description, DescriptionError},
    layer::{self, Entry},
    manifest::{self, Config, PackedLayer, digest},
    registry::{self, Registries},
    seed::{self, Seed},
};

mod archive;
mod fetch;

/// Changes when the same input is to give another layer.
const BUILD: &str = "1";

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
}

/// The images of a server. Clones are the same store.
#[derive(Debug, Clone)]
pub struct ImageStore {
    root: PathBuf,
    images: Arc<RwLock<BTreeMap<String, Stored>>>,
    registries: Arc<Registries>,
    /// One image is fetched after the other, as a kubelet does.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Clone)]
struct Stored {
    image: Image,
    /// Digest of its manifest.
    manifest: String,
    /// In no registry: pulling it fails.
    local: bool,
    /// Fetched with somebody's credentials: others must show theirs.
    private: bool,
}

impl ImageStore {
    /// A store in this directory, which is made if it is missing; empty until it is seeded.
    ///
    /// # Errors
    /// When the directory can't be made.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        // Only the server may enter, as a layer can hold programs with other users' rights.
        for (name, mode) in [("", 0o700), ("layers", 0o755), ("blobs/sha256", 0o755), ("built", 0o755)] {
            let path = root.join(name);
            fs::DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(&path)
                .map_err(|source| StoreError::Io { path, source })?;
        }
        let root = root.canonicalize().map_err(|source| StoreError::Io { path: root.to_owned(), source })?;
        Ok(Self { root, images: Arc::default(), registries: Arc::default(), fetching: Arc::default() })
    }

    /// The same, asking these registries.
    #[cfg(test)]
    fn asking(self, registries: Registries) -> Self {
        Self { registries: Arc::new(registries), ..self }
    }

    /// The directory that holds the layers of all images.
    pub fn directory(&self) -> &Path {
        &self.root
    }

    /// Makes the images that need no registry: busybox, and those that `descriptions` holds, one directory each. What
    /// was made before is not made again.
    ///
    /// # Errors
    /// When there is no busybox on this machine, a description is wrong, or the store can't be written.
    pub fn seed(&self, descriptions: Option<&Path>) -> Result<(), StoreError> {
        let stamp = seed::busybox_stamp().map_err(StoreError::Busybox)?;
        let base = self.built(&stamp, || seed::busybox_entries().map_err(StoreError::Busybox))?;
        let execution = seed::busybox_execution();
        let layers = [base];
        let mut seeds = Seed::tagged("busybox", seed::BUSYBOX_TAGS, false, &layers, &execution);
        for directory in descriptions.map(subdirectories).unwrap_or_default() {
            seeds.extend(self.described(&directory, &layers[0])?);
        }
        seeds.iter().try_for_each(|seed| self.add(seed))
    }

    /// The images of one description.
    fn described(&self, directory: &Path, base: &PackedLayer) -> Result<Vec<Seed>, StoreError> {
        let description = Description::read(directory)?;
        let entries = description.entries(directory)?;
        let mut layers = vec![base.clone()];
        if !entries.is_empty() {
            layers.push(self.built(&format!("{entries:?}"), || Ok(entries))?);
        }
        let mut execution = seed::busybox_execution();
        let own = description.execution();
        execution.env.retain(|entry| !own.env.iter().any(|other| other.split('=').next() == entry.split('=').next()));
        execution.env.extend(own.env.clone());
        let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let execution = manifest::Execution { env: execution.env, ..own };
        Ok(Seed::tagged(name, description.tags(), description.local, &layers, &execution))
    }

    /// The layer made of this input, unpacked; made now, or before.
    fn built(
        &self,
        input: &str,
        entries: impl FnOnce() -> Result<Vec<Entry>, StoreError>,
    ) -> Result<PackedLayer, StoreError> {
        let key = digest(format!("{BUILD} {input}").as_bytes());
        let note = self.root.join("built").join(hex(&key));
        let known = fs::read(&note).ok().and_then(|text| serde_json::from_slice::<PackedLayer>(&text).ok());
        if let Some(layer) = known.filter(|layer| self.layer_path(&layer.diff_id).is_dir()) {
            return Ok(layer);
        }
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Io { path, source }
        };
        let (compressed, layer) = layer::pack(&entries()?).map_err(failed(&note))?;
        self.write_blob(&layer.digest, &compressed)?;
        let directory = self.layer_path(&layer.diff_id);
        if !directory.is_dir() {
            layer::unpack(compressed.as_slice(), &directory).map_err(failed(&directory))?;
        }
        let text = serde_json::to_vec(&layer).map_err(|error| failed(&note)(error.into()))?;
        fs::write(&note, text).map_err(failed(&note))?;
        Ok(layer)
    }

    fn add(&self, seed: &Seed) -> Result<(), StoreError> {
        let config = Config::new(seed.execution.clone(), &seed.layers);
        let config_bytes = serde_json::to_vec(&config)
            .map_err(|error| StoreError::Io { path: self.root.clone(), source: error.into() })?;
        let manifest = manifest::manifest(&config_bytes, &seed.layers);
        self.write_blob(&digest(&config_bytes), &config_bytes)?;
        self.write_blob(&digest(&manifest), &manifest)?;
        let repository = format!("docker.io/library/{}", seed.name);
        let name = format!("{repository}:{}", seed.tag);
        let image = Image {
            id: digest(&config_bytes),
            name: name.clone(),
            repo_digest: (!seed.local).then(|| format!("{repository}@{}", digest(&manifest))),
            size: seed.layers.iter().map(|layer| layer.size).sum::<u64>()
                + (config_bytes.len() + manifest.len()) as u64,
            layers: config.diff_ids().iter().map(|diff_id| self.layer_path(diff_id)).collect(),
            config: ImageConfig::from(&seed.execution),
        };
        self.put(Stored { image, manifest: digest(&manifest), local: seed.local, private: false });
        Ok(())
    }

    fn put(&self, stored: Stored) {
        let name = stored.image.name.clone();
        self.images.write().unwrap_or_else(PoisonError::into_inner).insert(name, stored);
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
        let partial = path.with_extension(format!("partial-{}", std::process::id()));
        fs::write(&partial, bytes)
            .and_then(|()| fs::rename(&partial, &path))
            .map_err(|source| StoreError::Io { path, source })
    }

    /// The image of this name, or of this name's digest.
    fn find(&self, reference: &Reference) -> Option<Stored> {
        let images = self.images.read().unwrap_or_else(PoisonError::into_inner);
        match &reference.digest {
            Some(digest) => {
                let wanted = format!("{}@{digest}", reference.repository());
                images.values().find(|stored| stored.image.repo_digest.as_ref() == Some(&wanted)).cloned()
            }
            None => images.get(&reference.to_string()).cloned(),
        }
    }
}

impl Images for ImageStore {
    fn local(&self, reference: &str) -> Result<Option<Image>, ImageError> {
        let stored = self.find(&Reference::parse(reference)?);
        Ok(stored.filter(|stored| !stored.private).map(|stored| stored.image))
    }

    fn pull(&self, reference: &str, credentials: Vec<Credential>) -> BoxFuture<'static, Result<Image, ImageError>> {
        let (store, reference) = (self.clone(), Reference::parse(reference));
        async move { store.fetch_missing(&reference?, &credentials).await }.boxed()
    }

    fn all(&self) -> Vec<Image> {
        let images = self.images.read().unwrap_or_else(PoisonError::into_inner);
        images.values().map(|stored| stored.image.clone()).collect()
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

/// The directories in a directory, by name; none when there is no such directory.
fn subdirectories(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.join("image.yaml").is_file());
    found.sort();
    found
}

#[cfg(test)]
mod registry_tests;
#[cfg(test)]
mod tests;
