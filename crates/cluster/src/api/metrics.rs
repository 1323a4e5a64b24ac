//! `metrics.k8s.io`: what Pods and the node use now, as metrics-server tells it to `kubectl top`.
//!
//! Nothing is stored: each answer is what the control groups say at that moment.

use axum::response::Response;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::{
    Api, access,
    failure::Failure,
    negotiate::Accept,
    query::Query,
    respond::{self, Reply},
    selector::Selection,
};
use crate::{
    clock::api_time,
    json::text,
    node::endpoint::ContainerUsage,
    rbac::{Attributes, User},
    registry,
    store::Key,
};

/// The group's name.
pub(crate) const GROUP: &str = "metrics.k8s.io";
const VERSION: &str = "v1beta1";
/// What metrics-server says of how long it looked (its default resolution).
const WINDOW: &str = "15s";

/// What a path beneath the group is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The group itself.
    Group,
    /// What is in its version.
    Resources,
    /// Nodes, or one.
    Nodes(Option<String>),
    /// Pods of a namespace or of all, or one.
    Pods(Option<String>, Option<String>),
}

/// Reads a path; `None` when it is not about metrics.
pub(crate) fn wanted(path: &str) -> Option<Wanted> {
    let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
    let rest = match words.as_slice() {
        ["apis", GROUP] => return Some(Wanted::Group),
        ["apis", GROUP, VERSION, rest @ ..] => rest,
        _ => return None,
    };
    let owned = |word: &&str| (*word).to_owned();
    Some(match rest {
        [] => Wanted::Resources,
        ["nodes", name @ ..] if name.len() < 2 => Wanted::Nodes(name.first().map(owned)),
        ["pods"] => Wanted::Pods(None, None),
        ["namespaces", namespace, "pods", name @ ..] if name.len() < 2 => {
            Wanted::Pods(Some(owned(namespace)), name.first().map(owned))
        }
        _ => return None,
    })
}

/// How the group appears in `/apis`.
pub(crate) fn group_versions() -> Value {
    let version = json!({"groupVersion": format!("{GROUP}/{VERSION}"), "version": VERSION});
    json!({"name": GROUP, "versions": [version], "preferredVersion": version})
}

/// How the group appears in the aggregated form of `/apis`.
pub(crate) fn group_document() -> Value {
    let resource = |kind: &str, plural: &str, scope: &str| {
        json!({
            "resource": plural, "responseKind": {"group": GROUP, "version": VERSION, "kind": kind}, "scope": scope,
            "singularResource": "", "verbs": ["get", "list"],
        })
    };
    let resources = [resource("NodeMetrics", "nodes", "Cluster"), resource("PodMetrics", "pods", "Namespaced")];
    json!({
        "metadata": {"name": GROUP},
        "versions": [{"version": VERSION, "resources": resources, "freshness": "Current"}],
    })
}

fn resources() -> Value {
    let resource = |kind: &str, plural: &str, namespaced: bool| json!({"name": plural, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["get", "list"]});
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": format!("{GROUP}/{VERSION}"),
        "resources": [resource("NodeMetrics", "nodes", false), resource("PodMetrics", "pods", true)],
    })
}

/// Answers a request for metrics.
pub(super) async fn serve(
    api: &Api,
    user: &User,
    wanted: Wanted,
    query: &Query,
    (method, headers): (&Method, &HeaderMap),
) -> Result<Response, Failure> {
    if method != Method::GET && method != Method::HEAD {
        return Err(Failure::method_not_allowed());
    }
    let accept = Accept::negotiate(headers, query.text("pretty"))?;
    let body = match wanted {
        Wanted::Group => {
            let mut body = group_versions();
            body["kind"] = "APIGroup".into();
            body["apiVersion"] = "v1".into();
            body
        }
        Wanted::Resources => resources(),
        Wanted::Nodes(name) => {
            check(api, user, "nodes", "", name.as_deref())?;
            nodes(api, name.as_deref(), query).await?
        }
        Wanted::Pods(namespace, name) => {
            check(api, user, "pods", namespace.as_deref().unwrap_or(""), name.as_deref())?;
            pods(api, namespace.as_deref(), name.as_deref(), query).await?
        }
    };
    Ok(respond::write(&Reply::ok(body), accept))
}

fn check(api: &Api, user: &User, resource: &str, namespace: &str, name: Option<&str>) -> Result<(), Failure> {
    let asked = Attributes {
        verb: if name.is_some() { "get" } else { "list" }.to_owned(),
        group: GROUP.to_owned(),
        resource: resource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.unwrap_or("").to_owned(),
        ..Attributes::default()
    };
    access::check(&api.store, user, &asked)
}

