//! Where a Pod wants to be: node selector and affinity, other Pods near or far, spread
//! (kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    decide::Refusal,
    snapshot::{Placed, Snapshot},
};
use crate::{
    controllers::selector::{map_matches, matches},
    json as tree,
};

const RULES: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// Node selector and required node affinity.
pub fn node(pod: &Value, node: &Value) -> Result<(), Refusal> {
    let spec = &pod["spec"];
    let labels = &node["metadata"]["labels"];
    let selected = map_matches(&spec["nodeSelector"], labels);
    let terms = &tree::at(spec, &["affinity", "nodeAffinity", RULES])["nodeSelectorTerms"];
    let wanted = terms.as_array().is_none_or(|terms| terms.iter().any(|term| node_term(term, node)));
    if selected && wanted {
        Ok(())
    } else {
        Err(Refusal::for_good("node(s) didn't match Pod's node affinity/selector"))
    }
}

/// The nodes that a Pod's required affinity names, when each of its terms names some: no others are looked at.
pub fn named_nodes(pod: &Value) -> Option<BTreeSet<&str>> {
    let terms = tree::items(tree::at(&pod["spec"], &["affinity", "nodeAffinity", RULES]), "nodeSelectorTerms");
    if terms.is_empty() {
        return None;
    }
    let names = |term| -> Option<BTreeSet<&str>> {
        let is_name =
            |field: &&Value| tree::text(field, "key") == "metadata.name" && tree::text(field, "operator") == "In";
        let mut listed = tree::items(term, "matchFields").iter().filter(is_name);
        let values = |field| tree::items(field, "values").iter().filter_map(Value::as_str);
        let first: BTreeSet<&str> = values(listed.next()?).collect();
        Some(listed.fold(first, |known, field| values(field).filter(|name| known.contains(name)).collect()))
    };
    terms.iter().map(names).collect::<Option<Vec<_>>>().map(|all| all.into_iter().flatten().collect())
}

/// A term without any requirement matches nothing.
pub fn node_term(term: &Value, node: &Value) -> bool {
    let labels = |key: &str| node["metadata"]["labels"][key].as_str();
    let fields = |key: &str| (key == "metadata.name").then(|| tree::text(&node["metadata"], "name"));
    let expressions = tree::items(term, "matchExpressions");
    let names = tree::items(term, "matchFields");
    !(expressions.is_empty() && names.is_empty())
        && expressions.iter().all(|requirement| holds(requirement, labels(tree::text(requirement, "key"))))
        && names.iter().all(|requirement| holds(requirement, fields(tree::text(requirement, "key"))))
}

fn holds(requirement: &Value, value: Option<&str>) -> bool {
    let listed = tree::items(requirement, "values");
    let among = |value: &str| listed.iter().any(|known| known == value);
    let number = |text: &str| text.parse::<i64>().ok();
    let limit = || listed.first().and_then(Value::as_str).and_then(number);
    match tree::text(requirement, "operator") {
        "In" => value.is_some_and(among),
        "NotIn" => !value.is_some_and(among),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => value.and_then(number).zip(limit()).is_some_and(|(value, limit)| value > limit),
        "Lt" => value.and_then(number).zip(limit()).is_some_and(|(value, limit)| value < limit),
        _ => false,
    }
}

fn domain<'a>(node: &'a Value, key: &str) -> Option<&'a str> {
    node["metadata"]["labels"][key].as_str()
}

/// Whether a Pod in `namespace` is meant by an affinity term of a Pod in `own` namespace.
fn meant(term: &Value, own: &str, other: &Value) -> bool {
    let namespace = tree::text(&other["metadata"], "namespace");
    let named = tree::items(term, "namespaces");
    let everywhere = term["namespaceSelector"].as_object().is_some_and(serde_json::Map::is_empty);
    let here = if named.is_empty() { namespace == own } else { named.iter().any(|name| name == namespace) };
    (everywhere || here)
        && tree::has(term, "labelSelector")
        && matches(&term["labelSelector"], &other["metadata"]["labels"])
}

fn terms<'a>(pod: &'a Value, kind: &str) -> &'a [Value] {
    tree::items(tree::at(&pod["spec"], &["affinity", kind]), RULES)
}

