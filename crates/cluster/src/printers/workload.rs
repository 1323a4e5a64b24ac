//! The kinds that make Pods from a template.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{AGE, Column, NAME, Row, age, column, metadata_cells, or_none, selector, wide};
use crate::json::{at, flag, has, int, items, text};

pub(super) const DEPLOYMENT: &[Column] = &[
    NAME,
    column("Ready", "string", "Number of the pod with ready state"),
    column(
        "Up-to-date",
        "string",
        "Total number of non-terminating pods targeted by this deployment that have the desired template spec.",
    ),
    column(
        "Available",
        "string",
        "Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.",
    ),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide(
        "Selector",
        "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
    ),
];

pub(super) const REPLICA_SET: &[Column] = &[
    NAME,
    column(
        "Desired",
        "integer",
        "Replicas is the number of desired pods. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset",
    ),
    column(
        "Current",
        "integer",
        "Replicas is the most recently observed number of non-terminating pods. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset",
    ),
    column(
        "Ready",
        "integer",
        "The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition.",
    ),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide(
        "Selector",
        "Selector is a label query over pods that should match the replica count. Label keys and values that must match in order to be controlled by this replica set. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
    ),
];

pub(super) const STATEFUL_SET: &[Column] = &[
    NAME,
    column("Ready", "string", "Number of the pod with ready state"),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
];

pub(super) const DAEMON_SET: &[Column] = &[
    NAME,
    column(
        "Desired",
        "integer",
        "The total number of nodes that should be running the daemon pod (including nodes correctly running the daemon pod). More info: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/",
    ),
    column(
        "Current",
        "integer",
        "The number of nodes that are running at least 1 daemon pod and are supposed to run the daemon pod. More info: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/",
    ),
    column(
        "Ready",
        "integer",
        "numberReady is the number of nodes that should be running the daemon pod and have one or more of the daemon pod running with a Ready Condition.",
    ),
    column("Up-to-date", "integer", "The total number of nodes that are running updated daemon pod"),
    column(
        "Available",
        "integer",
        "The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and available (ready for at least spec.minReadySeconds)",
    ),
    column(
        "Node Selector",
        "string",
        "NodeSelector is a selector which must be true for the pod to fit on a node. Selector which must match a node's labels for the pod to be scheduled on that node. More info: https://kubernetes.io/docs/concepts/configuration/assign-pod-node/",
    ),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide(
        "Selector",
        "A label query over pods that are managed by the daemon set. Must match in order to be controlled. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
    ),
];

pub(super) const JOB: &[Column] = &[
    NAME,
    column("Status", "string", "Status of the job."),
    column(
        "Completions",
        "string",
        "The number of pods which reached phase Succeeded. The value increases monotonically for a given spec. However, it may decrease in reaction to scale down of elastic indexed jobs.",
    ),
    column("Duration", "string", "Time required to complete the job."),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide(
        "Selector",
        "A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
    ),
];

pub(super) const CRON_JOB: &[Column] = &[
    NAME,
    column("Schedule", "string", "The schedule in Cron format, see https://en.wikipedia.org/wiki/Cron."),
    column(
        "Timezone",
        "string",
        "The time zone name for the given schedule, see https://en.wikipedia.org/wiki/List_of_tz_database_time_zones. If not specified, this will default to the time zone of the kube-controller-manager process. The set of valid time zone names and the time zone offset is loaded from the system-wide time zone database by the API server during CronJob validation and the controller manager during execution. If no system-wide time zone database can be found a bundled version of the database is used instead. If the time zone name becomes invalid during the lifetime of a CronJob or due to a change in host configuration, the controller will stop creating new new Jobs and will create a system event with the reason UnknownTimeZone. More information can be found in https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#time-zones",
    ),
    column(
        "Suspend",
        "boolean",
        "This flag tells the controller to suspend subsequent executions, it does not apply to already started executions.  Defaults to false.",
    ),
    column("Active", "integer", "A list of pointers to currently running jobs."),
    column("Last Schedule", "string", "Information when was the last time the job was successfully scheduled."),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide(
        "Selector",
        "A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
    ),
];

