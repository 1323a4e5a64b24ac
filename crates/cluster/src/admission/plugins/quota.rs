//! ResourceQuota: what a namespace may use in total.

use serde_json::Value;

use super::{Context, Forbidden};
use crate::{
    admission::{
        quantity::Quantity,
        resources::{Amounts, amounts, pod_limits, pod_requests, qos_class},
    },
    json::{at, has, int, items, text},
    registry::Resource,
    store::Store,
};

/// What a quota on these names demands of each container: to say how much it needs.
const DEMANDED: [&str; 6] = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// Refuses a new object that would take a quota over what it allows. Usage is counted from the store, so there is no
/// moment at which it is unknown.
pub(super) fn check(resource: &Resource, object: &Value, context: &Context<'_>) -> Result<(), Forbidden> {
    let namespace = text(&object["metadata"], "namespace");
    if namespace.is_empty() {
        return Ok(());
    }
    let asked = usage_of(&resource.store_name(), object);
    let (_, quotas) = context.store.list("resourcequotas", Some(namespace));
    for quota in quotas {
        let hard = amounts(&quota["spec"]["hard"]);
        if asked.keys().all(|name| !hard.contains_key(name)) && resource.kind != "Pod" {
            continue;
        }
        if resource.kind == "Pod" {
            if !in_scope(&quota, object) {
                continue;
            }
            demand(&quota, &hard, object)?;
        }
        check_one(&quota, &hard, &asked, context)?;
    }
    Ok(())
}

/// Refuses a change by which an object would use more than a quota leaves.
pub(super) fn check_update(
    resource: &Resource,
    old: &Value,
    new: &Value,
    context: &Context<'_>,
) -> Result<(), Forbidden> {
    let namespace = text(&new["metadata"], "namespace");
    let name = resource.store_name();
    let before = usage_of(&name, old);
    let grown: Amounts = usage_of(&name, new)
        .into_iter()
        .filter_map(|(name, amount)| {
            let before = before.get(&name).copied().unwrap_or(Quantity::ZERO);
            (amount > before).then(|| (name, amount - before))
        })
        .collect();
    if namespace.is_empty() || grown.is_empty() {
        return Ok(());
    }
    for quota in context.store.list("resourcequotas", Some(namespace)).1 {
        if resource.kind != "Pod" || in_scope(&quota, new) {
            check_one(&quota, &amounts(&quota["spec"]["hard"]), &grown, context)?;
        }
    }
    Ok(())
}

fn check_one(quota: &Value, hard: &Amounts, asked: &Amounts, context: &Context<'_>) -> Result<(), Forbidden> {
    let used = usage(quota, context.store);
    let over = |(name, amount): &(&String, &Quantity)| {
        let limit = hard.get(*name);
        limit.is_some_and(|limit| {
            !amount.is_zero() && used.get(*name).copied().unwrap_or(Quantity::ZERO) + **amount > *limit
        })
    };
    let exceeded: Vec<&String> = asked.iter().filter(over).map(|(name, _)| name).collect();
    if exceeded.is_empty() {
        return Ok(());
    }
    let shown = |amounts: &Amounts| {
        let parts: Vec<String> = exceeded
            .iter()
            .map(|name| format!("{name}={}", amounts.get(*name).copied().unwrap_or(Quantity::ZERO)))
            .collect();
        parts.join(",")
    };
    Err(Forbidden(format!(
        "exceeded quota: {}, requested: {}, used: {}, limited: {}",
        text(&quota["metadata"], "name"),
        shown(asked),
        shown(&used),
        shown(hard)
    )))
}

