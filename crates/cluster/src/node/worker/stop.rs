//! Stopping containers, ending Pods, taking them out of the store.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::future::join_all;

use super::{Worker, lock};
use crate::{
    events::Subject,
    node::{
        context::Context,
        disk,
        handlers::Target,
        hooks,
        live::Live,
        observed::{Container, Ended, RESTARTING_ALL, Restarting, Waiting},
        plan::Kill,
        pod::{Definition, Role},
        write,
    },
};

/// The least time between TERM and KILL, whatever grace was asked for (the kubelet's `minimumGracePeriodInSeconds`;
/// seen in `wire/watch-pod-trimmed.json`, where a grace period of 1 s took 2).
const LEAST_GRACE: i64 = 2;
const TERM: i32 = 15;
const KILL: i32 = 9;
/// How long a Pod that was asked to go can still be seen. A kubelet needs a second or more for its own rounds
/// (`TIMING.md`); whoever deletes with `--wait=false` and then waits must still find what they wait for.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long the end of a container is waited for after KILL; only a runtime that is gone takes longer.
const AFTER_KILL: Duration = Duration::from_secs(10);

impl Worker {
    /// Stops one container that is to be started anew.
    pub(super) async fn stop_one(&mut self, kill: &Kill) {
        let Some(definition) = self.pod.container(&kill.name).cloned() else { return };
        let Some(live) = lock(&self.handle.runs).current.get(&kill.name).cloned() else { return };
        let about = self.subject().part(definition.field_path());
        self.context.normal(&about, "Killing", &kill.message);
        self.probes.remove(&kill.name);
        let grace = kill.grace.or(self.pod.spec.termination_grace_period_seconds).unwrap_or(30);
        self.stopping(definition, live).run(grace).await;
    }

    /// All containers have done their work, or the Pod has failed: ends the rest and tells the final phase.
    pub(super) async fn finish(&mut self) {
        let hurried = self.observed.failure.as_ref().and_then(|failure| failure.grace);
        let grace = hurried.or(self.pod.spec.termination_grace_period_seconds).unwrap_or(30);
        self.stop_all(grace).await;
        self.report();
        self.remove_sandbox().await;
        self.take_volumes_away().await;
        self.handle.through.store(true, Ordering::Relaxed);
        self.observed.finished = true;
        self.observed.closed = true;
        for container in self.observed.containers.values_mut() {
            container.waiting = None;
        }
        self.report();
    }

    /// What was in the volumes of a Pod that has ended is of no use to anybody, and takes room.
    async fn take_volumes_away(&self) {
        let volumes = self.pod_directory().join("volumes");
        if let Err(error) = tokio::task::spawn_blocking(move || disk::remove(&volumes)).await {
            tracing::warn!(%error, pod = self.pod.label(), "the volumes of a Pod stay");
        }
    }

    /// The Pod is to be deleted, or is gone already: ends everything and takes it out of the store.
    pub(super) async fn terminate(&mut self, gone: bool) {
        if !gone {
            self.report();
        }
        let grace = if gone { 0 } else { self.pod.grace() };
        let farewell = tokio::time::sleep(if grace > 0 { FAREWELL } else { Duration::ZERO });
        self.stop_all(grace).await;
        self.remove_sandbox().await;
        self.observed.finished = true;
        if !gone {
            self.report();
            farewell.await;
            self.observed.closed = true;
            self.report();
            write::remove(&self.context.store, &self.key, self.pod.uid(), self.context.now());
        }
        for directory in [self.pod_directory(), self.context.logs.join(self.pod.uid())] {
            // It may never have been made.
            let _ = std::fs::remove_dir_all(directory);
        }
        self.handle.through.store(true, Ordering::Relaxed);
    }

