//! One container's status: `status.containerStatuses[]`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    adopt::UNKNOWN,
    observed::{Container, Ended, Observed, RESTARTING_ALL, RunState},
    phase::started,
    pod::{Definition, Pod, Role},
    resources,
};
use crate::clock::api_time;

/// What is needed to tell how a Pod's containers are.
pub struct ContainerView<'a> {
    /// The Pod.
    pub pod: &'a Pod,
    /// What is known of it.
    pub observed: &'a Observed,
    /// The time of telling.
    pub now: Timestamp,
}

/// Whether a container is ready; a regular init container is once it has ended well.
pub fn ready(definition: &Definition, observed: &Observed) -> bool {
    let Some(state) = observed.container(definition.name()) else { return false };
    match definition.role {
        Role::Init => state.ended().is_some_and(|ended| ended.code == 0),
        Role::Ephemeral => false,
        Role::Main | Role::Sidecar => {
            let probe = definition.spec.readiness_probe.is_none() || state.probed.readiness == Some(true);
            started(definition, state) && probe
        }
    }
}

impl ContainerView<'_> {
    /// The statuses of the containers of some parts: init containers in their order, others by name.
    pub fn statuses(&self, roles: &[Role]) -> Vec<Value> {
        let mut definitions: Vec<_> = self.pod.containers.iter().filter(|c| roles.contains(&c.role)).collect();
        if !roles.contains(&Role::Init) {
            definitions.sort_by_key(|c| c.name());
        }
        definitions.into_iter().map(|definition| self.status(definition)).collect()
    }

    fn status(&self, definition: &Definition) -> Value {
        let unknown = Container::default();
        let state = self.observed.container(definition.name()).unwrap_or(&unknown);
        let run = state.run.as_ref();
        let (mut now_state, last) = self.states(state);
        if self.is_lost(definition, state) {
            now_state = json!({"terminated": {
                "exitCode": 137, "reason": UNKNOWN, "startedAt": null, "finishedAt": null,
                "message": "The container could not be located when the pod was terminated",
            }});
        }
        // The next run counts, unless this node only takes the container up.
        let before = if state.again { state.earlier } else { state.earlier.saturating_sub(1) };
        let mut status = json!({
            "name": definition.name(),
            "state": now_state,
            "lastState": last.map_or_else(|| json!({}), |ended| json!({"terminated": terminated(ended)})),
            "ready": ready(definition, self.observed),
            "restartCount": run.map_or(before, |run| run.restarts),
            "image": run.map_or(definition.image(), |run| run.image.as_str()),
            "imageID": run.map_or("", |run| run.image_id.as_str()),
        });
        if definition.role != Role::Ephemeral {
            status["started"] = json!(started(definition, state));
        }
        if let Some(run) = run {
            status["containerID"] = json!(run.container_id);
            let user = &run.user;
            status["user"] = json!({"linux": {"uid": user.uid, "gid": user.gid, "supplementalGroups": user.groups}});
            resources::container_status(definition, run, &mut status);
        }
        let mounts: Vec<Value> = definition.spec.volume_mounts.iter().flatten().map(mount).collect();
        if !mounts.is_empty() {
            status["volumeMounts"] = Value::Array(mounts);
        }
        status
    }

    /// Whether the node is through with a Pod without having seen this container end. One that never began, since those
    /// before it had not ended, is not missed (the kubelet's `TerminatePod`).
    fn is_lost(&self, definition: &Definition, state: &Container) -> bool {
        if !self.observed.closed || state.ended().is_some() {
            return false;
        }
        let began = |c: &&Definition| {
            self.observed.container(c.name()).is_some_and(|state| state.run.is_some() || state.last.is_some())
        };
        let mut inits = self.pod.containers.iter().filter(|c| matches!(c.role, Role::Init | Role::Sidecar));
        match definition.role {
            Role::Main => {
                let through = |c: &Definition| match c.role {
                    Role::Init => ready(c, self.observed),
                    _ => self.observed.container(c.name()).is_some_and(|state| started(c, state)),
                };
                self.pod.having(Role::Main).any(|c| began(&c)) || inits.next_back().is_none_or(through)
            }
            Role::Init | Role::Sidecar => {
                let all: Vec<_> = inits.collect();
                let newest = all.iter().rposition(began).unwrap_or(0);
                all[..=newest].iter().any(|c| c.name() == definition.name())
            }
            Role::Ephemeral => false,
        }
    }

    /// `state` and what belongs into `lastState`.
    fn states<'a>(&self, state: &'a Container) -> (Value, Option<&'a Ended>) {
        let waiting = state.waiting.as_ref().filter(|waiting| waiting.visible_from <= self.now);
        if let (Some(waiting), false) = (waiting, state.running()) {
            let mut told = json!({"reason": waiting.reason});
            if !waiting.message.is_empty() {
                told["message"] = json!(waiting.message);
            }
            return (json!({"waiting": told}), state.ended().or(state.last.as_ref()));
        }
        match &state.run {
            None => (json!({"waiting": {"reason": self.not_yet()}}), state.last.as_ref()),
            Some(run) => match &run.state {
                RunState::Running(since) => (json!({"running": {"startedAt": api_time(*since)}}), state.last.as_ref()),
                RunState::Ended(ended) => (json!({"terminated": terminated(ended)}), state.last.as_ref()),
            },
        }
    }

    fn not_yet(&self) -> &'static str {
        let inits = self.pod.containers.iter().any(|c| matches!(c.role, Role::Init | Role::Sidecar));
        if inits { "PodInitializing" } else { "ContainerCreating" }
    }
}

fn terminated(ended: &Ended) -> Value {
    // Nobody saw such an end: a kubelet leaves the times empty.
    let unseen = ended.reason == UNKNOWN || ended.reason == RESTARTING_ALL;
    let time = |time| if unseen { Value::Null } else { json!(api_time(time)) };
    let mut value = json!({
        "exitCode": ended.code,
        "reason": ended.reason,
        "startedAt": time(ended.started_at),
        "finishedAt": time(ended.finished_at),
    });
    if !ended.container_id.is_empty() {
        value["containerID"] = json!(ended.container_id);
    }
    if !ended.message.is_empty() {
        value["message"] = json!(ended.message);
    }
    value
}

fn mount(mount: &k8s_openapi::api::core::v1::VolumeMount) -> Value {
    let mut status = json!({"name": mount.name, "mountPath": mount.mount_path});
    if mount.read_only == Some(true) {
        status["readOnly"] = json!(true);
        let recursive = matches!(mount.recursive_read_only.as_deref(), Some("Enabled" | "IfPossible"));
        status["recursiveReadOnly"] = json!(if recursive { "Enabled" } else { "Disabled" });
    }
    status
}
