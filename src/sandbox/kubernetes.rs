//! A namespace for each session in a cluster that exists, with bounds of its own and a client that may do nothing else.
//!
//! Everything that is known of a session is in the cluster: any replica of this server finds a session's namespace by its
//! labels and takes it over, and any removes what has expired.

mod objects;
mod token;

use std::{
    collections::{BTreeSet, HashSet},
    fmt,
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::Timestamp;
use k8s_openapi::api::{
    authentication::v1::SelfSubjectReview,
    core::v1::{LimitRange, Namespace, ResourceQuota, ServiceAccount},
    networking::v1::NetworkPolicy,
    rbac::v1::{Role, RoleBinding},
};
use kube::{
    Api, Resource, ResourceExt as _,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions},
    config::{KubeConfigOptions, Kubeconfig},
    core::NamespaceResourceScope,
};
use podyard_cluster::node::runtime::linux::Finding;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{sync::watch, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    objects::{EXPIRES, HOLDER, SESSION},
    token::Bearer,
};
use super::{Capabilities, Caveat, Lease, Made, Order, ProvisionError, Stage, reaper::Reaper};
use crate::config::KubernetesSettings;

/// How often what must hold soon is looked at again: rights that were just given, the default service account.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// And how often at most.
const LOOKS: usize = 80;
/// After so long a session's token is renewed: half of its time.
const RENEW_TOKEN_AFTER: Duration = Duration::from_secs(1800);

/// Why there can be no sandboxes in a cluster.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    /// The way to it.
    #[error("--sandbox kubernetes: {0}; --kubernetes-config and --kubernetes-context name the cluster")]
    Config(String),
    /// It does not answer, or not us.
    #[error("--sandbox kubernetes: the cluster does not answer: {0}")]
    Cluster(#[from] kube::Error),
}

/// Makes namespaces. Clones share them.
#[derive(Clone)]
pub struct Kubernetes(Arc<Inner>);

struct Inner {
    /// With the server's own rights.
    client: kube::Client,
    config: kube::Config,
    settings: KubernetesSettings,
    /// How long a namespace stays that nobody serves.
    patience: Duration,
    /// This process, among the replicas.
    replica: String,
    /// The namespaces that this process serves, or is just ending.
    held: Mutex<BTreeSet<String>>,
    closing: CancellationToken,
    tasks: TaskTracker,
    reaper: Reaper,
    caveats: Vec<Caveat>,
    /// Whether the cluster has a metrics server.
    metrics: bool,
}

impl Debug for Kubernetes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kubernetes").field("instance", &self.0.settings.instance).finish_non_exhaustive()
    }
}

/// What can be said of the cluster, for `podyard doctor`, and what sandboxes in it can do.
pub async fn findings(settings: &KubernetesSettings) -> (Vec<Finding>, Capabilities) {
    let found = match connect(settings).await {
        Ok((_, client)) => match client.apiserver_version().await {
            Ok(version) => Ok((version, has_metrics(&client).await)),
            Err(error) => Err(error.into()),
        },
        Err(error) => Err(error),
    };
    let (works, words, metrics) = match found {
        Ok((version, metrics)) => (true, format!("it answers: Kubernetes {}", version.git_version), metrics),
        Err(error) => (false, error.to_string(), false),
    };
    (vec![Finding { about: "a cluster", works, words }], Capabilities::kubernetes(settings, metrics))
}

/// Whether there is a metrics server behind the API.
async fn has_metrics(client: &kube::Client) -> bool {
    let groups = client.list_api_groups().await;
    groups.is_ok_and(|list| list.groups.iter().any(|group| group.name == "metrics.k8s.io"))
}

async fn connect(settings: &KubernetesSettings) -> Result<(kube::Config, kube::Client), KubernetesError> {
    let options = KubeConfigOptions { context: settings.context.clone(), ..KubeConfigOptions::default() };
    let wrong = |error: &dyn fmt::Display| KubernetesError::Config(error.to_string());
    let config = match &settings.kubeconfig {
        Some(path) => {
            let read = Kubeconfig::read_from(path).map_err(|error| wrong(&error))?;
            kube::Config::from_custom_kubeconfig(read, &options).await.map_err(|error| wrong(&error))?
        }
        None if settings.context.is_some() => {
            kube::Config::from_kubeconfig(&options).await.map_err(|error| wrong(&error))?
        }
        None => kube::Config::infer().await.map_err(|error| wrong(&error))?,
    };
    let client = kube::Client::try_from(config.clone())?;
    Ok((config, client))
}

