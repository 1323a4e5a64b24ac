//! What a Service keeps and gives up when it changes, by its type before and after.

use serde_json::Value;

use crate::json::{at, each, fill, int, items, take, text, zero};

const ADDRESSES: [&str; 2] = ["clusterIP", "clusterIPs"];

fn has_address(spec: &Value) -> bool {
    text(spec, "type") != "ExternalName"
}

fn has_node_ports(spec: &Value) -> bool {
    matches!(text(spec, "type"), "NodePort" | "LoadBalancer")
}

fn is_balanced(spec: &Value) -> bool {
    text(spec, "type") == "LoadBalancer"
}

/// Takes out of the new spec what only its old type had, unless the client has set it to something else: then it means
/// it, and is told.
pub(super) fn give_up(before: &Value, spec: &mut Value) {
    let without_address = has_address(before) && !has_address(spec);
    for fields in [&ADDRESSES[..], &["ipFamilies"], &["ipFamilyPolicy"]] {
        clear(before, spec, without_address, fields);
    }
    let without_ports = has_node_ports(before) && !has_node_ports(spec);
    if without_ports && node_ports(before) == node_ports(spec) {
        each(spec, "ports", |port| drop(take(port, "nodePort")));
    }
    clear(before, spec, without_address, &["internalTrafficPolicy"]);
    clear(before, spec, without_ports, &["externalTrafficPolicy"]);
    let unbalanced = is_balanced(before) && !is_balanced(spec);
    for field in ["healthCheckNodePort", "allocateLoadBalancerNodePorts", "loadBalancerClass"] {
        clear(before, spec, unbalanced, &[field]);
    }
}

fn clear(before: &Value, spec: &mut Value, gone: bool, fields: &[&str]) {
    if gone && fields.iter().all(|field| before.get(*field) == spec.get(*field)) {
        fields.iter().for_each(|field| drop(take(spec, field)));
    }
}

fn node_ports(spec: &Value) -> Vec<Option<i64>> {
    items(spec, "ports").iter().map(|port| int(port, "nodePort")).collect()
}

/// Puts back what the cluster has allocated and the new spec does not name.
pub(super) fn keep(before: &Value, spec: &mut Value) {
    if has_address(before) && has_address(spec) {
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            let value = at(before, &[field]).clone();
            if !value.is_null() {
                fill(spec, field, value);
            }
        }
    }
    if has_node_ports(before) && has_node_ports(spec) {
        each(spec, "ports", |port| {
            let known = items(before, "ports").iter();
            let mut same = known.filter(|p| p["port"] == port["port"] && p["protocol"] == port["protocol"]);
            if zero(port, "nodePort")
                && let Some(number) = same.find_map(|p| p.get("nodePort"))
            {
                crate::json::put(port, "nodePort", number.clone());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(before: &Value, change: impl FnOnce(&mut Value)) -> Value {
        let mut spec = before.clone();
        change(&mut spec);
        give_up(before, &mut spec);
        keep(before, &mut spec);
        spec
    }

    #[test]
    fn ports_of_the_node_go_with_the_type_that_has_them() {
        let before = json!({"type": "NodePort", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"],
            "externalTrafficPolicy": "Cluster", "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}]});
        let inside = changed(&before, |spec| spec["type"] = json!("ClusterIP"));
        assert_eq!((inside.get("externalTrafficPolicy"), inside["ports"][0].get("nodePort")), (None, None));
        let named = changed(&before, |spec| {
            spec["type"] = json!("ClusterIP");
            spec["ports"][0]["nodePort"] = json!(30081);
        });
        assert_eq!(named["ports"][0]["nodePort"], 30081);
        let balanced = changed(&before, |spec| {
            spec["type"] = json!("LoadBalancer");
            spec["ports"] = json!([{"port": 80, "protocol": "TCP"}]);
        });
        assert_eq!(balanced["ports"][0]["nodePort"], 30080);
        let outside = changed(&before, |spec| spec["type"] = json!("ExternalName"));
        assert_eq!((outside.get("clusterIP"), outside.get("clusterIPs")), (None, None));
    }
}
