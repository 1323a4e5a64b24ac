//! From a cluster's kubeconfig to a client, and to knowing that the cluster works.

use std::{path::Path, time::Duration};

use k8s_openapi::api::core::v1::{Node, ServiceAccount};
use kube::{
    Api,
    config::{KubeConfigOptions, Kubeconfig},
};
use tokio::time::timeout;

/// How long an API may take to say that it is ready.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How often it is asked while it starts.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The kubeconfig.
    #[error("the cluster's kubeconfig can't be used: {0}")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    /// The client.
    #[error("no client can be made for the cluster: {0}")]
    Client(#[from] kube::Error),
}

/// A client with all rights in a cluster.
pub(super) async fn client(kubeconfig: &Path) -> Result<kube::Client, ConnectError> {
    let read = Kubeconfig::read_from(kubeconfig)?;
    let mut config = kube::Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await?;
    config.connect_timeout = Some(ANSWER_WITHIN);
    Ok(kube::Client::try_from(config)?)
}

/// Whether the API says that it is ready.
pub(super) async fn answers(client: &kube::Client) -> bool {
    let ask = http::Request::get("/readyz").body(Vec::new()).expect("the address is right");
    timeout(ANSWER_WITHIN, client.request_text(ask)).await.is_ok_and(|answer| answer.is_ok())
}

/// Waits until Pods can be made: the API answers, all nodes are Ready, and the default service account is there. The
/// exit code of `kind create` says nothing of that.
pub(super) async fn ready(client: &kube::Client, limit: Duration) -> bool {
    let ready = async {
        while !is_ready(client).await {
            tokio::time::sleep(ASK_EVERY).await;
        }
    };
    timeout(limit, ready).await.is_ok()
}

async fn is_ready(client: &kube::Client) -> bool {
    let (nodes, accounts) =
        (Api::<Node>::all(client.clone()), Api::<ServiceAccount>::namespaced(client.clone(), "default"));
    let Ok(nodes) = nodes.list(&kube::api::ListParams::default()).await else { return false };
    !nodes.items.is_empty()
        && nodes.items.iter().all(is_node_ready)
        && accounts.get_opt("default").await.is_ok_and(|account| account.is_some())
}

fn is_node_ready(node: &Node) -> bool {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}
