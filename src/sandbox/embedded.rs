//! A cluster in this process for each sandbox: made in milliseconds, with containers by a node agent of its own.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use podyard_cluster::{
    Authority, Cluster, ClusterConfig,
    node::{
        images::{ImageStore, Images, Registries, StoreError, Thresholds},
        runtime::{
            Runtime,
            linux::{self, AgentProgram, Finding, Linux, LinuxConfig},
        },
    },
};

use crate::config::{ImageSettings, Room};

use super::{
    Capabilities, Caveat, Lease, Made, Order, ProvisionError,
    kept::{Drawer, Kept},
    lesson_images,
    reaper::Reaper,
    workplace::Workplace,
};

/// The namespace learners work in, as on any cluster.
const NAMESPACE: &str = "default";

/// Makes the runtime of one sandbox, from a directory that ends with it, one for volumes that outlives it, and what is to
/// fit into it.
pub type MakeRuntime = Arc<dyn Fn(&Path, &Path, Room) -> Arc<dyn Runtime> + Send + Sync>;

/// Why there can be no embedded sandboxes.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The data directory.
    #[error("the data directory {path} can't be used: {source}; --data names another")]
    Data {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The image store.
    #[error(transparent)]
    Images(#[from] StoreError),
}

/// What embedded sandboxes are made of.
#[derive(Clone)]
pub struct Embedded {
    /// The image store that all of them share.
    images: Arc<dyn Images>,
    runtime: MakeRuntime,
    place: Workplace,
    caveats: Arc<[Caveat]>,
    reaper: Reaper,
    metrics: bool,
    room: Room,
    /// Whom Pods trust to be the API.
    authority: Arc<Authority>,
    /// Whether nothing is kept for another start.
    passing: bool,
    /// Ends with the last clone.
    _tidying: Option<Arc<Tidying>>,
}

/// Who keeps the image store from filling the disk, until this is dropped.
struct Tidying(tokio::task::AbortHandle);

impl Tidying {
    fn start(store: &ImageStore, settings: &ImageSettings) -> Self {
        let thresholds = Thresholds { high: settings.gc_high, low: settings.gc_low, most: settings.store_size };
        Self(tokio::spawn(store.clone().keep_room(thresholds)).abort_handle())
    }
}

impl Drop for Tidying {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("caveats", &self.caveats).finish_non_exhaustive()
    }
}

/// A cluster, and what is kept of it.
#[derive(Debug)]
pub(crate) struct Held {
    /// The cluster.
    pub cluster: Cluster,
    kept: Kept,
}

impl Held {
    pub(super) async fn end(self) {
        self.cluster.shutdown().await;
        self.kept.erase();
    }

    pub(super) async fn free(self) {
        self.cluster.shutdown().await;
    }
}

impl Embedded {
    /// A provider of real containers, whose images are kept in the data directory; `lessons` is the folder of the
    /// lessons' own, without which those are taken that the program was built with.
    ///
    /// # Errors
    /// When the data directory can't be used, or an archive of images can't be loaded. That containers can't be run is no
    /// error: the sandboxes then say so.
    pub async fn on_this_machine(
        data: &Path,
        lessons: Option<&Path>,
        settings: &ImageSettings,
    ) -> Result<Self, EmbeddedError> {
        let place = open(data)?;
        let found = linux::probe(AgentProgram::this_program(), place.path()).await;
        let missing = found.iter().find(|f| f.about == "containers" && !f.works);
        let mut caveats: Vec<Caveat> = missing.map(|f| Caveat::NoContainers(f.words.clone())).into_iter().collect();
        let registries = Registries::with(settings.registries.clone(), settings.insecure_registries.clone());
        let store = ImageStore::open(place.images())?.asking(registries);
        let ours = |source| EmbeddedError::Data { path: data.to_owned(), source };
        let lessons = lessons.map_or_else(|| lesson_images::unpack(data).map_err(ours), |path| Ok(path.to_owned()))?;
        caveats.extend(tokio::task::block_in_place(|| lesson_images::fill(&store, &lessons, &settings.archives))?);
        let tidying = Arc::new(Tidying::start(&store, settings));
        let layers = store.directory().to_owned();
        let runtime = move |state: &Path, volumes: &Path, room: Room| -> Arc<dyn Runtime> {
            let config = LinuxConfig::new(layers.clone(), state.to_owned()).for_pods(room.pods);
            Arc::new(Linux::new(config.keeping_volumes(volumes.to_owned())))
        };
        Ok(Self { _tidying: Some(tidying), ..Self::new(Arc::new(store), Arc::new(runtime), place, caveats) })
    }

