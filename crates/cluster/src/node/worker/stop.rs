//! Stopping containers, ending Pods, taking them out of the store.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::future::join_all;

use super::{Worker, lock};
use crate::node::{
    context::Context,
    live::Live,
    plan::Kill,
    pod::{Definition, Role},
    write,
};

/// The least time between TERM and KILL, whatever grace was asked for (the kubelet's `minimumGracePeriodInSeconds`;
/// seen in `wire/watch-pod-trimmed.json`, where a grace period of 1 s took 2).
const LEAST_GRACE: i64 = 2;
const TERM: i32 = 15;
const KILL: i32 = 9;
/// How long the end of a container is waited for after KILL; only a runtime that is gone takes longer.
const AFTER_KILL: Duration = Duration::from_secs(10);

impl Worker {
    /// Stops one container that is to be started anew.
    pub(super) async fn stop_one(&mut self, kill: &Kill) {
        let Some(definition) = self.pod.container(&kill.name).cloned() else { return };
        let Some(live) = lock(&self.handle.runs).current.get(&kill.name).cloned() else { return };
        let about = self.subject().part(definition.field_path());
        self.context.normal(&about, "Killing", &kill.message);
        let grace = self.pod.spec.termination_grace_period_seconds.unwrap_or(30);
        stop(self.context.clone(), live, grace).await;
    }

    /// All containers have done their work, or the Pod has failed: ends the rest and tells the final phase.
    pub(super) async fn finish(&mut self) {
        let grace = self.pod.spec.termination_grace_period_seconds.unwrap_or(30);
        self.stop_all(grace).await;
        self.report();
        self.remove_sandbox().await;
        self.observed.finished = true;
        for container in self.observed.containers.values_mut() {
            container.waiting = None;
        }
        self.report();
    }

    /// The Pod is to be deleted, or is gone already: ends everything and takes it out of the store.
    pub(super) async fn terminate(&mut self, gone: bool) {
        if !gone {
            self.report();
        }
        let grace = if gone { 0 } else { self.pod.grace() };
        self.stop_all(grace).await;
        self.remove_sandbox().await;
        self.observed.finished = true;
        if !gone {
            self.report();
            write::remove(&self.context.store, &self.key, self.pod.uid(), self.context.now());
        }
        for directory in [self.pod_directory(), self.context.logs.join(self.pod.uid())] {
            // It may never have been made.
            let _ = std::fs::remove_dir_all(directory);
        }
    }

    /// Ends the main containers together, then the sidecars one by one from the last to the first.
    async fn stop_all(&mut self, grace: i64) {
        let running = self.running();
        let (sidecars, others): (Vec<_>, Vec<_>) =
            running.into_iter().partition(|(definition, _)| definition.role == Role::Sidecar);
        let start = tokio::time::Instant::now();
        for (definition, _) in others.iter().chain(&sidecars) {
            let about = self.subject().part(definition.field_path());
            let message = format!("Stopping container {}", definition.name());
            self.context.normal(&about, "Killing", &message);
        }
        join_all(others.into_iter().map(|(_, live)| stop(self.context.clone(), live, grace))).await;
        for (_, live) in sidecars.into_iter().rev() {
            let used = i64::try_from(start.elapsed().as_secs()).unwrap_or(i64::MAX);
            stop(self.context.clone(), live, grace.saturating_sub(used).max(0)).await;
        }
        self.collect();
    }

    fn running(&self) -> Vec<(Definition, Live)> {
        let current: BTreeMap<String, Live> = lock(&self.handle.runs).current.clone();
        let definitions = self.pod.containers.iter();
        let with_live = definitions.filter_map(|d| Some((d.clone(), current.get(d.name())?.clone())));
        with_live.filter(|(_, live)| live.ended.borrow().is_none()).collect()
    }
}

/// TERM, then KILL when the grace period is over; until it has ended.
async fn stop(context: Arc<Context>, live: Live, grace: i64) {
    let mut ended = live.ended.clone();
    if grace > 0 {
        let time = Duration::from_secs(grace.max(LEAST_GRACE).unsigned_abs());
        signal(&context, &live, TERM).await;
        if tokio::time::timeout(time, ended.wait_for(Option::is_some)).await.is_ok() {
            return;
        }
    }
    signal(&context, &live, KILL).await;
    if tokio::time::timeout(AFTER_KILL, ended.wait_for(Option::is_some)).await.is_err() {
        tracing::error!(container = %live.id, "a container did not end after KILL");
    }
}

async fn signal(context: &Context, live: &Live, signal: i32) {
    if let Err(error) = context.runtime.signal(live.id.clone(), signal).await {
        tracing::warn!(%error, container = %live.id, signal, "a container could not be signalled");
    }
}
