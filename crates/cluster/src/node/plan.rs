//! What is to be done next with a Pod's containers: from what is wanted and what is observed, nothing else.

use super::{
    observed::{Container, Observed, Run},
    phase::{main_done, main_started, started},
    pod::{Definition, Pod, Role},
    resize::needs_restart,
};

/// A container to be stopped, to be started again if its restart policy says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kill {
    /// Which one.
    pub name: String,
    /// The text of its `Killing` event.
    pub message: String,
    /// Seconds it may take, when the probe that failed says so.
    pub grace: Option<i64>,
    /// Whether it is started again, whatever its restart policy says.
    pub again: bool,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The container whose end wants all of them started anew, in place.
    pub restart_all: Option<String>,
    /// Nothing is to run any more: stop what does and take the sandbox away.
    pub finish: bool,
    /// To be stopped first.
    pub kill: Vec<Kill>,
    /// Then to be started, in this order.
    pub start: Vec<String>,
}

/// What is to be done with a Pod that is neither deleted nor done.
pub fn plan(pod: &Pod, observed: &Observed) -> Plan {
    if observed.failure.is_none()
        && let Some(name) = wants_all_anew(pod, observed)
    {
        return Plan { restart_all: Some(name), ..Plan::default() };
    }
    if main_done(pod, observed) || observed.failure.is_some() {
        return Plan { finish: true, ..Plan::default() };
    }
    let mut plan = Plan::default();
    for container in pod.having(Role::Ephemeral) {
        if state(observed, container).is_none_or(|c| c.run.is_none() && c.waiting.is_none()) {
            plan.start.push(container.name().to_owned());
        }
    }
    if !plan_init(pod, observed, &mut plan) {
        return plan;
    }
    for container in pod.having(Role::Main) {
        plan_container(pod, container, observed, &mut plan);
    }
    plan
}

fn wants_all_anew(pod: &Pod, observed: &Observed) -> Option<String> {
    let wants = |container: &&Definition| {
        let ended = state(observed, container).and_then(Container::ended);
        ended.is_some_and(|ended| pod.restarts_all(container, ended.code))
    };
    pod.containers.iter().find(wants).map(|container| container.name().to_owned())
}

fn state<'a>(observed: &'a Observed, container: &Definition) -> Option<&'a Container> {
    observed.container(container.name())
}

/// Plans the init containers and sidecars; true when the main containers may run.
fn plan_init(pod: &Pod, observed: &Observed, plan: &mut Plan) -> bool {
    let initialized = main_started(pod, observed);
    for container in pod.containers.iter().filter(|c| matches!(c.role, Role::Init | Role::Sidecar)) {
        let through = match container.role {
            Role::Sidecar => {
                plan_container(pod, container, observed, plan);
                state(observed, container).is_some_and(|c| started(container, c))
            }
            _ if initialized => true,
            _ => {
                let through = state(observed, container).and_then(Container::ended).is_some_and(|e| e.code == 0);
                if !through {
                    plan_container(pod, container, observed, plan);
                }
                through
            }
        };
        if !through && !initialized {
            return false;
        }
    }
    true
}

/// Plans a container that should be running.
fn plan_container(pod: &Pod, container: &Definition, observed: &Observed, plan: &mut Plan) {
    let name = container.name().to_owned();
    let Some((state, run)) = state(observed, container).and_then(|state| Some((state, state.run.as_ref()?))) else {
        plan.start.push(name);
        return;
    };
    if let Some(ended) = run.ended() {
        if state.again || pod.restarts(container, ended.code) {
            plan.start.push(name);
        }
        return;
    }
    plan.kill.extend(why_stop(pod, container, state, run));
}

/// Why a running container must be stopped, as its `Killing` event says it.
fn why_stop(pod: &Pod, container: &Definition, state: &Container, run: &Run) -> Option<Kill> {
    let name = container.name();
    let kill = |message: String, grace, again| Some(Kill { name: name.to_owned(), message, grace, again });
    if container.image() != run.asked_image {
        return kill(format!("Container {name} definition changed, will be restarted"), None, true);
    }
    let again = if pod.restarts(container, 137) { ", will be restarted" } else { "" };
    let probes = [
        (state.probed.liveness, &container.spec.liveness_probe, "liveness"),
        (state.probed.startup, &container.spec.startup_probe, "startup"),
    ];
    if let Some((_, probe, kind)) = probes.into_iter().find(|(said, _, _)| *said == Some(false)) {
        let grace = probe.as_ref().and_then(|probe| probe.termination_grace_period_seconds);
        return kill(format!("Container {name} failed {kind} probe{again}"), grace, false);
    }
    let resized = needs_restart(&container.spec, run.resources.as_ref());
    resized.then(|| kill(format!("Container {name} resize requires restart"), None, true)).flatten()
}
