//! Kinds whose pages are a few fields: classes, and what a cluster hands out addresses from.

use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, at, date, list, plain},
    policy::pairs,
};

fn finish(mut page: Page, subject: &Subject<'_>) -> String {
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// An IngressClass.
pub fn ingress_class(subject: &Subject<'_>) -> String {
    let mut page = Page::of_cluster(subject.object);
    page.field(0, "Controller", at(subject.object, "/spec/controller"));
    if let Some(parameters) = subject.object.pointer("/spec/parameters") {
        page.line(0, "Parameters:");
        if parameters.get("apiGroup").is_some() {
            page.field(1, "APIGroup", at(parameters, "/apiGroup"));
        }
        page.field(1, "Kind", at(parameters, "/kind"));
        page.field(1, "Name", at(parameters, "/name"));
    }
    finish(page, subject)
}

/// A ServiceCIDR.
pub fn service_cidr(subject: &Subject<'_>) -> String {
    let mut page = Page::of_cluster(subject.object);
    let ranges: Vec<String> = list(subject.object, "/spec/cidrs").iter().map(plain).collect();
    page.field(0, "CIDRs", ranges.join(", "));
    let conditions = list(subject.object, "/status/conditions");
    if !conditions.is_empty() {
        page.line(0, "Status:\nConditions:");
        page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t------------------\t------\t-------");
    }
    for condition in conditions {
        let text = |field: &str| at(condition, field);
        let changed = date(&text("/lastTransitionTime"));
        let cells = [text("/type"), text("/status"), changed, text("/reason"), text("/message")];
        page.line(1, cells.join("\t"));
    }
    finish(page, subject)
}

/// An IPAddress.
pub fn address(subject: &Subject<'_>) -> String {
    let mut page = Page::of_cluster(subject.object);
    if let Some(parent) = subject.object.pointer("/spec/parentRef") {
        page.line(0, "Parent Reference:");
        for (title, field) in
            [("Group", "/group"), ("Resource", "/resource"), ("Namespace", "/namespace"), ("Name", "/name")]
        {
            page.field(1, title, at(parent, field));
        }
    }
    finish(page, subject)
}

/// A CSINode.
pub fn csi_node(subject: &Subject<'_>) -> String {
    let mut page = Page::of_cluster(subject.object);
    page.field(0, "CreationTimestamp", date(&at(subject.object, "/metadata/creationTimestamp")));
    page.line(0, "Spec:");
    if subject.object.pointer("/spec/drivers").is_some_and(Value::is_array) {
        page.line(1, "Drivers:");
    }
    for driver in list(subject.object, "/spec/drivers") {
        page.line(2, format!("{}:", at(driver, "/name")));
        page.field(3, "Node ID", at(driver, "/nodeID"));
        if driver.pointer("/allocatable/count").is_some() {
            page.line(3, "Allocatables:");
            page.field(4, "Count", at(driver, "/allocatable/count"));
        }
        if driver["topologyKeys"].is_array() {
            let keys: Vec<String> = list(driver, "/topologyKeys").iter().map(plain).collect();
            page.field(3, "Topology Keys", format!("[{}]", keys.join(" ")));
        }
    }
    finish(page, subject)
}

/// A VolumeAttributesClass.
pub fn volume_attributes(subject: &Subject<'_>) -> String {
    let mut page = Page::default();
    page.field(0, "Name", at(subject.object, "/metadata/name"));
    page.field(0, "Annotations", pairs(subject.object.pointer("/metadata/annotations")));
    page.field(0, "DriverName", at(subject.object, "/driverName"));
    page.field(0, "Parameters", pairs(subject.object.get("parameters")));
    finish(page, subject)
}
