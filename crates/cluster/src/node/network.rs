//! What kube-proxy and the network plugin do on a real node: Services lead to Pods, policies keep Pods apart.
//!
//! One task looks at the objects whenever one of them has changed, works out the [`NetworkRules`], which is a pure
//! function of them, and hands them to the runtime when they are others than before.

mod policies;
mod selected;
mod services;
pub mod slices;

use std::{net::Ipv4Addr, sync::Arc};

use futures::FutureExt;

use super::{context::Context, runtime::network::NetworkRules};
use crate::{
    json::{items, text},
    store::{Event, Object, Store},
};

/// What the rules are made of.
const SOURCES: [&str; 6] =
    ["services", slices::SLICES, "pods", "nodes", "namespaces", "networkpolicies.networking.k8s.io"];

/// Keeps the Pods' network as the objects say. Without end.
pub async fn follow(context: Arc<Context>) {
    let mut set = NetworkRules::default();
    loop {
        let revision = context.store.revision();
        let rules = rules(&context.store);
        if rules != set {
            match context.runtime.set_network(rules.clone()).await {
                Ok(()) => {
                    set = rules;
                    context.health.network_is(None);
                }
                // Told once per change; the next change tries again.
                Err(error) => {
                    tracing::warn!(%error, "Services and network policies can't be brought up to date");
                    context.health.network_is(Some(error.to_string()));
                }
            }
        }
        changed(&context.store, revision).await;
    }
}

/// Waits until something of the sources has been written after `revision`.
async fn changed(store: &Store, revision: u64) {
    // A log that has moved past this revision says as well that there was a change.
    let Ok(mut watch) = store.watch_all(revision) else { return };
    let concerns = |event: &Event| SOURCES.contains(&event.key.resource.as_str());
    while let Ok(event) = watch.next().await {
        if concerns(&event) {
            break;
        }
    }
    // What comes at the same time is looked at together.
    tokio::task::yield_now().await;
    while let Some(Ok(_)) = watch.next().now_or_never() {}
}

/// The rules for what is in the store.
fn rules(store: &Store) -> NetworkRules {
    let (_, services) = store.list("services", None);
    let (_, slices) = store.list(slices::SLICES, None);
    let (_, pods) = store.list("pods", None);
    let (_, policies) = store.list("networkpolicies.networking.k8s.io", None);
    let isolations = if policies.is_empty() {
        Vec::new()
    } else {
        policies::isolations(&policies, &pods, &store.list("namespaces", None).1)
    };
    let hosts = hosts(&store.list("nodes", None).1);
    NetworkRules { services: services::rules(&services, &slices, &pods, &hosts), isolations }
}

/// The nodes' own addresses.
fn hosts(nodes: &[Object]) -> Vec<Ipv4Addr> {
    let addresses = nodes.iter().flat_map(|node| items(&node["status"], "addresses"));
    let internal = addresses.filter(|address| text(address, "type") == "InternalIP");
    internal.filter_map(|address| text(address, "address").parse().ok()).collect()
}

#[cfg(test)]
mod tests;
