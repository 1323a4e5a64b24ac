//! A Pod's phase from its containers (kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase).

use super::{
    observed::{Container, Ended, Observed},
    pod::{Definition, Pod, Role},
};

/// `status.phase`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Something has not started for the first time.
    Pending,
    /// Everything has started; something runs or will again.
    Running,
    /// All ended well and stay so.
    Succeeded,
    /// All ended, one of them badly.
    Failed,
}

impl Phase {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }

    /// Whether the Pod has ended for good.
    pub fn ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// Where a container is, as far as the phase cares.
enum Stage<'a> {
    /// It has never started.
    Never,
    Running,
    /// It has ended; perhaps it waits for its next run.
    Ended(&'a Ended),
    /// It was stopped only to be started again.
    Stopped,
}

fn stage(container: Option<&Container>) -> Stage<'_> {
    let Some(container) = container else { return Stage::Never };
    match (&container.run, container.ended()) {
        // All containers are started anew.
        (None, _) if container.again => Stage::Stopped,
        // It ran before the node was restarted, and will again.
        (None, _) => container.last.as_ref().map_or(Stage::Never, Stage::Ended),
        (Some(_), Some(_)) if container.again => Stage::Stopped,
        (Some(_), Some(ended)) => Stage::Ended(ended),
        (Some(_), None) => Stage::Running,
    }
}

#[derive(Default)]
struct Tally {
    never: usize,
    running: usize,
    ended: usize,
    succeeded: usize,
    restarting: usize,
}

impl Tally {
    fn of(pod: &Pod, observed: &Observed, role: Role) -> Self {
        let mut tally = Self::default();
        for container in pod.having(role) {
            match stage(observed.container(container.name())) {
                Stage::Never => tally.never += 1,
                Stage::Running => tally.running += 1,
                Stage::Ended(ended) => {
                    tally.ended += 1;
                    tally.succeeded += usize::from(ended.code == 0);
                    tally.restarting += usize::from(pod.restarts(container, ended.code));
                }
                Stage::Stopped => {
                    tally.ended += 1;
                    tally.restarting += 1;
                }
            }
        }
        tally
    }
}

/// Whether a regular init container has failed and will not be tried again.
fn init_failed(pod: &Pod, observed: &Observed) -> bool {
    let gave_up = |container: &Definition| match stage(observed.container(container.name())) {
        Stage::Ended(ended) => ended.code != 0 && !pod.restarts(container, ended.code),
        _ => false,
    };
    pod.having(Role::Init).any(gave_up)
}

/// Whether a regular init container is still to end well.
fn init_pending(pod: &Pod, observed: &Observed) -> bool {
    let pending = |stage: Stage<'_>| matches!(stage, Stage::Never | Stage::Running);
    pod.having(Role::Init).any(|container| pending(stage(observed.container(container.name()))))
}

/// Whether a sidecar has not got going yet.
fn sidecar_pending(pod: &Pod, observed: &Observed) -> bool {
    pod.having(Role::Sidecar).any(|container| match observed.container(container.name()) {
        Some(state) if state.running() => !started(container, state),
        Some(state) => state.run.is_none() && !state.again,
        None => true,
    })
}

/// Whether a running container counts as started: its startup probe has passed and its postStart hook is through.
pub fn started(definition: &Definition, state: &Container) -> bool {
    let probe = definition.spec.startup_probe.is_none() || state.probed.startup == Some(true);
    state.running() && probe && state.post_started
}

/// Whether one of the main containers has ever started.
pub fn main_started(pod: &Pod, observed: &Observed) -> bool {
    pod.having(Role::Main).any(|container| observed.container(container.name()).is_some_and(|c| c.run.is_some()))
}

/// The phase. `stopping` says that nothing will be started again, whatever the restart policy.
pub fn phase(pod: &Pod, observed: &Observed, stopping: bool) -> Phase {
    if observed.failure.is_some() || init_failed(pod, observed) {
        return Phase::Failed;
    }
    let sidecars_hold = sidecar_pending(pod, observed) && !main_started(pod, observed);
    if init_pending(pod, observed) || sidecars_hold {
        return Phase::Pending;
    }
    let main = Tally::of(pod, observed, Role::Main);
    let sidecars = Tally::of(pod, observed, Role::Sidecar);
    if main.never > 0 {
        return Phase::Pending;
    }
    if main.running + sidecars.running > 0 {
        return Phase::Running;
    }
    if !stopping && main.restarting > 0 {
        return Phase::Running;
    }
    if main.succeeded == main.ended { Phase::Succeeded } else { Phase::Failed }
}

/// Whether the main containers have all ended and none is started again: what still runs beside them is to stop.
pub fn main_done(pod: &Pod, observed: &Observed) -> bool {
    init_failed(pod, observed)
        || pod.having(Role::Main).all(|container| match stage(observed.container(container.name())) {
            Stage::Ended(ended) => !pod.restarts(container, ended.code),
            _ => false,
        })
}
