//! Deployments, ReplicaSets, StatefulSets, DaemonSets and replication controllers.

use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, at, date, list, or_none, selector},
    pod::controller,
    template,
};

fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

fn labels(page: &mut Page, object: &Value) {
    page.labels("Labels", object.pointer("/metadata/labels"));
    page.annotations(object.pointer("/metadata/annotations"));
}

/// How many of the Pods that belong to the object are in which phase.
fn pods(subject: &Subject<'_>) -> String {
    let uid = at(subject.object, "/metadata/uid");
    let owned = |pod: &&Value| {
        list(pod, "/metadata/ownerReferences")
            .iter()
            .any(|owner| owner["controller"] == true && owner["uid"] == uid.as_str())
    };
    let count =
        |phase: &str| subject.related.iter().filter(owned).filter(|pod| at(pod, "/status/phase") == phase).count();
    format!(
        "{} Running / {} Waiting / {} Succeeded / {} Failed",
        count("Running"),
        count("Pending"),
        count("Succeeded"),
        count("Failed")
    )
}

fn conditions(page: &mut Page, object: &Value) {
    let conditions = list(object, "/status/conditions");
    if conditions.is_empty() {
        return;
    }
    page.line(0, "Conditions:\n  Type\tStatus\tReason");
    page.line(1, "----\t------\t------");
    conditions.iter().for_each(|condition| {
        page.line(1, format!("{} \t{}\t{}", at(condition, "/type"), at(condition, "/status"), at(condition, "/reason")))
    });
}

/// A Deployment.
pub fn deployment(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    page.field(0, "CreationTimestamp", date(&at(object, "/metadata/creationTimestamp")));
    labels(&mut page, object);
    page.field(0, "Selector", selector(object.pointer("/spec/selector")));
    page.field(
        0,
        "Replicas",
        format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            number(object, "/spec/replicas"),
            number(object, "/status/updatedReplicas"),
            number(object, "/status/replicas"),
            number(object, "/status/availableReplicas"),
            number(object, "/status/unavailableReplicas")
        ),
    );
    page.field(0, "StrategyType", at(object, "/spec/strategy/type"));
    page.field(0, "MinReadySeconds", number(object, "/spec/minReadySeconds"));
    if object.pointer("/spec/strategy/rollingUpdate").is_some_and(Value::is_object) {
        let rolling = |name: &str| at(object, &format!("/spec/strategy/rollingUpdate/{name}"));
        page.field(
            0,
            "RollingUpdateStrategy",
            format!("{} max unavailable, {} max surge", rolling("maxUnavailable"), rolling("maxSurge")),
        );
    }
    template::add(&mut page, &object["spec"]["template"]);
    conditions(&mut page, object);
    replica_sets(&mut page, subject);
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

fn replica_sets(page: &mut Page, subject: &Subject<'_>) {
    let uid = at(subject.object, "/metadata/uid");
    let revision = at(subject.object, "/metadata/annotations/deployment.kubernetes.io~1revision");
    let owned = subject
        .related
        .iter()
        .filter(|set| list(set, "/metadata/ownerReferences").iter().any(|owner| owner["uid"] == uid.as_str()));
    let (new, old): (Vec<&Value>, Vec<&Value>) =
        owned.partition(|set| at(set, "/metadata/annotations/deployment.kubernetes.io~1revision") == revision);
    if new.is_empty() && old.is_empty() {
        return;
    }
    let show = |sets: &[&Value]| {
        let texts: Vec<String> = sets
            .iter()
            .map(|set| {
                format!(
                    "{} ({}/{} replicas created)",
                    at(set, "/metadata/name"),
                    number(set, "/status/replicas"),
                    number(set, "/spec/replicas")
                )
            })
            .collect();
        or_none(texts.join(", "))
    };
    page.field(0, "OldReplicaSets", show(&old));
    page.field(0, "NewReplicaSet", show(&new));
}

/// A ReplicaSet or a replication controller.
pub fn replica_set(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    let plain = at(object, "/kind") == "ReplicationController";
    page.field(
        0,
        "Selector",
        if plain { map(object.pointer("/spec/selector")) } else { selector(object.pointer("/spec/selector")) },
    );
    labels(&mut page, object);
    if let Some(owner) = controller(object) {
        page.field(0, "Controlled By", owner);
    }
    page.field(
        0,
        "Replicas",
        format!("{} current / {} desired", number(object, "/status/replicas"), number(object, "/spec/replicas")),
    );
    page.field(0, "Pods Status", pods(subject));
    template::add(&mut page, &object["spec"]["template"]);
    conditions(&mut page, object);
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// `a=b,c=d`, or `<none>`.
pub fn map(value: Option<&Value>) -> String {
    let pairs = value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", super::page::plain(value)));
    or_none(pairs.collect::<Vec<_>>().join(","))
}

/// A StatefulSet.
pub fn stateful_set(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    page.field(0, "CreationTimestamp", date(&at(object, "/metadata/creationTimestamp")));
    page.field(0, "Selector", selector(object.pointer("/spec/selector")));
    labels(&mut page, object);
    page.field(
        0,
        "Replicas",
        format!("{} desired | {} total", number(object, "/spec/replicas"), number(object, "/status/replicas")),
    );
    page.field(0, "Update Strategy", at(object, "/spec/updateStrategy/type"));
    let partition = at(object, "/spec/updateStrategy/rollingUpdate/partition");
    if !partition.is_empty() {
        page.field(1, "Partition", partition);
    }
    page.field(0, "Pods Status", pods(subject));
    template::add(&mut page, &object["spec"]["template"]);
    claims(&mut page, list(object, "/spec/volumeClaimTemplates"));
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

fn claims(page: &mut Page, templates: &[Value]) {
    if templates.is_empty() {
        return page.line(0, "Volume Claims:\t<none>");
    }
    page.line(0, "Volume Claims:");
    for claim in templates {
        page.field(1, "Name", at(claim, "/metadata/name"));
        page.field(1, "StorageClass", at(claim, "/spec/storageClassName"));
        page.labels_in("", "  Labels", claim.pointer("/metadata/labels"), &[]);
        page.labels_in("", "  Annotations", claim.pointer("/metadata/annotations"), &[]);
        let capacity = at(claim, "/spec/resources/requests/storage");
        page.field(1, "Capacity", if capacity.is_empty() { "<default>".to_owned() } else { capacity });
        let modes: Vec<String> = list(claim, "/spec/accessModes").iter().map(super::page::plain).collect();
        page.field(1, "Access Modes", format!("[{}]", modes.join(" ")));
    }
}

/// A DaemonSet.
pub fn daemon_set(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    page.field(0, "Selector", selector(object.pointer("/spec/selector")));
    page.field(0, "Node-Selector", map(object.pointer("/spec/template/spec/nodeSelector")));
    labels(&mut page, object);
    for (words, pointer) in [
        ("Desired Number of Nodes Scheduled", "/status/desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "/status/currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "/status/updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "/status/numberAvailable"),
        ("Number of Nodes Misscheduled", "/status/numberMisscheduled"),
    ] {
        page.line(0, format!("{words}: {}", number(object, pointer)));
    }
    page.field(0, "Pods Status", pods(subject));
    template::add(&mut page, &object["spec"]["template"]);
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}
