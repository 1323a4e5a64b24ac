//! Looking how much is left, telling it, and evicting one Pod at a time.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{Candidate, Met, Share, Starved, first, message, met};
use crate::{
    admission::{quantity::Quantity, resources::amounts},
    events::Subject,
    json::{items, text},
    node::{Members, Pods, context::Context, disk, lock, machine::NODES, worker::Handle},
    store::{Key, Object},
};

/// How often it is looked (a kubelet: every 10 s; learners wait for it, and a sandbox has less to fill).
const PERIOD: Duration = Duration::from_secs(2);

/// Evicts Pods while there is too little. Without end.
pub async fn follow(members: Members, pods: Arc<Pods>) {
    let Some(context) = members.values().next().cloned() else { return };
    let mut ending: Option<Handle> = None;
    loop {
        tokio::time::sleep(PERIOD).await;
        // One at a time: what it leaves may be enough.
        if lock(&pods).is_empty() || ending.as_ref().is_some_and(|one| !one.is_through()) {
            continue;
        }
        let Ok(room) = context.runtime.room().await else { continue };
        let all = met(&room);
        for met in &all {
            context.health.is_starved(met.starved, context.now());
        }
        let Some(worst) = all.first() else { continue };
        tell_node(&members, worst.starved);
        ending = evict(&context, &pods, worst).await;
    }
}

/// The event that a kubelet records about its Node.
fn tell_node(members: &Members, starved: Starved) {
    for context in members.values() {
        if let Some(node) = context.store.get(&Key::new(NODES, "", &*context.node_name)) {
            let message = format!("Attempting to reclaim {starved}");
            context.warning(&Subject::of(&node), "EvictionThresholdMet", &message);
        }
    }
}

/// Evicts the Pod that is to go first; gives how to reach it.
async fn evict(context: &Context, pods: &Pods, met: &Met) -> Option<Handle> {
    let running: Vec<(Key, Handle)> =
        lock(pods).iter().map(|(key, entry)| (key.clone(), entry.handle.clone())).collect();
    let mut candidates = Vec::new();
    for (key, handle) in running {
        let Some(pod) = context.store.get(&key) else { continue };
        let shares = shares(context, &pod, &handle, met.starved).await;
        if !shares.is_empty() {
            let volumes = in_volumes(context, &handle, met.starved).await;
            let priority = pod["spec"]["priority"].as_i64().unwrap_or(0);
            candidates.push(Candidate { pod: (pod, handle), priority, shares, volumes });
        }
    }
    let Candidate { pod: (pod, handle), shares, .. } = first(candidates)?;
    handle.evict(message(met, &shares, of_pod(&pod, &shares, met.starved).as_ref()));
    Some(handle)
}

/// What a Pod has altogether, if its own `resources` ask for some of it.
fn of_pod(pod: &Value, shares: &[Share], starved: Starved) -> Option<Share> {
    let request = amounts(&pod["spec"]["resources"]["requests"]).get("memory").copied()?;
    let used = shares.iter().map(|share| share.used).sum();
    let request = request.value().try_into().unwrap_or(0);
    (starved == Starved::Memory).then(|| Share { name: text(&pod["metadata"], "name").to_owned(), used, request })
}

/// Bytes on the disk that a Pod's volumes take.
async fn in_volumes(context: &Context, handle: &Handle, starved: Starved) -> u64 {
    let volumes = context.volumes.join(&handle.uid).join("volumes");
    match starved {
        Starved::Memory => 0,
        Starved::Disk => tokio::task::spawn_blocking(move || disk::used(&volumes)).await.unwrap_or(0),
    }
}

/// What the running containers of a Pod have.
async fn shares(context: &Context, pod: &Object, handle: &Handle, starved: Starved) -> Vec<Share> {
    let mut shares = Vec::new();
    for (container, id) in handle.running() {
        let used = match starved {
            Starved::Memory => context.runtime.usage(id).await.map(|usage| usage.memory).unwrap_or(0),
            Starved::Disk => {
                let logs = context.logs.join(&handle.uid).join(&container);
                let logs = tokio::task::spawn_blocking(move || disk::used(&logs)).await.unwrap_or(0);
                context.runtime.on_disk(id).await.unwrap_or(0) + logs
            }
        };
        let request = request(pod, &container, starved);
        shares.push(Share { name: container, used, request });
    }
    shares
}

fn request(pod: &Value, container: &str, starved: Starved) -> u64 {
    let all = ["containers", "initContainers"].into_iter().flat_map(|list| items(&pod["spec"], list));
    let of = |definition: &Value| amounts(&definition["resources"]["requests"]).get(&*starved.to_string()).copied();
    let amount = all.filter(|definition| text(definition, "name") == container).find_map(of);
    amount.map_or(0, Quantity::value).try_into().unwrap_or(0)
}