impl Kubernetes {
    /// A provider in the cluster of these settings. Namespaces that nobody has served for `patience` are removed.
    ///
    /// # Errors
    /// When the cluster can't be found or does not answer.
    pub async fn start(settings: &KubernetesSettings, patience: Duration) -> Result<Self, KubernetesError> {
        let (config, client) = connect(settings).await?;
        let version = client.apiserver_version().await?;
        let metrics = has_metrics(&client).await;
        tracing::info!(version = version.git_version, server = %config.cluster_url, "sandboxes are namespaces");
        let kubernetes = Self(Arc::new(Inner {
            client,
            config,
            settings: settings.clone(),
            patience,
            replica: format!("{:016x}", rand::random::<u64>()),
            held: Mutex::default(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            reaper: Reaper::start(),
            caveats: objects::caveat(settings).into_iter().collect(),
            metrics,
        }));
        let sweeper = kubernetes.clone();
        kubernetes.0.tasks.spawn(async move { sweeper.sweep_for_ever().await });
        Ok(kubernetes)
    }

    fn held(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.held.lock().expect("nothing panics while it holds the namespaces' names")
    }

    fn namespaces(&self) -> Api<Namespace> {
        Api::all(self.0.client.clone())
    }

    fn expires(&self) -> Timestamp {
        let patience = jiff::SignedDuration::try_from(self.0.patience).unwrap_or(jiff::SignedDuration::from_hours(1));
        Timestamp::now() + patience
    }

    /// How often what lasts for `patience` is renewed or looked for.
    fn rhythm(&self) -> Duration {
        (self.0.patience / 4).clamp(Duration::from_millis(500), Duration::from_secs(60))
    }

    pub(super) async fn provision(&self, order: Order) -> Result<Lease, ProvisionError> {
        order.progress.tell(Stage::Namespace);
        let name = self.namespace(&order.session).await.map_err(refused)?;
        let made = self.lease(&name).await;
        if made.is_err() {
            self.held().remove(&name);
        }
        made.map_err(refused)
    }

    /// The session's namespace: the one it has, or a new one.
    async fn namespace(&self, session: &str) -> kube::Result<String> {
        let selector = objects::of_session(&self.0.settings.instance, session);
        loop {
            // Looked at first: what is let go while the list is made is then either still held, or being terminated.
            let held = self.held().clone();
            let there = self.namespaces().list(&ListParams::default().labels(&selector)).await?.items;
            let usable =
                |space: &&Namespace| space.metadata.deletion_timestamp.is_none() && !held.contains(&space.name_any());
            if let Some(found) = there.iter().filter(usable).max_by_key(|space| number(&space.name_any())) {
                let name = found.name_any();
                self.renew(&name).await?;
                self.held().insert(name.clone());
                tracing::info!(namespace = name, "a session's namespace is taken over");
                return Ok(name);
            }
            let next = there.iter().map(|space| number(&space.name_any())).max().unwrap_or(0) + 1;
            let name = format!("{}-{session}-{next}", self.0.settings.instance);
            let s = &self.0.settings;
            let wanted = objects::namespace(s, &name, session, &self.0.replica, self.expires());
            match self.namespaces().create(&PostParams::default(), &typed(wanted)).await {
                Ok(_) => {
                    self.held().insert(name.clone());
                    return Ok(name);
                }
                // Another replica was quicker: it is found in the next round.
                Err(kube::Error::Api(status)) if status.code == 409 => sleep(LOOK_EVERY).await,
                Err(error) => return Err(error),
            }
        }
    }

    async fn lease(&self, name: &str) -> kube::Result<Lease> {
        self.furnish(name).await?;
        let bearer = Bearer::of(&self.0.client, name).await?;
        let client = bearer.client(&self.0.config, name)?;
        let lost = self.serve(name.to_owned(), bearer);
        let held = Held { kubernetes: self.clone(), name: name.to_owned() };
        let lease = Lease::new(client, name.to_owned(), Made::Kubernetes(held), self.0.reaper.clone());
        Ok(lease.watched(lost))
    }

    /// Makes what belongs into a namespace. What is there already stays, so that half of it is no trouble.
    async fn furnish(&self, name: &str) -> kube::Result<()> {
        let s = &self.0.settings;
        if let Some(role) = &s.keeper {
            let review = Api::<SelfSubjectReview>::all(self.0.client.clone());
            let me = review.create(&PostParams::default(), &SelfSubjectReview::default()).await?;
            let user = me.status.and_then(|status| status.user_info).and_then(|user| user.username).unwrap_or_default();
            self.put::<RoleBinding>(name, objects::keeper_binding(role, &user)).await?;
        }
        self.put::<ResourceQuota>(name, objects::quota(s)).await?;
        self.put::<LimitRange>(name, objects::limits()).await?;
        self.put::<NetworkPolicy>(name, objects::network(s)).await?;
        self.put::<ServiceAccount>(name, objects::account()).await?;
        self.put::<Role>(name, objects::role()).await?;
        self.put::<RoleBinding>(name, objects::binding(name)).await?;
        // Without it Pods are refused.
        let accounts: Api<ServiceAccount> = Api::namespaced(self.0.client.clone(), name);
        for _ in 0..LOOKS {
            if accounts.get_opt("default").await?.is_some() {
                break;
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Makes an object. Rights that were given a moment ago may still have to get around.
    async fn put<K>(&self, namespace: &str, object: Value) -> kube::Result<()>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Serialize + DeserializeOwned + Clone + Debug,
    {
        let (api, object) = (Api::<K>::namespaced(self.0.client.clone(), namespace), typed::<K>(object));
        let mut looks = LOOKS;
        loop {
            match api.create(&PostParams::default(), &object).await {
                Ok(_) => return Ok(()),
                Err(kube::Error::Api(status)) if status.code == 409 => return Ok(()),
                Err(kube::Error::Api(status))
                    if status.code == 403 && looks > 0 && self.0.settings.keeper.is_some() =>
                {
                    looks -= 1;
                    sleep(LOOK_EVERY).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Pushes a namespace's end on, and says that this replica serves it.
    async fn renew(&self, name: &str) -> kube::Result<Namespace> {
        let renewal = objects::renewal(&self.0.replica, self.expires());
        self.namespaces().patch(name, &PatchParams::default(), &Patch::Merge(renewal)).await
    }

    /// Keeps a namespace and its token alive as long as the lease is; tells when it is gone.
    fn serve(&self, name: String, bearer: Bearer) -> watch::Receiver<Option<String>> {
        let (lost, receiver) = watch::channel(None);
        let me = self.clone();
        self.0.tasks.spawn(async move {
            let ended = lost.clone();
            let why = tokio::select! {
                why = me.keep_alive(&name, &bearer) => why,
                () = ended.closed() => None,
                () = me.0.closing.cancelled() => None,
            };
            if why.is_some() {
                lost.send_replace(why);
            }
        });
        receiver
    }

    /// Comes back when there is nothing to keep alive: with the reason, or without if another replica does it now.
    async fn keep_alive(&self, name: &str, bearer: &Bearer) -> Option<String> {
        let mut renewed = tokio::time::Instant::now();
        loop {
            sleep(self.rhythm()).await;
            match self.namespaces().get_opt(name).await {
                Ok(Some(space)) if space.metadata.deletion_timestamp.is_none() => {
                    if space.annotations().get(HOLDER) != Some(&self.0.replica) {
                        return None;
                    }
                }
                Ok(_) => return Some("its namespace has been deleted.".to_owned()),
                Err(error) => {
                    tracing::warn!(namespace = name, %error, "the cluster does not answer");
                    continue;
                }
            }
            if let Err(error) = self.renew(name).await {
                tracing::warn!(namespace = name, %error, "a session's namespace can't be renewed");
            }
            if renewed.elapsed() >= RENEW_TOKEN_AFTER {
                match bearer.renew(&self.0.client, name).await {
                    Ok(()) => renewed = tokio::time::Instant::now(),
                    Err(error) => tracing::warn!(namespace = name, %error, "a session's token can't be renewed"),
                }
            }
        }
    }

    async fn sweep_for_ever(&self) {
        loop {
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "it can't be looked for namespaces that have expired");
            }
            tokio::select! {
                () = sleep(self.rhythm()) => {}
                () = self.0.closing.cancelled() => return,
            }
        }
    }

    /// Removes namespaces of this server that have expired, unless somebody renews one at this very moment.
    async fn sweep(&self) -> kube::Result<()> {
        let ours = ListParams::default().labels(&objects::all_of(&self.0.settings.instance));
        for space in self.namespaces().list(&ours).await?.items {
            let (name, now) = (space.name_any(), Timestamp::now().as_second());
            let expires = space.labels().get(EXPIRES).and_then(|at| at.parse::<i64>().ok());
            if space.metadata.deletion_timestamp.is_some() || expires.is_some_and(|at| at > now) {
                continue;
            }
            match self.remove(&Version::of(&space)).await {
                Ok(()) => tracing::info!(namespace = name, "an expired namespace is removed"),
                Err(error) => tracing::debug!(namespace = name, %error, "it is still wanted"),
            }
        }
        Ok(())
    }

    /// Removes the namespaces of sessions that do not live, unless a replica serves them all the same: whoever serves one
    /// renews it, so one that is renewed by nobody for twice the time of that is nobody's.
    pub(super) fn only_living(&self, living: HashSet<String>) {
        let me = self.clone();
        self.0.tasks.spawn(async move {
            let removing = async {
                let before = me.of_no_session(&living).await?;
                sleep(2 * me.rhythm()).await;
                me.remove_all(before.intersection(&me.of_no_session(&living).await?)).await;
                Ok::<(), kube::Error>(())
            };
            if let Some(Err(error)) = me.0.closing.run_until_cancelled(removing).await {
                tracing::warn!(%error, "it can't be looked for namespaces of sessions that are gone");
            }
        });
    }

    /// Namespaces whose session is not among these, each with its version.
    async fn of_no_session(&self, living: &HashSet<String>) -> kube::Result<BTreeSet<Version>> {
        let ours = ListParams::default().labels(&objects::all_of(&self.0.settings.instance));
        let there = self.namespaces().list(&ours).await?.items;
        let gone = |space: &&Namespace| {
            let lives = space.labels().get(SESSION).is_some_and(|session| living.contains(session));
            !lives && space.metadata.deletion_timestamp.is_none()
        };
        Ok(there.iter().filter(gone).map(Version::of).collect())
    }

    async fn remove_all(&self, abandoned: impl Iterator<Item = &Version>) {
        for version in abandoned {
            match self.remove(version).await {
                Ok(()) => tracing::info!(namespace = version.name, "a namespace whose session is gone is removed"),
                Err(error) => tracing::debug!(namespace = version.name, %error, "it is still wanted"),
            }
        }
    }

    /// Removes a namespace if it is still as it was seen.
    async fn remove(&self, version: &Version) -> kube::Result<()> {
        let Version { name, uid, resource_version } = version.clone();
        let delete =
            DeleteParams { preconditions: Some(Preconditions { uid, resource_version }), ..DeleteParams::default() };
        self.namespaces().delete(&name, &delete).await.map(drop)
    }

    pub(super) fn capabilities(&self) -> Capabilities {
        Capabilities::kubernetes(&self.0.settings, self.0.metrics)
    }

    pub(super) fn caveats(&self) -> &[Caveat] {
        &self.0.caveats
    }

    pub(super) async fn shutdown(&self) {
        self.0.closing.cancel();
        self.0.reaper.finish().await;
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

/// A namespace as it was at one time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    name: String,
    uid: Option<String>,
    resource_version: Option<String>,
}

impl Version {
    fn of(space: &Namespace) -> Self {
        Self { name: space.name_any(), uid: space.uid(), resource_version: space.resource_version() }
    }
}

/// A learner's namespace.
#[derive(Debug)]
pub(crate) struct Held {
    kubernetes: Kubernetes,
    name: String,
}

impl Held {
    /// Removes it, unless another replica serves it by now.
    pub(super) async fn end(self) {
        let Self { kubernetes, name } = self;
        let served_by_us = match kubernetes.namespaces().get_opt(&name).await {
            Ok(space) => space.is_some_and(|s| s.annotations().get(HOLDER) == Some(&kubernetes.0.replica)),
            Err(_) => true,
        };
        if served_by_us && let Err(error) = kubernetes.namespaces().delete(&name, &DeleteParams::default()).await {
            // It expires.
            tracing::warn!(namespace = name, %error, "a namespace can't be removed");
        }
        kubernetes.held().remove(&name);
    }

    /// Leaves it to the next start, or to another replica.
    pub(super) fn keep(self) {
        self.kubernetes.held().remove(&self.name);
    }
}

/// `3` of `podyard-0123456789abcdef-3`.
fn number(name: &str) -> u64 {
    name.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn typed<K: DeserializeOwned>(object: Value) -> K {
    serde_json::from_value(object).expect("our own objects are of their kind")
}

fn refused(error: kube::Error) -> ProvisionError {
    ProvisionError::NoNamespace(match error {
        kube::Error::Api(status) => status.message.clone(),
        error => error.to_string(),
    })
}
