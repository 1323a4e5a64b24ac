//! The profiles of `debug`: how much the container may do that looks around, and what a copy keeps of its Pod.

use serde_json::{Value, json};

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
};

/// How much a container may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    Legacy,
    General,
    Baseline,
    Restricted,
    Netadmin,
    Sysadmin,
}

/// In which way something is debugged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By a container more in the Pod itself.
    Container,
    /// In a copy of the Pod.
    Copy,
    /// By a Pod on the node.
    Node,
}

/// What a copy keeps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Keep {
    labels: bool,
    annotations: bool,
    liveness: bool,
    readiness: bool,
    startup: bool,
    init_containers: bool,
}

impl Keep {
    /// What the `--keep-…` flags say.
    pub fn of(matches: &Matches) -> Self {
        Self {
            labels: matches.on("keep-labels"),
            annotations: matches.on("keep-annotations"),
            liveness: matches.on("keep-liveness"),
            readiness: matches.on("keep-readiness"),
            startup: matches.on("keep-startup"),
            init_containers: matches.on("keep-init-containers"),
        }
    }

    fn strip(self, pod: &mut Value) {
        for (field, kept) in [("labels", self.labels), ("annotations", self.annotations)] {
            if !kept {
                remove(&mut pod["metadata"], field);
            }
        }
        for container in pod["spec"]["containers"].as_array_mut().into_iter().flatten() {
            for (field, kept) in
                [("livenessProbe", self.liveness), ("readinessProbe", self.readiness), ("startupProbe", self.startup)]
            {
                if !kept {
                    remove(container, field);
                }
            }
        }
        if !self.init_containers {
            remove(&mut pod["spec"], "initContainers");
        }
    }
}

impl Profile {
    /// The profile of that name.
    pub fn named(name: &str) -> Outcome<Self> {
        Ok(match name {
            "legacy" => Self::Legacy,
            "general" => Self::General,
            "baseline" => Self::Baseline,
            "restricted" => Self::Restricted,
            "netadmin" => Self::Netadmin,
            "sysadmin" => Self::Sysadmin,
            other => return Err(Failure::Said(format!("unknown profile: {other}"))),
        })
    }

    /// Changes a Pod and the container in it that looks around.
    pub fn apply(self, pod: &mut Value, container: &str, way: Way, keep: Keep) {
        if let Some(container) = container_of(pod, container) {
            self.allow(container, way);
        }
        match way {
            Way::Container => {}
            Way::Copy if self == Self::Legacy => remove(&mut pod["metadata"], "labels"),
            Way::Copy => {
                keep.strip(pod);
                if pod["spec"]["shareProcessNamespace"].is_null() {
                    pod["spec"]["shareProcessNamespace"] = true.into();
                }
            }
            Way::Node => self.enter_node(pod, container),
        }
    }

    fn allow(self, container: &mut Value, way: Way) {
        match (self, way) {
            (Self::Legacy, _) => {}
            (Self::General, Way::Node) | (Self::Baseline, _) => remove(container, "securityContext"),
            (Self::General, _) => add_capability(container, "SYS_PTRACE"),
            (Self::Restricted, _) => {
                container["securityContext"] = json!({
                    "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": true,
                    "seccompProfile": {"type": "RuntimeDefault"},
                });
            }
            (Self::Netadmin, _) => {
                add_capability(container, "NET_ADMIN");
                add_capability(container, "NET_RAW");
            }
            (Self::Sysadmin, _) => container["securityContext"]["privileged"] = true.into(),
        }
    }

    fn enter_node(self, pod: &mut Value, container: &str) {
        if matches!(self, Self::Baseline | Self::Restricted) {
            return;
        }
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            pod["spec"][field] = true.into();
        }
        if self == Self::Netadmin {
            return;
        }
        push(&mut pod["spec"]["volumes"], json!({"name": "host-root", "hostPath": {"path": "/"}}));
        if let Some(container) = container_of(pod, container) {
            push(&mut container["volumeMounts"], json!({"name": "host-root", "mountPath": "/host"}));
        }
    }
}

fn add_capability(container: &mut Value, name: &str) {
    push(&mut container["securityContext"]["capabilities"]["add"], name.into());
}

fn push(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        other => *other = json!([item]),
    }
}