async fn nodes(api: &Api, name: Option<&str>, query: &Query) -> Result<Value, Failure> {
    let used = api.node.usage().await;
    let (cpu, memory) = used.iter().fold((0, 0), |(cpu, memory), one| (cpu + one.cpu_nanos, memory + one.memory));
    let (_, nodes) = api.store.list("nodes", None);
    let selector = selector("Node", query)?;
    let metrics = |node: &Value| {
        let mut metrics = of(api, &node["metadata"]);
        metrics["usage"] = usage(cpu, memory);
        metrics
    };
    match name {
        Some(name) => {
            let node = api.store.get(&Key::new("nodes", "", name)).ok_or_else(|| missing("nodes", name))?;
            Ok(kind("NodeMetrics", metrics(&node)))
        }
        None => {
            let items = nodes.iter().filter(|node| selector.matches(node)).map(|node| metrics(node)).collect();
            Ok(list("NodeMetricsList", items))
        }
    }
}

async fn pods(api: &Api, namespace: Option<&str>, name: Option<&str>, query: &Query) -> Result<Value, Failure> {
    let used = api.node.usage().await;
    let metrics = |pod: &Value| {
        let metadata = &pod["metadata"];
        let own =
            |one: &&ContainerUsage| one.pod == text(metadata, "name") && one.namespace == text(metadata, "namespace");
        let container =
            |one: &ContainerUsage| json!({"name": one.container, "usage": usage(one.cpu_nanos, one.memory)});
        let containers: Vec<Value> = used.iter().filter(own).map(container).collect();
        (!containers.is_empty()).then(|| {
            let mut metrics = of(api, metadata);
            metrics["containers"] = containers.into();
            metrics
        })
    };
    match (namespace, name) {
        (Some(namespace), Some(name)) => {
            let pod = api.store.get(&Key::new("pods", namespace, name));
            let metrics = pod.and_then(|pod| metrics(&pod));
            Ok(kind("PodMetrics", metrics.ok_or_else(|| missing("pods", &format!("{namespace}/{name}")))?))
        }
        _ => {
            let selector = selector("Pod", query)?;
            let (_, pods) = api.store.list("pods", namespace);
            Ok(list(
                "PodMetricsList",
                pods.iter().filter(|pod| selector.matches(pod)).filter_map(|pod| metrics(pod)).collect(),
            ))
        }
    }
}

fn selector(kind: &str, query: &Query) -> Result<Selection, Failure> {
    let resource = registry::CORE.versions[0].resources.iter().find(|row| row.kind == kind);
    let resource = resource.ok_or_else(Failure::no_such_path)?;
    Selection::parse(resource, query.text("labelSelector"), query.text("fieldSelector"))
}

/// What all metrics have in common.
fn of(api: &Api, metadata: &Value) -> Value {
    let now = api_time(api.clock.now());
    let mut own = json!({"name": metadata["name"], "creationTimestamp": now});
    for field in ["namespace", "labels"] {
        if !metadata[field].is_null() {
            own[field] = metadata[field].clone();
        }
    }
    json!({"metadata": own, "timestamp": now, "window": WINDOW})
}

/// Billionths of a processor and bytes, in the units that metrics-server uses.
fn usage(cpu_nanos: u64, memory: u64) -> Value {
    json!({"cpu": format!("{cpu_nanos}n"), "memory": format!("{}Ki", memory / 1024)})
}

fn kind(kind: &str, mut object: Value) -> Value {
    object["kind"] = kind.into();
    object["apiVersion"] = format!("{GROUP}/{VERSION}").into();
    object
}

fn list(name: &str, items: Vec<Value>) -> Value {
    kind(name, json!({"metadata": {}, "items": items}))
}

fn missing(plural: &str, name: &str) -> Failure {
    Failure::new(404, "NotFound", format!("{plural}.{GROUP} {name:?} not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_beneath_the_group_are_known() {
        let pods = |namespace: Option<&str>, name: Option<&str>| {
            Some(Wanted::Pods(namespace.map(str::to_owned), name.map(str::to_owned)))
        };
        assert_eq!(wanted("/apis/metrics.k8s.io"), Some(Wanted::Group));
        assert_eq!(wanted("/apis/metrics.k8s.io/v1beta1/pods"), pods(None, None));
        assert_eq!(wanted("/apis/metrics.k8s.io/v1beta1/namespaces/a/pods/b"), pods(Some("a"), Some("b")));
        assert_eq!(wanted("/apis/metrics.k8s.io/v1beta1/nodes/n"), Some(Wanted::Nodes(Some("n".to_owned()))));
        for other in ["/apis/apps/v1/pods", "/apis/metrics.k8s.io/v1/pods", "/apis/metrics.k8s.io/v1beta1/pods/a/b"] {
            assert_eq!(wanted(other), None, "{other}");
        }
    }
}