/// Required affinity and anti-affinity between Pods, both ways.
pub fn pods(pod: &Value, node: &Value, snapshot: &Snapshot) -> Result<(), Refusal> {
    let own = tree::text(&pod["metadata"], "namespace");
    let near = |placed: &Placed, key: &str| {
        let there = snapshot.node(&placed.node).and_then(|node| domain(node, key));
        there.is_some() && there == domain(node, key)
    };
    for term in terms(pod, "podAffinity") {
        let key = tree::text(term, "topologyKey");
        let mut others = snapshot.pods().filter(|placed| meant(term, own, &placed.object)).peekable();
        // The first of a group that wants to be together has nobody to join.
        let first = others.peek().is_none() && meant(term, own, pod) && domain(node, key).is_some();
        if !first && !others.any(|placed| near(placed, key)) {
            return Err(Refusal::for_good("node(s) didn't match pod affinity rules"));
        }
    }
    for term in terms(pod, "podAntiAffinity") {
        let key = tree::text(term, "topologyKey");
        if snapshot.pods().any(|placed| meant(term, own, &placed.object) && near(placed, key)) {
            return Err(Refusal::for_now("node(s) didn't match pod anti-affinity rules"));
        }
    }
    for placed in snapshot.pods() {
        let theirs = tree::text(&placed.object["metadata"], "namespace");
        for term in terms(&placed.object, "podAntiAffinity") {
            if meant(term, theirs, pod) && near(placed, tree::text(term, "topologyKey")) {
                return Err(Refusal::for_now("node(s) didn't satisfy existing pods anti-affinity rules"));
            }
        }
    }
    Ok(())
}

/// How many Pods that a term means are in the node's domain.
pub fn near(pod: &Value, term: &Value, node: &Value, snapshot: &Snapshot) -> i64 {
    let (own, key) = (tree::text(&pod["metadata"], "namespace"), tree::text(term, "topologyKey"));
    let Some(here) = domain(node, key) else { return 0 };
    let there = |placed: &&Placed| snapshot.node(&placed.node).and_then(|node| domain(node, key)) == Some(here);
    let found = snapshot.pods().filter(there).filter(|placed| meant(term, own, &placed.object));
    i64::try_from(found.count()).unwrap_or(i64::MAX)
}

/// How many Pods are in the node's domains already that those spread constraints count which need not hold.
pub fn crowd(pod: &Value, node: &Value, snapshot: &Snapshot) -> i64 {
    let constraints = tree::items(&pod["spec"], "topologySpreadConstraints").iter();
    let soft = constraints.filter(|constraint| tree::text(constraint, "whenUnsatisfiable") == "ScheduleAnyway");
    soft.filter_map(|constraint| {
        let key = tree::text(constraint, "topologyKey");
        matching_per_domain(pod, constraint, key, snapshot).get(domain(node, key)?).copied()
    })
    .sum()
}

/// Topology spread constraints that must hold.
pub fn spread(pod: &Value, node: &Value, snapshot: &Snapshot) -> Result<(), Refusal> {
    const TEXT: &str = "node(s) didn't match pod topology spread constraints";
    let constraints = tree::items(&pod["spec"], "topologySpreadConstraints").iter();
    for constraint in constraints.filter(|c| tree::text(c, "whenUnsatisfiable") != "ScheduleAnyway") {
        let key = tree::text(constraint, "topologyKey");
        let Some(here) = domain(node, key) else {
            return Err(Refusal::for_good(format!("{TEXT} (missing required label)")));
        };
        let counts = matching_per_domain(pod, constraint, key, snapshot);
        // Fewer domains than there should be count as one more that is empty.
        let domains = i64::try_from(counts.len()).unwrap_or(i64::MAX);
        let few = tree::int(constraint, "minDomains").is_some_and(|wanted| domains < wanted);
        let least = if few { 0 } else { counts.values().copied().min().unwrap_or(0) };
        let own = i64::from(matches(&constraint["labelSelector"], &pod["metadata"]["labels"]));
        let skew = counts.get(here).copied().unwrap_or(0) + own - least;
        if skew > tree::int(constraint, "maxSkew").unwrap_or(1) {
            return Err(Refusal::for_now(TEXT));
        }
    }
    Ok(())
}

fn matching_per_domain(pod: &Value, constraint: &Value, key: &str, snapshot: &Snapshot) -> BTreeMap<String, i64> {
    let namespace = tree::text(&pod["metadata"], "namespace");
    let eligible: BTreeSet<&str> =
        snapshot.nodes().filter(|(_, candidate)| node(pod, candidate).is_ok()).map(|(name, _)| name).collect();
    let mut counts = BTreeMap::new();
    for (name, candidate) in snapshot.nodes().filter(|(name, _)| eligible.contains(name)) {
        let Some(domain) = domain(candidate, key) else { continue };
        let here = snapshot.pods_on(name).filter(|placed| {
            tree::text(&placed.object["metadata"], "namespace") == namespace
                && matches(&constraint["labelSelector"], &placed.object["metadata"]["labels"])
        });
        *counts.entry(domain.to_owned()).or_insert(0) += i64::try_from(here.count()).unwrap_or(i64::MAX);
    }
    counts
}