/// The names and images of a template's containers.
fn containers(template: &Value) -> [Value; 2] {
    let listed = |field: &str| {
        let all: Vec<&str> = items(&template["spec"], "containers").iter().map(|c| text(c, field)).collect();
        json!(all.join(","))
    };
    [listed("name"), listed("image")]
}

fn count(value: &Value, field: &str) -> i64 {
    int(value, field).unwrap_or(0)
}

pub(super) fn deployment(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let [name, age] = metadata_cells(object, now);
    let [names, images] = containers(&spec["template"]);
    Row::of(vec![
        name,
        json!(format!("{}/{}", count(status, "readyReplicas"), count(spec, "replicas"))),
        json!(count(status, "updatedReplicas")),
        json!(count(status, "availableReplicas")),
        age,
        names,
        images,
        json!(selector::parsed(&spec["selector"])),
    ])
}

pub(super) fn replica_set(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let [name, age] = metadata_cells(object, now);
    let [names, images] = containers(&spec["template"]);
    let counts = [count(spec, "replicas"), count(status, "replicas"), count(status, "readyReplicas")];
    let mut cells = vec![name];
    cells.extend(counts.map(|count| json!(count)));
    cells.extend([age, names, images, json!(selector::shown(&spec["selector"]))]);
    Row::of(cells)
}

/// Its selector is a plain map.
pub(super) fn replication_controller(object: &Value, now: Timestamp) -> Row {
    let mut row = replica_set(object, now);
    row.cells.pop();
    row.cells.push(json!(selector::labels(&object["spec"]["selector"])));
    row
}

pub(super) fn stateful_set(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let [name, age] = metadata_cells(object, now);
    let [names, images] = containers(&spec["template"]);
    let ready = format!("{}/{}", count(status, "readyReplicas"), count(spec, "replicas"));
    Row::of(vec![name, json!(ready), age, names, images])
}

pub(super) fn daemon_set(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let [name, age] = metadata_cells(object, now);
    let [names, images] = containers(&spec["template"]);
    let fields = [
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    ];
    let mut cells = vec![name];
    cells.extend(fields.map(|field| json!(count(status, field))));
    cells.push(json!(selector::labels(at(spec, &["template", "spec", "nodeSelector"]))));
    cells.extend([age, names, images, json!(selector::shown(&spec["selector"]))]);
    Row::of(cells)
}

pub(super) fn job(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let [name, age] = metadata_cells(object, now);
    let [names, images] = containers(&spec["template"]);
    let cells = vec![
        name,
        json!(job_status(object)),
        json!(completions(spec, status)),
        json!(duration(status, now)),
        age,
        names,
        images,
        json!(selector::shown(&spec["selector"])),
    ];
    Row::of(cells)
}

fn job_status(job: &Value) -> &'static str {
    let is = |kind: &str| {
        items(&job["status"], "conditions").iter().any(|c| text(c, "type") == kind && text(c, "status") == "True")
    };
    match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if has(&job["metadata"], "deletionTimestamp") => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

fn completions(spec: &Value, status: &Value) -> String {
    let done = count(status, "succeeded");
    match (int(spec, "completions"), count(spec, "parallelism")) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, parallel) if parallel > 1 => format!("{done}/1 of {parallel}"),
        (None, _) => format!("{done}/1"),
    }
}

fn duration(status: &Value, now: Timestamp) -> String {
    let Some(start) = age::parse(&status["startTime"]) else { return String::new() };
    age::between(start, age::parse(&status["completionTime"]).unwrap_or(now))
}

pub(super) fn cron_job(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let [name, age] = metadata_cells(object, now);
    let template = at(spec, &["jobTemplate", "spec"]);
    let [names, images] = containers(&template["template"]);
    let last =
        if has(status, "lastScheduleTime") { age::since(&status["lastScheduleTime"], now) } else { String::new() };
    Row::of(vec![
        name,
        spec["schedule"].clone(),
        or_none(text(spec, "timeZone")),
        json!(if flag(spec, "suspend") { "True" } else { "False" }),
        json!(items(status, "active").len()),
        or_none(&last),
        age,
        names,
        images,
        json!(selector::shown(&template["selector"])),
    ])
}
