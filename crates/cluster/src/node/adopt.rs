//! Pods that ran before this node did: after a restart of the server, which is to them what a reboot of the node is.
//!
//! Their containers are gone. containerd tells of such a container that it ended with 255 and for a reason that is
//! `Unknown`; a kubelet then makes a new sandbox, runs the init containers again, and starts what the restart policy
//! wants started. A Pod that is never to be restarted is left as it is. When the node before this one did not end as it
//! should, nobody knows the container at all: `ContainerStatusUnknown`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    observed::{Container, Ended, Run, RunState, User},
    pod::{Definition, Pod, Role},
};

/// The reason that a kubelet gives for the end of a container that its runtime does not know.
pub const UNKNOWN: &str = "ContainerStatusUnknown";

/// How the node before this one ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// As a node that is rebooted.
    Orderly,
    /// Killed, or in a crash of the machine.
    Killed,
}

impl Before {
    /// What is said of a container that ran then: exit code, reason, message.
    fn unseen(self) -> (i32, &'static str, &'static str) {
        match self {
            Self::Orderly => (255, "Unknown", ""),
            Self::Killed => (
                137,
                UNKNOWN,
                "The container could not be located when the pod was deleted.  The container used to be Running",
            ),
        }
    }
}

/// What is known of a Pod's containers from its status; nothing when none has run.
pub fn adopt(pod: &Pod, before: Before, now: Timestamp) -> BTreeMap<String, Container> {
    let lists = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
    let statuses = lists.iter().flat_map(|list| pod.object["status"][list].as_array().into_iter().flatten());
    let known: BTreeMap<&str, &Value> =
        statuses.filter_map(|status| Some((status["name"].as_str()?, status))).collect();
    let container = |definition: &Definition| {
        let container = one(pod, definition, known.get(definition.name())?, before, now)?;
        Some((definition.name().to_owned(), container))
    };
    pod.containers.iter().filter_map(container).collect()
}

fn one(pod: &Pod, definition: &Definition, status: &Value, before: Before, now: Timestamp) -> Option<Container> {
    let ended = end(status, before, now)?;
    let restarts = status["restartCount"].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
    let never = pod.spec.restart_policy.as_deref() == Some("Never");
    let again = pod.restarts(definition, ended.code) || (definition.role == Role::Init && !never);
    if again {
        return Some(Container { earlier: restarts + 1, last: Some(ended), ..Container::default() });
    }
    let text = |field: &str| status[field].as_str().unwrap_or("").to_owned();
    let run = Run {
        container_id: text("containerID"),
        restarts,
        asked_image: definition.image().to_owned(),
        image: text("image"),
        image_id: text("imageID"),
        user: user(&status["user"]["linux"]),
        resources: definition.spec.resources.clone(),
        state: RunState::Ended(ended),
    };
    Some(Container { run: Some(run), last: terminated(&status["lastState"]["terminated"]), ..Container::default() })
}

/// A run before this node: its container, its `containerd://…` id, and its log's number.
pub struct PastRun {
    /// Of the container.
    pub name: String,
    /// As the status had it.
    pub id: String,
    /// How many runs came before it.
    pub number: u64,
    /// Whether it is the newest one.
    pub newest: bool,
}

/// The runs that a Pod's status tells of.
pub fn past_runs(pod: &Pod) -> Vec<PastRun> {
    let status = &pod.object["status"];
    let lists = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
    lists.iter().flat_map(|list| crate::json::items(status, list)).flat_map(runs_of).collect()
}

fn runs_of(status: &Value) -> Vec<PastRun> {
    let name = crate::json::text(status, "name");
    let number = status["restartCount"].as_u64().unwrap_or(0);
    let id = |value: &Value| value["containerID"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    let newest = id(&status["state"]["terminated"]).or_else(|| id(status));
    let last = id(&status["lastState"]["terminated"]).filter(|last| Some(last) != newest.as_ref());
    let run = |id, number, newest| PastRun { name: name.to_owned(), id, number, newest };
    let before = last.zip(number.checked_sub(1)).map(|(id, number)| run(id, number, false));
    newest.map(|id| run(id, number, true)).into_iter().chain(before).collect()
}

/// How the newest run ended, seen from now; `None` when there was none.
fn end(status: &Value, before: Before, now: Timestamp) -> Option<Ended> {
    let state = &status["state"];
    if let Some(running) = state.get("running") {
        let (code, reason, message) = before.unseen();
        return Some(Ended {
            container_id: status["containerID"].as_str()?.to_owned(),
            code,
            reason: reason.to_owned(),
            message: message.to_owned(),
            started_at: time(&running["startedAt"]),
            finished_at: now,
        });
    }
    terminated(&state["terminated"]).or_else(|| terminated(&status["lastState"]["terminated"]))
}

fn terminated(value: &Value) -> Option<Ended> {
    let text = |field: &str| value[field].as_str().unwrap_or("").to_owned();
    Some(Ended {
        container_id: text("containerID"),
        code: value["exitCode"].as_i64().and_then(|code| i32::try_from(code).ok())?,
        reason: text("reason"),
        message: text("message"),
        started_at: time(&value["startedAt"]),
        finished_at: time(&value["finishedAt"]),
    })
}

fn time(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn user(value: &Value) -> User {
    let number = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok()).unwrap_or(0);
    let groups = value["supplementalGroups"].as_array().into_iter().flatten().map(number).collect();
    User { uid: number(&value["uid"]), gid: number(&value["gid"]), groups }
}
