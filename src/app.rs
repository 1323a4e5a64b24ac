//! The server, built once and then run.

mod claim;
mod reload;
mod secret;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::connect_info::Connected, serve::IncomingStream};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{claim::Claim, reload::Reloader};
use crate::{
    config::{Config, LimitSettings, SandboxKind, Sandboxes},
    lessons::{Catalog, catalog::Drafts},
    sandbox::{
        Caveat, Provider,
        embedded::{Embedded, EmbeddedError},
        kind::{Kind, KindError},
        kubernetes::{Kubernetes, KubernetesError},
    },
    sessions::{Rules, Sessions, commands::Allowance, desk::Capacity, state::Limits as Times},
    storage::{Location, Storage, StorageError},
    web::{
        address::Peer,
        limits::{Allowed, Limits},
        router::router,
        site::Site,
        state::AppState,
    },
    workshops::{
        Workshops,
        accounts::{AccountError, Accounts},
    },
};

/// Why the server can't be started.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Two servers would get into each other's way.
    #[error("another podyard serves from the data directory {0}; each needs its own (--data)")]
    InUse(PathBuf),
    /// The data directory.
    #[error("the data directory {path} can't be used: {source}")]
    Data {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The sandboxes.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The server's secret.
    #[error("the server's secret in {path} can't be read or made: {source}")]
    Secret {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The kind clusters.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// The cluster that exists.
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
    /// The instructors.
    #[error(transparent)]
    Instructor(#[from] AccountError),
    /// Where instructors sign in elsewhere.
    #[cfg(feature = "oidc")]
    #[error("--oidc-issuer can't be asked: {0}")]
    Issuer(String),
    /// The address.
    #[error("{address} can't be listened on: {source}; --listen names another")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The lessons.
    #[error("the lessons in {path} can't be used:\n{text}")]
    Lessons {
        /// Their folder.
        path: PathBuf,
        /// What is wrong, a line each.
        text: String,
    },
}

/// A server that is ready to run: it listens already, so nobody who is told its address is turned away.
pub struct App {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    reloader: Reloader,
    provider: Provider,
    sessions: Sessions,
    workshops: Workshops,
    closing: CancellationToken,
    /// Sockets.
    conversations: TaskTracker,
    /// Commands, views, and sandboxes that are being made or given back.
    work: TaskTracker,
    shutdown_timeout: Duration,
    claim: Claim,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("address", &self.address).finish_non_exhaustive()
    }
}

impl App {
    /// Builds everything. `closing` is cancelled when the server is to end.
    pub async fn build(config: Config, closing: CancellationToken) -> Result<Self, AppError> {
        let claim = claim(&config)?;
        let provider = provider(&config.sandboxes, &config.content, config.session_idle).await?;
        let catalog = lessons(&config)?;
        let address = config.listen;
        let listen = |source| AppError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let work = TaskTracker::new();
        let storage = Storage::open(&location(&config)).await?;
        let rules = rules(&config)?;
        let accounts = accounts(&config, &rules)?;
        let workshops =
            Workshops::new(storage.clone(), accounts, config.sandboxes.sandbox.to_string(), Arc::new(Timestamp::now));
        let sessions = Sessions::new(provider.clone(), storage, rules, work.clone());
        sessions.settle_sandboxes().await?;
        let site = site(&config, address);
        reload::tell(&catalog);
        let (reloader, catalog) = Reloader::new(&config.content, drafts(&config), catalog);
        let limits = limits(&config.limits);
        let state = AppState::new(
            catalog,
            sessions.clone(),
            workshops.clone(),
            site,
            limits,
            provider.caveats(),
            closing.clone(),
        );
        let conversations = state.tasks.clone();
        let router = router(state);
        let shutdown_timeout = config.shutdown_timeout;
        Ok(Self {
            listener,
            address,
            router,
            reloader,
            provider,
            sessions,
            workshops,
            closing,
            conversations,
            work,
            shutdown_timeout,
            claim,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is amiss with every sandbox.
    pub fn caveats(&self) -> &[Caveat] {
        self.provider.caveats()
    }

    /// Serves until `closing` is cancelled, then ends everything in order, within the time that shutting down may take.
    pub async fn run(self) {
        let Self {
            listener,
            router,
            reloader,
            provider,
            sessions,
            workshops,
            closing,
            conversations,
            work,
            shutdown_timeout,
            claim,
            address: _,
        } = self;
        let router = router.into_make_service_with_connect_info::<Peer>();
        let serve = axum::serve(NoDelay(listener), router).with_graceful_shutdown(closing.clone().cancelled_owned());
        let serving = tokio::spawn(serve.into_future());
        let timekeeper = sessions.clone();
        tokio::select! {
            ((), ()) = async { tokio::join!(timekeeper.keep_time(), timekeeper.keep_stored()) } => {}
            () = reloader.run() => {}
            () = make_ahead(&workshops, &provider) => {}
            () = workshops.keep_in_step() => {}
            () = closing.cancelled() => {}
        }
        let ending = async {
            // Sockets have seen `closing` and say goodbye; their commands end with the sessions.
            conversations.close();
            conversations.wait().await;
            sessions.close();
            work.close();
            work.wait().await;
            sessions.put_away().await;
            sessions.storage().close().await;
            provider.shutdown().await;
            // Requests that were being answered; watches ended with their sandboxes.
            let _ = serving.await;
        };
        if tokio::time::timeout(shutdown_timeout, ending).await.is_err() {
            tracing::warn!(after = ?shutdown_timeout, "not everything ended in time: the rest is cut off");
        }
        drop(claim);
    }
}

/// How often it is looked who is about to come.
const LOOK_AHEAD: Duration = Duration::from_secs(10);

/// Tells the provider who is about to come to workshops, for ever.
async fn make_ahead(workshops: &Workshops, provider: &Provider) {
    let mut ticks = tokio::time::interval(LOOK_AHEAD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match workshops.expected().await {
            Ok(learners) => provider.expect(learners),
            Err(error) => tracing::error!(%error, "who is about to come can't be read"),
        }
    }
}

/// What makes sandboxes; the lessons' images are below `content`, and those that nobody uses for `patience` end.
///
/// # Errors
/// When there can be none.
pub async fn provider(sandboxes: &Sandboxes, content: &Path, patience: Duration) -> Result<Provider, AppError> {
    let images = content.join("images");
    let images = images.is_dir().then_some(images);
    let data = sandboxes.data.path();
    match sandboxes.sandbox {
        SandboxKind::Embedded => {
            let embedded = Embedded::on_this_machine(data, images.as_deref(), &sandboxes.images).await?;
            Ok(Provider::Embedded(embedded.with_metrics().with_room(sandboxes.room)))
        }
        SandboxKind::Kind => {
            let archives = &sandboxes.images.archives;
            Ok(Provider::Kind(Kind::start(&sandboxes.kind, data, images.as_deref(), archives, patience).await?))
        }
        SandboxKind::Kubernetes => Ok(Provider::Kubernetes(Kubernetes::start(&sandboxes.kubernetes, patience).await?)),
    }
}

fn claim(config: &Config) -> Result<Claim, AppError> {
    let path = config.sandboxes.data.path();
    let claim = Claim::take(path).map_err(|source| AppError::Data { path: path.to_owned(), source })?;
    claim.ok_or_else(|| AppError::InUse(path.to_owned()))
}

fn location(config: &Config) -> Location {
    match &config.database {
        Some(url) => Location::Postgres(url.0.clone()),
        None => Location::File(config.sandboxes.data.database()),
    }
}

fn rules(config: &Config) -> Result<Rules, AppError> {
    let path = config.sandboxes.data.path().join("secret");
    let secret = secret::open(&path).map_err(|source| AppError::Secret { path, source })?;
    Ok(Rules {
        limits: Times { idle: config.session_idle, total: config.session_total },
        places: config.max_sessions,
        commands: Allowance { at_once: config.limits.commands_at_once, per_minute: config.limits.commands_per_minute },
        desk: Capacity { files: config.limits.files_per_lesson, bytes: config.limits.files_size },
        api: config.limits.api_requests,
        secret,
    })
}

fn accounts(config: &Config, rules: &Rules) -> Result<Accounts, AppError> {
    let accounts = Accounts::new(&config.instructors, rules.secret.clone())?;
    #[cfg(feature = "oidc")]
    if let Some(given) = config.oidc.clone() {
        let crate::config::OidcSettings { issuer, client, secret, name, allowed } = given;
        let settings = crate::workshops::oidc::Settings { issuer, client, secret, name, allowed };
        let issuer = crate::workshops::oidc::Issuer::new(settings).map_err(AppError::Issuer)?;
        return Ok(accounts.with_issuer(issuer));
    }
    Ok(accounts)
}

fn lessons(config: &Config) -> Result<Catalog, AppError> {
    Catalog::load_with(&config.content, drafts(config))
        .map_err(|error| AppError::Lessons { path: config.content.clone(), text: error.to_string() })
}

fn drafts(config: &Config) -> Drafts {
    if config.drafts { Drafts::Shown } else { Drafts::Hidden }
}

fn site(config: &Config, address: SocketAddr) -> Site {
    match &config.public_url {
        Some(url) => Site::public(url.secure, url.authority.clone()),
        None => Site::direct(address.ip().is_loopback()),
    }
}

fn limits(settings: &LimitSettings) -> Limits {
    Limits::new(Allowed {
        sessions: settings.sessions_per_address,
        requests: settings.requests_per_address,
        joins: settings.join_attempts,
        sign_ins: settings.sign_in_attempts,
        body: settings.max_body,
        pages: settings.pages_per_session,
        messages: settings.messages_per_second,
        proxies: settings.trusted_proxies.clone(),
    })
}

impl Connected<IncomingStream<'_, NoDelay>> for Peer {
    fn connect_info(stream: IncomingStream<'_, NoDelay>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// A listener whose connections send small messages at once.
struct NoDelay(TcpListener);

impl axum::serve::Listener for NoDelay {
    type Io = tokio::net::TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = axum::serve::Listener::accept(&mut self.0).await;
        let _ = stream.set_nodelay(true);
        (stream, address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
}