/// A quota on CPU or memory makes requests and limits compulsory, container by container.
fn demand(quota: &Value, hard: &Amounts, pod: &Value) -> Result<(), Forbidden> {
    if has(&pod["spec"], "resources") {
        return Ok(());
    }
    let spec = &pod["spec"];
    let mut missing = Vec::new();
    for name in DEMANDED.iter().filter(|name| hard.contains_key(**name)) {
        let (list, resource) = match name.split_once('.') {
            Some((list, resource)) => (list, resource),
            None => ("requests", *name),
        };
        let lacks = |c: &&Value| at(c, &["resources", list, resource]).is_null();
        let containers = items(spec, "containers").iter().chain(items(spec, "initContainers"));
        let mut lacking: Vec<&str> = containers.filter(lacks).map(|c| text(c, "name")).collect();
        lacking.sort_unstable();
        if !lacking.is_empty() {
            missing.push(format!("{name} for: {}", lacking.join(",")));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort();
    let name = text(&quota["metadata"], "name");
    Err(Forbidden(format!("failed quota: {name}: must specify {}", missing.join("; "))))
}

/// What the objects of a quota's namespace use of the things it names.
pub(crate) fn usage(quota: &Value, store: &Store) -> Amounts {
    let namespace = text(&quota["metadata"], "namespace");
    let hard = amounts(&quota["spec"]["hard"]);
    let mut used: Amounts = hard.keys().map(|name| (name.clone(), Quantity::ZERO)).collect();
    for resource in counted(&hard) {
        for object in store.list(&resource, Some(namespace)).1 {
            if resource == "pods" && !in_scope(quota, &object) {
                continue;
            }
            for (name, amount) in usage_of(&resource, &object) {
                used.entry(name).and_modify(|sum| *sum = *sum + amount);
            }
        }
    }
    used
}

/// The resources that a quota's names are about.
fn counted(hard: &Amounts) -> Vec<String> {
    let mut resources = Vec::new();
    for name in hard.keys() {
        let resource = match name.as_str() {
            counted if counted.starts_with("count/") => counted["count/".len()..].to_owned(),
            "services.loadbalancers" | "services.nodeports" => "services".to_owned(),
            "requests.storage" => "persistentvolumeclaims".to_owned(),
            named @ ("services"
            | "configmaps"
            | "secrets"
            | "persistentvolumeclaims"
            | "resourcequotas"
            | "replicationcontrollers") => named.to_owned(),
            claims if claims.contains(".storageclass.storage.k8s.io/") => "persistentvolumeclaims".to_owned(),
            _ => "pods".to_owned(),
        };
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    resources
}

/// What one object uses. `resource` is the store's name.
fn usage_of(resource: &str, object: &Value) -> Amounts {
    let one = Quantity::whole(1);
    let mut used = Amounts::from([(format!("count/{resource}"), one)]);
    match resource {
        "pods" => pod_usage(object, &mut used),
        "services" => service_usage(object, &mut used),
        "persistentvolumeclaims" => claim_usage(object, &mut used),
        "configmaps" | "secrets" | "resourcequotas" | "replicationcontrollers" => {
            used.insert(resource.to_owned(), one);
        }
        _ => {}
    }
    used
}

fn pod_usage(pod: &Value, used: &mut Amounts) {
    if matches!(text(&pod["status"], "phase"), "Succeeded" | "Failed") {
        return;
    }
    used.insert("pods".to_owned(), Quantity::whole(1));
    let spec = &pod["spec"];
    for (name, amount) in pod_requests(spec) {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-") {
            used.insert(name.clone(), amount);
        }
        used.insert(format!("requests.{name}"), amount);
    }
    for (name, amount) in pod_limits(spec) {
        used.insert(format!("limits.{name}"), amount);
    }
}

fn service_usage(service: &Value, used: &mut Amounts) {
    let spec = &service["spec"];
    let ports = Quantity::whole(items(spec, "ports").len() as i64);
    used.insert("services".to_owned(), Quantity::whole(1));
    match text(spec, "type") {
        "NodePort" => drop(used.insert("services.nodeports".to_owned(), ports)),
        "LoadBalancer" => {
            used.insert("services.nodeports".to_owned(), ports);
            used.insert("services.loadbalancers".to_owned(), Quantity::whole(1));
        }
        _ => {}
    }
}

fn claim_usage(claim: &Value, used: &mut Amounts) {
    let mut storage = amounts(at(claim, &["spec", "resources", "requests"]));
    let storage = storage.remove("storage");
    let class = text(&claim["spec"], "storageClassName");
    let mut add = |prefix: &str| {
        used.insert(format!("{prefix}persistentvolumeclaims"), Quantity::whole(1));
        if let Some(storage) = storage {
            used.insert(format!("{prefix}requests.storage"), storage);
        }
    };
    add("");
    if !class.is_empty() {
        add(&format!("{class}.storageclass.storage.k8s.io/"));
    }
}

/// Whether a quota with scopes is about this Pod.
fn in_scope(quota: &Value, pod: &Value) -> bool {
    let spec = &pod["spec"];
    let plain = items(&quota["spec"], "scopes").iter().filter_map(Value::as_str).map(|scope| (scope, &Value::Null));
    let selected = items(at(quota, &["spec", "scopeSelector"]), "matchExpressions").iter();
    let mut scopes = plain.chain(selected.map(|term| (text(term, "scopeName"), term)));
    scopes.all(|(scope, term)| match scope {
        "Terminating" => int(spec, "activeDeadlineSeconds").is_some(),
        "NotTerminating" => int(spec, "activeDeadlineSeconds").is_none(),
        "BestEffort" => qos_class(spec) == "BestEffort",
        "NotBestEffort" => qos_class(spec) != "BestEffort",
        "PriorityClass" => has_class(text(spec, "priorityClassName"), term),
        _ => false,
    })
}

fn has_class(class: &str, term: &Value) -> bool {
    let named = items(term, "values").iter().any(|value| value.as_str() == Some(class));
    match text(term, "operator") {
        "In" => named,
        "NotIn" => !named,
        "DoesNotExist" => class.is_empty(),
        _ => !class.is_empty(),
    }
}