fn remove(object: &mut Value, field: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(field);
    }
}

const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// The container of that name, of whatever sort.
pub(super) fn container_in<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    let lists = LISTS.iter().filter_map(|list| pod["spec"][*list].as_array());
    lists.flatten().find(|container| container["name"] == name)
}

/// The same, to be changed.
pub(super) fn container_of<'a>(pod: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let spec = pod["spec"].as_object_mut()?;
    let lists = spec.iter_mut().filter(|(field, _)| LISTS.contains(&field.as_str()));
    lists.filter_map(|(_, list)| list.as_array_mut()).flatten().find(|container| container["name"] == name)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn pod() -> Value {
        json!({
            "metadata": {"name": "x", "labels": {"a": "b"}, "annotations": {"c": "d"}},
            "spec": {
                "initContainers": [{"name": "before"}],
                "containers": [{"name": "main", "livenessProbe": {}, "readinessProbe": {}}, {"name": "look"}],
            },
        })
    }

    fn applied(profile: &str, way: Way, keep: Keep) -> String {
        let mut pod = pod();
        Profile::named(profile).unwrap().apply(&mut pod, "look", way, keep);
        pod.to_string()
    }

    #[test]
    fn what_a_container_may() {
        let context = |profile: &str| {
            let mut pod = pod();
            Profile::named(profile).unwrap().apply(&mut pod, "look", Way::Container, Keep::default());
            container_in(&pod, "look").unwrap()["securityContext"].to_string()
        };
        assert_eq!(context("legacy"), "null");
        assert_eq!(context("baseline"), "null");
        assert_snapshot!(context("general"), @r#"{"capabilities":{"add":["SYS_PTRACE"]}}"#);
        assert_snapshot!(context("netadmin"), @r#"{"capabilities":{"add":["NET_ADMIN","NET_RAW"]}}"#);
        assert_snapshot!(context("sysadmin"), @r#"{"privileged":true}"#);
        assert_snapshot!(context("restricted"), @r#"{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}"#);
        assert_eq!(Profile::named("x"), Err(Failure::said("unknown profile: x")));
    }

    #[test]
    fn a_copy_loses_what_others_would_act_on() {
        assert_snapshot!(applied("baseline", Way::Copy, Keep { init_containers: true, ..Keep::default() }), @r#"{"metadata":{"name":"x"},"spec":{"containers":[{"name":"main"},{"name":"look"}],"initContainers":[{"name":"before"}],"shareProcessNamespace":true}}"#);
        let all =
            Keep { labels: true, annotations: true, liveness: true, readiness: true, startup: true, ..Keep::default() };
        assert_snapshot!(applied("baseline", Way::Copy, all), @r#"{"metadata":{"annotations":{"c":"d"},"labels":{"a":"b"},"name":"x"},"spec":{"containers":[{"livenessProbe":{},"name":"main","readinessProbe":{}},{"name":"look"}],"shareProcessNamespace":true}}"#);
        assert_snapshot!(applied("legacy", Way::Copy, Keep::default()), @r#"{"metadata":{"annotations":{"c":"d"},"name":"x"},"spec":{"containers":[{"livenessProbe":{},"name":"main","readinessProbe":{}},{"name":"look"}],"initContainers":[{"name":"before"}]}}"#);
    }

    #[test]
    fn a_node_is_entered_as_far_as_the_profile_allows() {
        let node = |profile: &str| {
            let mut pod = json!({"spec": {"containers": [{"name": "look"}]}});
            Profile::named(profile).unwrap().apply(&mut pod, "look", Way::Node, Keep::default());
            pod["spec"].to_string()
        };
        assert_snapshot!(node("general"), @r#"{"containers":[{"name":"look","volumeMounts":[{"mountPath":"/host","name":"host-root"}]}],"hostIPC":true,"hostNetwork":true,"hostPID":true,"volumes":[{"hostPath":{"path":"/"},"name":"host-root"}]}"#);
        assert_snapshot!(node("netadmin"), @r#"{"containers":[{"name":"look","securityContext":{"capabilities":{"add":["NET_ADMIN","NET_RAW"]}}}],"hostIPC":true,"hostNetwork":true,"hostPID":true}"#);
        assert_snapshot!(node("baseline"), @r#"{"containers":[{"name":"look"}]}"#);
    }
}
