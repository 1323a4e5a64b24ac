//! Server-side Table columns, one file per kind (`SERVER.md`, "Tables"): what `kubectl get` prints.

pub(crate) mod age;
mod config;
mod event;
mod node;
mod pod;
mod policy;
pub(crate) mod selector;
mod service;
mod storage;
mod workload;

use jiff::Timestamp;
use serde_json::Value;

use crate::registry::Resource;

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// `Name`; kubectl prints it in capitals.
    pub name: &'static str,
    /// `string`, `integer`, `date`.
    pub kind: &'static str,
    /// `name` for the name column, else empty.
    pub format: &'static str,
    /// What discovery clients show as help.
    pub description: &'static str,
    /// 0 is always shown, 1 only by `-o wide`.
    pub priority: i32,
}

/// One object's cells and row conditions (`Completed` for Pods that have ended).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// One value per column.
    pub cells: Vec<Value>,
    /// `rows[].conditions`, mostly empty.
    pub conditions: Vec<Value>,
}

/// `Name`.
pub(crate) const NAME: Column = Column { format: "name", ..column("Name", "string", NAME_DOC) };
/// `Age`.
const AGE: Column = column("Age", "string", CREATED_DOC);

const NAME_DOC: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
pub(crate) const CREATED_DOC: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

const fn column(name: &'static str, kind: &'static str, description: &'static str) -> Column {
    Column { name, kind, format: "", description, priority: 0 }
}

/// A text column that only `-o wide` shows.
const fn wide(name: &'static str, description: &'static str) -> Column {
    Column { priority: 1, ..column(name, "string", description) }
}

/// How one object becomes cells.
type Printer = fn(&Value, Timestamp) -> Row;

/// What a kind prints: its columns, and how a row is made.
fn printer(resource: &Resource) -> (&'static [Column], Printer) {
    match (resource.group, resource.kind) {
        ("", kind) => core_printer(kind),
        ("apps", "Deployment") => (workload::DEPLOYMENT, workload::deployment),
        ("apps", "ReplicaSet") => (workload::REPLICA_SET, workload::replica_set),
        ("apps", "StatefulSet") => (workload::STATEFUL_SET, workload::stateful_set),
        ("apps", "DaemonSet") => (workload::DAEMON_SET, workload::daemon_set),
        ("apps", "ControllerRevision") => (policy::REVISION, policy::revision),
        ("batch", "Job") => (workload::JOB, workload::job),
        ("batch", "CronJob") => (workload::CRON_JOB, workload::cron_job),
        ("events.k8s.io", "Event") => (event::COLUMNS, event::row),
        ("discovery.k8s.io", "EndpointSlice") => (service::SLICE, service::slice),
        ("policy", "PodDisruptionBudget") => (policy::DISRUPTION_BUDGET, policy::disruption_budget),
        ("scheduling.k8s.io", "PriorityClass") => (policy::PRIORITY, policy::priority),
        ("networking.k8s.io", "NetworkPolicy") => (policy::NETWORK_POLICY, policy::network_policy),
        ("networking.k8s.io", "Ingress") => (policy::INGRESS, policy::ingress),
        ("storage.k8s.io", "StorageClass") => (storage::CLASS, storage::class),
        ("coordination.k8s.io", "Lease") => (policy::LEASE, policy::lease),
        ("autoscaling", "HorizontalPodAutoscaler") => (policy::AUTOSCALER, policy::autoscaler),
        ("node.k8s.io", "RuntimeClass") => (policy::CLASS_OF_RUNTIME, policy::runtime_class),
        ("rbac.authorization.k8s.io", kind) if kind.ends_with("Binding") => (policy::BINDING, policy::binding),
        _ => (policy::ROLE, created),
    }
}

fn core_printer(kind: &str) -> (&'static [Column], Printer) {
    match kind {
        "Pod" => (pod::COLUMNS, pod::row),
        "Node" => (node::COLUMNS, node::row),
        "Event" => (event::COLUMNS, event::row),
        "Namespace" => (config::NAMESPACE, config::namespace),
        "ServiceAccount" => (config::SERVICE_ACCOUNT, aged),
        "ConfigMap" => (config::CONFIG_MAP, config::config_map),
        "Secret" => (config::SECRET, config::secret),
        "ResourceQuota" => (config::QUOTA, config::quota),
        "LimitRange" => (config::LIMIT_RANGE, created),
        "Service" => (service::SERVICE, service::service),
        "Endpoints" => (service::ENDPOINTS, service::endpoints),
        "PersistentVolumeClaim" => (storage::CLAIM, storage::claim),
        "PersistentVolume" => (storage::VOLUME, storage::volume),
        "PodTemplate" => (policy::POD_TEMPLATE, |object, _| policy::pod_template(object)),
        "ReplicationController" => (workload::REPLICA_SET, workload::replication_controller),
        _ => (policy::AGED, aged),
    }
}

/// The columns of a kind.
pub fn columns(resource: &Resource) -> &'static [Column] {
    printer(resource).0
}

/// The cells of one object.
pub fn row(resource: &Resource, object: &Value, now: Timestamp) -> Row {
    printer(resource).1(object, now)
}

/// Name and age, for kinds that show nothing else.
fn aged(object: &Value, now: Timestamp) -> Row {
    Row::of(metadata_cells(object, now).into())
}

/// Name and the time of creation as it is.
fn created(object: &Value, _now: Timestamp) -> Row {
    Row::of(vec![object["metadata"]["name"].clone(), object["metadata"]["creationTimestamp"].clone()])
}

impl Row {
    fn of(cells: Vec<Value>) -> Self {
        Self { cells, conditions: Vec::new() }
    }
}

/// What kinds without columns of their own show instead of an age: the time as it is.
const CREATED_AT: Column = column("Created At", "date", CREATED_DOC);

/// The cells that nearly every kind has: name and age.
fn metadata_cells(object: &Value, now: Timestamp) -> [Value; 2] {
    let metadata = &object["metadata"];
    [metadata["name"].clone(), Value::String(age::since(&metadata["creationTimestamp"], now))]
}

/// The text, or `<none>`.
fn or_none(text: &str) -> Value {
    Value::String(if text.is_empty() { "<none>" } else { text }.to_owned())
}

#[cfg(test)]
mod tests;
