//! Probes: when they run, what their results mean, and telling both
//! (kubernetes.io/docs/concepts/workloads/pods/probes/).

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{Container, ExecAction, Probe};
use tokio::sync::{Notify, watch};
use tokio_util::task::AbortOnDropHandle;

use super::{
    context::{Context, until},
    env::expand,
    handlers::{Outcome, Target},
    observed::Probed,
};
use crate::events::Subject;

/// Which of a container's probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Until it passes, the others wait; when it gives up, the container is restarted.
    Startup,
    /// When it gives up, the container is restarted.
    Liveness,
    /// Decides whether the container is ready.
    Readiness,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Liveness => "Liveness",
            Self::Readiness => "Readiness",
        }
    }
}

/// Counts results in a row against the thresholds.
#[derive(Debug, Clone, Copy)]
struct Tally {
    failures: i32,
    successes: i32,
    run: Option<(bool, i32)>,
}

impl Tally {
    fn new(probe: &Probe) -> Self {
        Self {
            failures: probe.failure_threshold.unwrap_or(3),
            successes: probe.success_threshold.unwrap_or(1),
            run: None,
        }
    }

    /// Takes in one result; says what the probe now says as a whole, if the threshold is reached.
    fn observe(&mut self, passed: bool) -> Option<bool> {
        let count = match self.run {
            Some((last, count)) if last == passed => count + 1,
            _ => 1,
        };
        self.run = Some((passed, count));
        let threshold = if passed { self.successes } else { self.failures };
        (count >= threshold).then_some(passed)
    }
}

/// The probes of one run of a container; they end when this is dropped.
pub struct Probes {
    /// What they have said.
    pub said: Arc<Mutex<Probed>>,
    /// Set once the container counts as started.
    pub started: watch::Sender<bool>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

/// What a probe's task works with.
#[derive(Clone)]
struct Work {
    context: Arc<Context>,
    target: Target,
    about: Subject,
    said: Arc<Mutex<Probed>>,
    wake: Arc<Notify>,
    started_at: jiff::Timestamp,
}

impl Probes {
    /// Starts the probes of a container that began at `started_at`.
    pub fn start(
        context: &Arc<Context>,
        target: &Target,
        about: &Subject,
        wake: &Arc<Notify>,
        started_at: jiff::Timestamp,
    ) -> Self {
        let said = Arc::<Mutex<Probed>>::default();
        let started = watch::Sender::new(false);
        let container = &target.container;
        let kinds = [
            (Kind::Startup, &container.startup_probe),
            (Kind::Liveness, &container.liveness_probe),
            (Kind::Readiness, &container.readiness_probe),
        ];
        let work = Work {
            context: context.clone(),
            target: target.clone(),
            about: about.clone(),
            said: said.clone(),
            wake: wake.clone(),
            started_at,
        };
        let tasks = kinds.into_iter().filter_map(|(kind, probe)| Some((kind, probe.clone()?)));
        let tasks = tasks.map(|(kind, probe)| {
            let task = tokio::spawn(probing(work.clone(), kind, probe, started.subscribe()));
            AbortOnDropHandle::new(task)
        });
        let tasks = tasks.collect();
        Self { said, started, _tasks: tasks }
    }
}

/// Probes until the container is to be restarted, or for as long as it runs.
async fn probing(work: Work, kind: Kind, probe: Probe, mut started: watch::Receiver<bool>) {
    let delay = SignedDuration::from_secs(probe.initial_delay_seconds.unwrap_or(0).into());
    tokio::time::sleep(until(&*work.context.clock, work.started_at + delay)).await;
    if kind != Kind::Startup && started.wait_for(|started| *started).await.is_err() {
        return;
    }
    let period = Duration::from_secs(probe.period_seconds.unwrap_or(10).max(1).unsigned_abs().into());
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tally = Tally::new(&probe);
    loop {
        ticks.tick().await;
        let Some(passed) = attempt(&work, kind, &probe).await else { continue };
        let Some(whole) = tally.observe(passed) else { continue };
        let changed = {
            let mut said = work.said.lock().expect("nothing panics while it holds what probes said");
            let field = match kind {
                Kind::Startup => &mut said.startup,
                Kind::Liveness => &mut said.liveness,
                Kind::Readiness => &mut said.readiness,
            };
            field.replace(whole) != Some(whole)
        };
        if changed {
            work.wake.notify_one();
        }
        // What decides about a restart is asked no more until there is a new run.
        if kind == Kind::Startup || (kind == Kind::Liveness && !whole) {
            return;
        }
    }
}

/// One try, with its event; nothing when it could not be tried.
async fn attempt(work: &Work, kind: Kind, probe: &Probe) -> Option<bool> {
    let timeout = Duration::from_secs(probe.timeout_seconds.unwrap_or(1).max(1).unsigned_abs().into());
    let target = &work.target;
    let outcome = if let Some(exec) = &probe.exec {
        target.exec(&command(exec, &target.container), timeout).await
    } else if let Some(action) = &probe.http_get {
        target.http(action, "kube-probe/1.36", timeout).await
    } else if let Some(action) = &probe.tcp_socket {
        target.tcp(action.host.as_deref(), &action.port, timeout).await
    } else if let Some(action) = &probe.grpc {
        target.grpc(action.port, action.service.as_deref().unwrap_or(""), timeout).await
    } else {
        return None;
    };
    let name = kind.as_str();
    match outcome {
        Outcome::Success(_) => Some(true),
        Outcome::Warning(text) => {
            work.context.warning(&work.about, "ProbeWarning", &format!("{name} probe warning: {text}"));
            Some(true)
        }
        Outcome::Failure(text) => {
            work.context.warning(&work.about, "Unhealthy", &format!("{name} probe failed: {text}"));
            Some(false)
        }
        Outcome::Unknown(text) => {
            let message = format!("{name} probe errored and resulted in unknown state: {text}");
            work.context.warning(&work.about, "Unhealthy", &message);
            None
        }
    }
}

/// The command with the variables that the manifest itself gives values (the kubelet's
/// `ExpandContainerCommandOnlyStatic`).
fn command(exec: &ExecAction, container: &Container) -> Vec<String> {
    let variables = container.env.as_deref().unwrap_or(&[]);
    let known = |name: &str| {
        let variable = variables.iter().rev().find(|variable| variable.name == name)?;
        Some(variable.value.as_deref().unwrap_or(""))
    };
    exec.command.iter().flatten().map(|word| expand(word, known)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_the_variables_that_the_manifest_gives_values() {
        let container = serde_json::json!({"name": "c", "env": [{"name": "FILE", "value": "/ready"},
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]});
        let exec = ExecAction { command: Some(["cat", "$(FILE)", "$(IP)", "$(NOPE)"].map(str::to_owned).to_vec()) };
        let words = command(&exec, &serde_json::from_value(container).unwrap());
        assert_eq!(words, ["cat", "/ready", "", "$(NOPE)"]);
    }

    #[test]
    fn thresholds_count_results_in_a_row() {
        let probe = Probe { failure_threshold: Some(3), success_threshold: Some(2), ..Probe::default() };
        let mut tally = Tally::new(&probe);
        let results = [true, true, false, false, true, false, false, false, false];
        let said = results.map(|passed| tally.observe(passed));
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(said, [None, yes, None, None, None, None, None, no, no]);
    }
}