    /// The end of this container wants all of them started anew, from the first init container on, in the same sandbox:
    /// ends what runs, without grace; false when that has to wait.
    pub(super) async fn restart_all(&mut self, name: &str) -> bool {
        let Some(definition) = self.pod.container(name).cloned() else { return false };
        if self.must_wait(&definition) {
            return false;
        }
        self.observed.restarting = Some(Restarting::Now);
        self.report();
        self.stop_all(0).await;
        let now = self.context.now();
        let reason = || RESTARTING_ALL.to_owned();
        let message = || "The container is removed because RestartAllContainers in place".to_owned();
        for definition in self.pod.containers.iter().filter(|c| c.role != Role::Ephemeral) {
            let container = self.observed.container_mut(definition.name());
            let Some(run) = container.run.take() else { continue };
            // A runtime knows nothing of it any more, so neither is it told how it ended.
            let last = Ended {
                container_id: String::new(),
                code: 137,
                reason: reason(),
                message: message(),
                started_at: now,
                finished_at: now,
            };
            let waiting = Some(Waiting { reason: reason(), message: message(), visible_from: now });
            let (earlier, last) = (run.restarts + 1, Some(last));
            *container = Container { earlier, last, waiting, again: true, ..Container::default() };
            self.retry.remove(definition.name());
        }
        self.report();
        for container in self.observed.containers.values_mut().filter(|container| container.again) {
            container.waiting = None;
        }
        self.observed.restarting = Some(Restarting::Before);
        true
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
        self.probes.clear();
        let stops = others.into_iter().map(|(definition, live)| self.stopping(definition, live).run(grace));
        join_all(stops).await;
        for (definition, live) in sidecars.into_iter().rev() {
            let left = grace.saturating_sub(seconds(start.elapsed()));
            self.stopping(definition, live).run(if grace > 0 { left.max(1) } else { 0 }).await;
        }
        self.collect();
    }

    fn stopping(&self, definition: Definition, live: Live) -> Stopping {
        let target = self.target(&definition, &live);
        let about = self.subject().part(definition.field_path());
        Stopping { context: self.context.clone(), live, target, about, pod: self.pod.label() }
    }

    fn running(&self) -> Vec<(Definition, Live)> {
        let current: BTreeMap<String, Live> = lock(&self.handle.runs).current.clone();
        let definitions = self.pod.containers.iter();
        let with_live = definitions.filter_map(|d| Some((d.clone(), current.get(d.name())?.clone())));
        with_live.filter(|(_, live)| live.ended.borrow().is_none()).collect()
    }
}

/// One container that is to be stopped.
struct Stopping {
    context: Arc<Context>,
    live: Live,
    target: Target,
    about: Subject,
    pod: String,
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

impl Stopping {
    /// preStop, TERM, then KILL when the grace period (seconds) is over; until it has ended.
    async fn run(self, grace: i64) {
        let mut ended = self.live.ended.clone();
        if grace > 0 {
            let left = grace - self.pre_stop(grace).await;
            let time = Duration::from_secs(left.max(LEAST_GRACE).unsigned_abs());
            self.signal(self.stop_signal()).await;
            if tokio::time::timeout(time, ended.wait_for(Option::is_some)).await.is_ok() {
                return;
            }
        }
        self.signal(KILL).await;
        if tokio::time::timeout(AFTER_KILL, ended.wait_for(Option::is_some)).await.is_err() {
            tracing::error!(container = %self.live.id, "a container did not end after KILL");
        }
    }

    /// Runs the preStop hook, if there is one, for `grace` seconds at most; gives the seconds it took.
    async fn pre_stop(&self, grace: i64) -> i64 {
        let lifecycle = self.target.container.lifecycle.as_ref();
        let Some(hook) = lifecycle.and_then(|lifecycle| lifecycle.pre_stop.as_ref()) else { return 0 };
        let start = tokio::time::Instant::now();
        let mut ended = self.live.ended.clone();
        let time = Duration::from_secs(grace.unsigned_abs());
        let hook = tokio::time::timeout(time, hooks::run(&self.target, hook, &self.pod));
        tokio::select! {
            result = hook => if let Ok(Err(_)) = result {
                self.context.warning(&self.about, "FailedPreStopHook", "PreStopHook failed");
            },
            _ = ended.wait_for(Option::is_some) => {}
        }
        seconds(start.elapsed())
    }

    /// TERM, unless the manifest names another signal.
    fn stop_signal(&self) -> i32 {
        let lifecycle = self.target.container.lifecycle.as_ref();
        let name = lifecycle.and_then(|lifecycle| lifecycle.stop_signal.as_deref());
        name.and_then(|name| name.parse::<nix::sys::signal::Signal>().ok()).map_or(TERM, |signal| signal as i32)
    }

    async fn signal(&self, signal: i32) {
        if let Err(error) = self.context.runtime.signal(self.live.id.clone(), signal).await {
            tracing::warn!(%error, container = %self.live.id, signal, "a container could not be signalled");
        }
    }
}
