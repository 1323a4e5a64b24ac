//! How the lists of an object merge: by a key, as a set, or as a whole.
//!
//! The API's types say it with `patchMergeKey` and `patchStrategy`; this is the part of them that learners meet.

/// How a field merges, and how the fields below it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An object with fields of its own.
    Fields(Type),
    /// A list of objects that are told apart by a key.
    Keyed(&'static str, Type),
    /// A list whose items are told apart by themselves.
    Set,
}

/// A type of the API, as far as its lists matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A kind of which only `metadata` and its own table are known.
    Object,
    /// `metadata`.
    Meta,
    /// A type with nothing to merge by key; objects below are merged.
    Plain,
    /// `spec` of a kind that holds a Pod template, or the template itself.
    Workload,
    /// `spec` of a Pod.
    PodSpec,
    /// A container.
    Container,
    /// `status`, whose conditions have a type.
    Status,
    /// `spec` of a Service.
    Service,
    /// A ServiceAccount.
    ServiceAccount,
}

use Type::{Container, Meta, Object, Plain, PodSpec, Service, ServiceAccount, Status, Workload};

/// The shape of a kind; `None` for kinds that are not built in, which merge without keys.
pub fn shape(group: &str, kind: &str) -> Option<Type> {
    let built_in =
        group.is_empty() || !group.contains('.') || group.ends_with(".k8s.io") && !group.starts_with("snapshot.");
    match (group, kind) {
        ("", "ServiceAccount") => Some(ServiceAccount),
        _ if built_in => Some(Object),
        _ => None,
    }
}

impl Type {
    /// How a field merges.
    pub fn field(self, name: &str, kind: &str) -> Shape {
        match (self, name) {
            (Object | ServiceAccount | Workload, "metadata") => Shape::Fields(Meta),
            (Object, "spec") => Shape::Fields(spec(kind)),
            (Object, "status") => Shape::Fields(Status),
            (Workload, "template" | "jobTemplate") => Shape::Fields(Workload),
            (Workload, "spec") if kind == "CronJob" => Shape::Fields(Workload),
            (Workload, "spec") => Shape::Fields(PodSpec),
            (ServiceAccount, "secrets" | "imagePullSecrets")
            | (PodSpec, "imagePullSecrets" | "schedulingGates" | "resourceClaims") => Shape::Keyed("name", Plain),
            (Meta, "ownerReferences") => Shape::Keyed("uid", Plain),
            (Meta, "finalizers") => Shape::Set,
            (Status, "conditions") => Shape::Keyed("type", Plain),
            (Status, "podIPs" | "hostIPs") => Shape::Keyed("ip", Plain),
            (PodSpec, "containers" | "initContainers" | "ephemeralContainers") => Shape::Keyed("name", Container),
            (PodSpec, "volumes") => Shape::Keyed("name", Plain),
            (PodSpec, "hostAliases") => Shape::Keyed("ip", Plain),
            (PodSpec, "topologySpreadConstraints") => Shape::Keyed("topologyKey", Plain),
            (Container, "ports") => Shape::Keyed("containerPort", Plain),
            (Container, "env") => Shape::Keyed("name", Plain),
            (Container, "volumeMounts") => Shape::Keyed("mountPath", Plain),
            (Container, "volumeDevices") => Shape::Keyed("devicePath", Plain),
            (Service, "ports") => Shape::Keyed("port", Plain),
            _ => Shape::Fields(Plain),
        }
    }
}

fn spec(kind: &str) -> Type {
    match kind {
        "Pod" => PodSpec,
        "Service" => Service,
        "Deployment"
        | "ReplicaSet"
        | "StatefulSet"
        | "DaemonSet"
        | "Job"
        | "CronJob"
        | "ReplicationController"
        | "PodTemplate" => Workload,
        _ => Plain,
    }
}

/// Objects of which exactly one field may be set: those set now are listed, so that the server drops the others.
pub fn retains_keys(parent: Type, list: &str) -> bool {
    matches!((parent, list), (PodSpec, "volumes") | (Workload, "strategy"))
}
