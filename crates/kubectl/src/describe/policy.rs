//! Roles, bindings, disruption budgets and priority classes: who may do what, and what may be disturbed.

use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, at, entries, list, plain, selector},
    rules,
};

/// A Role or ClusterRole.
pub fn role(subject: &Subject<'_>) -> String {
    let mut page = Page::of_cluster(subject.object);
    page.line(0, "PolicyRule:");
    page.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    page.line(1, "---------\t-----------------\t--------------\t-----");
    for rule in rules::compact(rules::of(list(subject.object, "/rules"))) {
        page.line(1, rule.cells().join("\t"));
    }
    page.finish()
}

/// A RoleBinding or ClusterRoleBinding.
pub fn binding(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::of_cluster(object);
    page.line(0, "Role:");
    page.field(1, "Kind", at(object, "/roleRef/kind"));
    page.field(1, "Name", at(object, "/roleRef/name"));
    page.line(0, "Subjects:");
    page.line(1, "Kind\tName\tNamespace");
    page.line(1, "----\t----\t---------");
    for subject in list(object, "/subjects") {
        page.line(1, ["/kind", "/name", "/namespace"].map(|field| at(subject, field)).join("\t"));
    }
    page.finish()
}

/// A PodDisruptionBudget.
pub fn disruption_budget(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    for (field, title) in [("/spec/minAvailable", "Min available"), ("/spec/maxUnavailable", "Max unavailable")] {
        if object.pointer(field).is_some() {
            page.field(0, title, at(object, field));
            break;
        }
    }
    match object.pointer("/spec/selector") {
        Some(labels) => page.field(0, "Selector", selector(Some(labels))),
        None => page.field(0, "Selector", "<unset>"),
    }
    page.line(0, "Status:");
    for (title, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        let number = object.pointer(&format!("/status/{field}")).and_then(Value::as_i64).unwrap_or(0);
        page.field(2, title, number);
    }
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// A PriorityClass.
pub fn priority_class(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Value", at(object, "/value"));
    page.field(0, "GlobalDefault", object["globalDefault"] == true);
    page.field(0, "PreemptionPolicy", at(object, "/preemptionPolicy"));
    page.field(0, "Description", at(object, "/description"));
    page.field(0, "Annotations", pairs(object.pointer("/metadata/annotations")));
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// `a=b,c=d`; `<none>` without any.
pub fn pairs(map: Option<&Value>) -> String {
    let all: Vec<String> = entries(map).map(|(key, value)| format!("{key}={}", plain(value))).collect();
    super::page::or_none(all.join(","))
}

/// `Yes` or `No`.
pub fn answer(on: bool) -> &'static str {
    if on { "Yes" } else { "No" }
}
