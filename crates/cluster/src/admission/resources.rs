//! What a Pod asks for in total, and the quality of service that follows from it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{admission::quantity::Quantity, json as tree};

/// Amounts by resource name.
pub type Amounts = BTreeMap<String, Quantity>;

/// The amounts of one resource list; what is no quantity is left out.
pub fn amounts(list: &Value) -> Amounts {
    let parse = |(name, value): (&String, &Value)| Some((name.clone(), Quantity::from_json(value).ok()?));
    list.as_object().into_iter().flatten().filter_map(parse).collect()
}

/// What the containers of a Pod spec request together: the greater of what runs side by side and what each init
/// container needs beside the sidecars started before it ("Init Containers", resource sharing).
pub fn container_requests(spec: &Value) -> Amounts {
    together(spec, "requests")
}

/// The limits of the containers of a Pod spec, added up the same way.
pub fn container_limits(spec: &Value) -> Amounts {
    together(spec, "limits")
}

/// What the scheduler and a quota count for a Pod spec: Pod-level requests first, then the containers', plus overhead.
pub fn pod_requests(spec: &Value) -> Amounts {
    whole_pod(spec, "requests")
}

/// The limits that a quota counts for a Pod spec.
pub fn pod_limits(spec: &Value) -> Amounts {
    whole_pod(spec, "limits")
}

fn whole_pod(spec: &Value, list: &str) -> Amounts {
    let mut total = together(spec, list);
    total.extend(amounts(tree::at(spec, &["resources", list])));
    let overhead = amounts(tree::at(spec, &["overhead"]));
    let counted = |name: &String| list == "requests" || total.contains_key(name);
    let extra: Amounts = overhead.into_iter().filter(|(name, _)| counted(name)).collect();
    add(&mut total, &extra);
    total
}

fn together(spec: &Value, list: &str) -> Amounts {
    let of = |container: &Value| amounts(tree::at(container, &["resources", list]));
    let mut running = Amounts::new();
    for container in tree::items(spec, "containers") {
        add(&mut running, &of(container));
    }
    let (mut sidecars, mut starting) = (Amounts::new(), Amounts::new());
    for container in tree::items(spec, "initContainers") {
        let mut step = of(container);
        if tree::text(container, "restartPolicy") == "Always" {
            add(&mut running, &step);
            add(&mut sidecars, &step);
            step = sidecars.clone();
        } else {
            add(&mut step, &sidecars);
        }
        raise(&mut starting, step);
    }
    raise(&mut running, starting);
    running
}

fn add(total: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        total.entry(name.clone()).and_modify(|sum| *sum = *sum + *amount).or_insert(*amount);
    }
}

fn raise(total: &mut Amounts, other: Amounts) {
    for (name, amount) in other {
        total.entry(name).and_modify(|most| *most = amount.max(*most)).or_insert(amount);
    }
}

/// `status.qosClass` of a Pod spec: `Guaranteed`, `Burstable` or `BestEffort` ("Pod Quality of Service Classes").
pub fn qos_class(spec: &Value) -> &'static str {
    let counted = |list: &Value| -> Amounts {
        let mut kept = amounts(list);
        kept.retain(|name, amount| matches!(name.as_str(), "cpu" | "memory") && !amount.is_zero());
        kept
    };
    let pod_level = tree::has(spec, "resources");
    let parts: Vec<(Amounts, Amounts)> = if pod_level {
        vec![(counted(&spec["resources"]["requests"]), counted(&spec["resources"]["limits"]))]
    } else {
        let containers = tree::items(spec, "containers").iter().chain(tree::items(spec, "initContainers"));
        let part = |c: &Value| {
            (counted(tree::at(c, &["resources", "requests"])), counted(tree::at(c, &["resources", "limits"])))
        };
        containers.map(part).collect()
    };
    if parts.iter().all(|(requests, limits)| requests.is_empty() && limits.is_empty()) {
        return "BestEffort";
    }
    let bounded = |(requests, limits): &(Amounts, Amounts)| limits.len() == 2 && requests == limits;
    if parts.iter().all(bounded) { "Guaranteed" } else { "Burstable" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn container(requests: Value, limits: Value) -> Value {
        json!({"name": "c", "resources": {"requests": requests, "limits": limits}})
    }

    fn shown(amounts: &Amounts) -> Vec<String> {
        amounts.iter().map(|(name, amount)| format!("{name}={amount}")).collect()
    }

    #[test]
    fn init_containers_run_before_and_sidecars_beside() {
        let mut sidecar = container(json!({"cpu": "100m"}), json!({}));
        sidecar["restartPolicy"] = json!("Always");
        let spec = json!({
            "initContainers": [sidecar, container(json!({"cpu": "2", "memory": "1Gi"}), json!({}))],
            "containers": [container(json!({"cpu": "500m"}), json!({})), container(json!({"cpu": "500m"}), json!({}))],
        });
        assert_eq!(shown(&container_requests(&spec)), ["cpu=2100m", "memory=1Gi"]);
    }

    #[test]
    fn the_class_follows_from_requests_and_limits() {
        let class = |requests: Value, limits: Value| qos_class(&json!({"containers": [container(requests, limits)]}));
        let both = json!({"cpu": "1", "memory": "1Gi"});
        assert_eq!(class(json!({}), json!({})), "BestEffort");
        assert_eq!(class(both.clone(), both.clone()), "Guaranteed");
        assert_eq!(class(json!({"cpu": "1"}), both), "Burstable");
        assert_eq!(class(json!({"cpu": "1"}), json!({"cpu": "1"})), "Burstable");
    }
}
