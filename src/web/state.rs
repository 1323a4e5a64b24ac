//! What handlers share.

use std::sync::{Arc, atomic::AtomicU64};

use axum::extract::FromRef;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{limits::Limits, metrics::Metrics, site::Site, socket::fallback::Lines};
use crate::{
    console::{self, Engine},
    lessons::Catalog,
    sandbox::Caveat,
    sessions::Sessions,
    workshops::Workshops,
};

/// Everything a handler may need; made once by `app`.
#[derive(Clone)]
pub struct AppState {
    /// The lessons, as they are now.
    pub catalog: watch::Receiver<Arc<Catalog>>,
    /// The learners.
    pub sessions: Sessions,
    /// The instructors' side.
    pub workshops: Workshops,
    /// kubectl.
    pub engine: Engine,
    /// Under which address the server is known.
    pub site: Arc<Site>,
    /// How much one address may ask for.
    pub limits: Arc<Limits>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What every learner should know about their sandbox.
    pub caveats: Arc<[Caveat]>,
    /// Cancelled when the server ends.
    pub closing: CancellationToken,
    /// What has to end before the server does: sockets.
    pub tasks: TaskTracker,
    /// Numbers the sockets.
    pub sockets: Arc<AtomicU64>,
    /// What pages without websockets talk through.
    pub lines: Lines,
}

impl AppState {
    /// The state of a server that has just been started. `closing` is cancelled when it ends.
    pub fn new(
        catalog: watch::Receiver<Arc<Catalog>>,
        sessions: Sessions,
        workshops: Workshops,
        site: Site,
        limits: Limits,
        caveats: &[Caveat],
        closing: CancellationToken,
    ) -> Self {
        Self {
            catalog,
            sessions,
            workshops,
            engine: console::engine(),
            site: Arc::new(site),
            limits: Arc::new(limits),
            metrics: Arc::new(Metrics::default()),
            caveats: caveats.into(),
            closing,
            tasks: TaskTracker::new(),
            sockets: Arc::new(AtomicU64::new(0)),
            lines: Lines::default(),
        }
    }
}

impl AppState {
    /// The lessons as they are at this moment.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.borrow().clone()
    }
}

impl FromRef<AppState> for Arc<Catalog> {
    fn from_ref(state: &AppState) -> Self {
        state.catalog()
    }
}

impl FromRef<AppState> for Sessions {
    fn from_ref(state: &AppState) -> Self {
        state.sessions.clone()
    }
}

impl FromRef<AppState> for Arc<Site> {
    fn from_ref(state: &AppState) -> Self {
        state.site.clone()
    }
}
