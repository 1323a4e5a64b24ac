//! Namespaces, quotas and limit ranges.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Subject,
    page::{Page, at, date, list, plain},
};

/// A Namespace with its quotas and limits.
pub fn namespace(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.labels("Labels", object.pointer("/metadata/labels"));
    page.annotations(object.pointer("/metadata/annotations"));
    page.field(0, "Status", at(object, "/status/phase"));
    let conditions = list(object, "/status/conditions");
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t------------------\t------\t-------");
    }
    for condition in conditions {
        let text = |name: &str| at(condition, name);
        page.line(
            1,
            format!(
                "{}\t{}\t{}\t{}\t{}",
                text("/type"),
                text("/status"),
                date(&text("/lastTransitionTime")),
                text("/reason"),
                text("/message")
            ),
        );
    }
    let of = |kind: &str| subject.related.iter().filter(|other| at(other, "/kind") == kind).collect::<Vec<_>>();
    page.raw("\n");
    quotas(&mut page, &of("ResourceQuota"));
    page.raw("\n");
    ranges(&mut page, &of("LimitRange"));
    page.finish()
}

fn quotas(page: &mut Page, quotas: &[&Value]) {
    if quotas.is_empty() {
        return page.line(0, "No resource quota.");
    }
    page.line(0, "Resource Quotas");
    for quota in quotas {
        page.field(1, "Name", at(quota, "/metadata/name"));
        scopes(page, quota, 1, "* ");
        page.line(1, "Resource\tUsed\tHard");
        page.line(1, "--------\t---\t---");
        amounts(page, quota, 1);
    }
}

fn scopes(page: &mut Page, quota: &Value, level: usize, bullet: &str) {
    let mut scopes: Vec<String> = list(quota, "/spec/scopes").iter().map(plain).collect();
    if scopes.is_empty() {
        return;
    }
    scopes.sort();
    page.field(level, "Scopes", scopes.join(", "));
    for scope in scopes {
        let words = match scope.as_str() {
            "Terminating" => {
                "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
            }
            "NotTerminating" => {
                "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
            }
            "BestEffort" => {
                "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
            }
            "NotBestEffort" => {
                "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
            }
            _ => continue,
        };
        page.line(level, format!("{bullet}{words}"));
    }
}

fn amounts(page: &mut Page, quota: &Value, level: usize) {
    for (name, hard) in quota.pointer("/status/hard").and_then(Value::as_object).into_iter().flatten() {
        let used = quota.pointer("/status/used").and_then(|used| used.get(name)).map_or_else(|| "0".to_owned(), plain);
        page.line(level, format!("{name}\t{used}\t{}", plain(hard)));
    }
}

/// A ResourceQuota.
pub fn quota(subject: &Subject<'_>) -> String {
    let mut page = Page::default();
    page.field(0, "Name", at(subject.object, "/metadata/name"));
    page.field(0, "Namespace", at(subject.object, "/metadata/namespace"));
    scopes(&mut page, subject.object, 0, " * ");
    page.line(0, "Resource\tUsed\tHard");
    page.line(0, "--------\t----\t----");
    amounts(&mut page, subject.object, 0);
    page.finish()
}

const COLUMNS: &str = "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio";
const RULES: &str = "----\t--------\t---\t---\t---------------\t-------------\t-----------------------";

fn ranges(page: &mut Page, ranges: &[&Value]) {
    if ranges.is_empty() {
        return page.line(0, "No LimitRange resource.");
    }
    page.line(0, format!("Resource Limits\n {COLUMNS}"));
    page.line(0, format!(" {RULES}"));
    ranges.iter().for_each(|range| limits(page, range, " "));
}

fn limits(page: &mut Page, range: &Value, prefix: &str) {
    const FIELDS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    for item in list(range, "/spec/limits") {
        let names: BTreeSet<&String> =
            FIELDS.iter().filter_map(|field| item.get(field)?.as_object()).flat_map(|map| map.keys()).collect();
        for name in names {
            let cells: Vec<String> = FIELDS
                .iter()
                .map(|field| item.get(field).and_then(|map| map.get(name)).map_or_else(|| "-".to_owned(), plain))
                .collect();
            page.line(0, format!("{prefix}{}\t{name}\t{}", at(item, "/type"), cells.join("\t")));
        }
    }
}

/// A LimitRange.
pub fn limit_range(subject: &Subject<'_>) -> String {
    let mut page = Page::default();
    page.field(0, "Name", at(subject.object, "/metadata/name"));
    page.field(0, "Namespace", at(subject.object, "/metadata/namespace"));
    page.line(0, COLUMNS);
    page.line(0, RULES);
    limits(&mut page, subject.object, "");
    page.finish()
}