    /// A provider with this image store and these runtimes.
    pub fn new(images: Arc<dyn Images>, runtime: MakeRuntime, place: Workplace, caveats: Vec<Caveat>) -> Self {
        Self {
            images,
            runtime,
            place,
            caveats: caveats.into(),
            reaper: Reaper::start(),
            metrics: false,
            room: Room::default(),
            authority: Authority::shared(),
            passing: false,
            _tidying: None,
        }
    }

    /// The same with `kubectl top`, which a new cluster of kind's does not have.
    pub fn with_metrics(self) -> Self {
        Self { metrics: true, ..self }
    }

    /// The same with so much in each cluster.
    pub fn with_room(self, room: Room) -> Self {
        Self { room, ..self }
    }

    /// The same with clusters whose API is this authority's.
    pub fn with_authority(self, authority: Arc<Authority>) -> Self {
        Self { authority, ..self }
    }

    /// The same with sandboxes that nobody comes back to: what they hold goes with this process, however it ends.
    pub fn passing(self) -> Self {
        Self { passing: true, ..self }
    }

    /// Where the objects of a sandbox are kept.
    fn drawer(&self, session: &str) -> Drawer {
        let passing = self.passing.then(|| self.place.path().join("sandboxes"));
        Drawer::new(passing.as_deref().unwrap_or(self.place.kept()), session)
    }

    pub(super) async fn provision(&self, order: Order) -> Result<Lease, ProvisionError> {
        let kept = self.drawer(&order.session).open().await?;
        let directory = kept.folder().to_owned();
        let runtime = (self.runtime)(&self.place.new_sandbox(), &directory.join("volumes"), self.room);
        let journal = Some(kept.journal());
        let (metrics, nodes, authority) = (self.metrics, self.room.nodes, self.authority.clone());
        let (max_pods, max_objects) = (self.room.pods, usize::try_from(self.room.objects).unwrap_or(usize::MAX));
        let config = ClusterConfig {
            directory,
            journal,
            metrics,
            nodes,
            authority,
            max_pods,
            max_objects,
            ..ClusterConfig::new(self.images.clone(), runtime)
        };
        let cluster = Cluster::start(config).await?;
        let client = cluster.client();
        Ok(Lease::new(client, NAMESPACE.to_owned(), Made::Embedded(Held { cluster, kept }), self.reaper.clone()))
    }

    pub(super) async fn forget(&self, session: &str) {
        match self.drawer(session).open().await {
            Ok(kept) => kept.erase(),
            Err(error) => tracing::warn!(%error, "what is kept of a sandbox can't be removed"),
        }
    }

    /// Which of these images are not in the store; what is no image's name is none that could be.
    pub(super) fn lacks(&self, images: &[String]) -> Vec<String> {
        let is_there = |image: &String| self.images.local(image).is_ok_and(|found| found.is_some());
        images.iter().filter(|image| !is_there(image)).cloned().collect()
    }

    pub(super) fn capabilities(&self) -> Capabilities {
        Capabilities::embedded(usize::from(self.room.nodes), self.metrics)
    }

    pub(super) fn caveats(&self) -> &[Caveat] {
        &self.caveats
    }

    pub(super) async fn shutdown(&self) {
        self.reaper.finish().await;
    }
}

fn open(data: &Path) -> Result<Workplace, EmbeddedError> {
    Workplace::open(data).map_err(|source| EmbeddedError::Data { path: data.to_owned(), source })
}

/// What this machine can do, for `podyard doctor`.
///
/// # Errors
/// When the data directory can't be used.
pub async fn findings(data: &Path) -> Result<Vec<Finding>, EmbeddedError> {
    let place = open(data)?;
    Ok(linux::probe(AgentProgram::this_program(), place.path()).await)
}

#[cfg(test)]
mod tests {
    use crate::sandbox::testing;

    #[tokio::test]
    async fn images_that_would_have_to_be_fetched_are_named() {
        let images = ["busybox", "nginx:1.27"].map(String::from);
        assert_eq!(testing::provider().lacks(&images), Some(images.to_vec()), "its store has none");
        assert_eq!(testing::provider().lacks(&[]), Some(Vec::new()));
    }
}
