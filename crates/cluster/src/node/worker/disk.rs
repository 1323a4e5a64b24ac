//! Looking at what a Pod has on the disk.

use std::path::Path;

use jiff::SignedDuration;

use super::{Worker, lock};
use crate::node::{
    disk,
    eviction::{self, OnDisk},
    observed::Failure,
};

/// How often it is looked (the kubelet's eviction manager: every 10 s; learners wait for it).
const PERIOD: SignedDuration = SignedDuration::from_secs(2);
/// Seconds that the containers of an evicted Pod have left (the kubelet's `immediateEvictionGracePeriodSeconds`).
const GRACE: i64 = 1;

impl Worker {
    /// Evicts the Pod if it has more on the disk than it may.
    pub(super) async fn check_disk(&mut self) {
        let now = self.context.now();
        if self.observed.failure.is_some() || self.sandbox.is_none() || !eviction::is_limited(&self.pod) {
            return;
        }
        if let Some(next) = self.disk_checked.map(|before| before + PERIOD).filter(|next| now < *next) {
            return self.wake_at(next);
        }
        self.disk_checked = Some(now);
        self.wake_at(now + PERIOD);
        let on_disk = self.on_disk().await;
        let Some(message) = eviction::exceeded(&self.pod, &on_disk) else { return };
        self.context.warning(&self.subject(), "Evicted", &message);
        self.observed.failure = Some(Failure { reason: "Evicted".to_owned(), message, grace: Some(GRACE) });
    }

    /// Fails the Pod if the node wants it to go.
    pub(super) fn check_eviction(&mut self) {
        let evicted = self.handle.evicted.lock().expect("nothing panics while it holds a text").take();
        let Some(message) = evicted.filter(|_| self.observed.failure.is_none() && self.sandbox.is_some()) else {
            return;
        };
        self.context.warning(&self.subject(), "Evicted", &message);
        self.observed.disrupted = Some(message.clone());
        self.observed.failure = Some(Failure { reason: "Evicted".to_owned(), message, grace: Some(GRACE) });
    }

    async fn on_disk(&self) -> OnDisk {
        let mut on_disk = OnDisk::default();
        for (name, path) in self.volumes.on_disk(&self.pod) {
            on_disk.volumes.insert(name, used(path).await);
        }
        let running: Vec<_> =
            lock(&self.handle.runs).current.iter().map(|(n, live)| (n.clone(), live.id.clone())).collect();
        for (name, id) in running {
            let logs = used(self.context.logs.join(self.pod.uid()).join(&name)).await;
            // One that has gone meanwhile has nothing.
            let written = self.context.runtime.on_disk(id).await.unwrap_or(0);
            on_disk.containers.insert(name, logs + written);
        }
        on_disk
    }
}

async fn used(path: impl AsRef<Path>) -> u64 {
    let path = path.as_ref().to_owned();
    tokio::task::spawn_blocking(move || disk::used(&path)).await.unwrap_or(0)
}
