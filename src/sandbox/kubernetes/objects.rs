//! What a session has in the cluster: values only, so that what is promised can be read and tested in one place.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    config::{KubernetesSettings, PodSecurity},
    sandbox::Caveat,
};

/// Whose namespaces these are, as everything made by a program says.
pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Which server (all its replicas).
pub(super) const INSTANCE: &str = "podyard.dev/instance";
/// Whose session.
pub(super) const SESSION: &str = "podyard.dev/session";
/// When it may be removed, in seconds since 1970 (a label can't hold RFC 3339); pushed on while the session lives.
pub(super) const EXPIRES: &str = "podyard.dev/expires";
/// Which replica serves it; an annotation.
pub(super) const HOLDER: &str = "podyard.dev/holder";
/// The service account, Role and RoleBinding of a session.
pub(super) const LEARNER: &str = "learner";

/// The namespaces of a server.
pub(super) fn all_of(instance: &str) -> String {
    format!("{MANAGED_BY}=podyard,{INSTANCE}={instance}")
}

/// The namespaces of a session.
pub(super) fn of_session(instance: &str, session: &str) -> String {
    format!("{},{SESSION}={session}", all_of(instance))
}

/// The namespace itself.
pub(super) fn namespace(s: &KubernetesSettings, name: &str, session: &str, replica: &str, expires: Timestamp) -> Value {
    let level = s.security.to_string();
    json!({
        "metadata": {
            "name": name,
            "labels": {
                MANAGED_BY: "podyard",
                INSTANCE: s.instance,
                SESSION: session,
                EXPIRES: expires.as_second().to_string(),
                "pod-security.kubernetes.io/enforce": level,
                "pod-security.kubernetes.io/enforce-version": "latest",
            },
            "annotations": { HOLDER: replica },
        },
    })
}

/// What pushes a namespace's end on, and says who serves it.
pub(super) fn renewal(replica: &str, expires: Timestamp) -> Value {
    json!({"metadata": {
        "labels": { EXPIRES: expires.as_second().to_string() },
        "annotations": { HOLDER: replica },
    }})
}

/// The server's own rights in the namespace, where it has none in the whole cluster.
pub(super) fn keeper_binding(role: &str, user: &str) -> Value {
    json!({
        "metadata": {"name": "podyard-keeper"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    })
}

/// What all Pods may use together. What costs money outside of the cluster is not to be had.
pub(super) fn quota(s: &KubernetesSettings) -> Value {
    let (cpu, memory) = (&s.quota.cpu, &s.quota.memory);
    json!({
        "metadata": {"name": "session"},
        "spec": {"hard": {
            "requests.cpu": cpu, "limits.cpu": cpu, "requests.memory": memory, "limits.memory": memory,
            "pods": s.quota.pods.to_string(), "configmaps": "50", "secrets": "50", "services": "20",
            "services.loadbalancers": "0", "services.nodeports": "0",
            "persistentvolumeclaims": "4", "requests.storage": "1Gi",
        }},
    })
}

/// What a container gets that asks for nothing: without it the quota would refuse every plain Pod.
pub(super) fn limits() -> Value {
    json!({
        "metadata": {"name": "session"},
        "spec": {"limits": [{
            "type": "Container",
            "default": {"cpu": "200m", "memory": "128Mi"},
            "defaultRequest": {"cpu": "20m", "memory": "32Mi"},
        }]},
    })
}

/// Nobody comes in from other namespaces; and nobody gets out but for names, unless that is allowed.
pub(super) fn network(s: &KubernetesSettings) -> Value {
    let within = json!({"podSelector": {}});
    let mut spec = json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [within]}]});
    if !s.egress {
        spec["policyTypes"] = json!(["Ingress", "Egress"]);
        spec["egress"] = json!([
            {"to": [{"podSelector": {}}]},
            {
                "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
                "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
            },
        ]);
    }
    json!({"metadata": {"name": "session"}, "spec": spec})
}

/// Whom the session's client acts as. Pods get no token of it.
pub(super) fn account() -> Value {
    json!({"metadata": {"name": LEARNER}, "automountServiceAccountToken": false})
}

/// What the learner may do: all that lessons do within a namespace, and nothing that reaches out of it.
pub(super) fn role() -> Value {
    let all = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
    let look = ["get", "list", "watch"];
    json!({
        "metadata": {"name": LEARNER},
        "rules": [
            {"apiGroups": [""], "verbs": all, "resources": [
                "pods", "configmaps", "secrets", "services", "persistentvolumeclaims", "replicationcontrollers",
            ]},
            {"apiGroups": [""], "verbs": ["get", "create"], "resources": [
                "pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy",
            ]},
            {"apiGroups": [""], "verbs": look, "resources": [
                "pods/log", "pods/status", "events", "endpoints", "serviceaccounts", "resourcequotas", "limitranges",
            ]},
            {"apiGroups": [""], "verbs": ["get", "update", "patch"], "resources": ["pods/ephemeralcontainers", "pods/resize"]},
            {"apiGroups": [""], "verbs": ["create"], "resources": ["pods/eviction"]},
            {"apiGroups": ["apps"], "verbs": all, "resources": [
                "deployments", "replicasets", "statefulsets", "daemonsets",
            ]},
            {"apiGroups": ["apps"], "verbs": ["get", "update", "patch"], "resources": [
                "deployments/scale", "replicasets/scale", "statefulsets/scale",
            ]},
            {"apiGroups": ["batch"], "verbs": all, "resources": ["jobs", "cronjobs"]},
            {"apiGroups": ["policy"], "verbs": all, "resources": ["poddisruptionbudgets"]},
            {"apiGroups": ["metrics.k8s.io"], "verbs": ["get", "list"], "resources": ["pods"]},
            {"apiGroups": ["discovery.k8s.io", "events.k8s.io", "networking.k8s.io"], "verbs": look, "resources": [
                "endpointslices", "events", "networkpolicies",
            ]},
        ],
    })
}

/// Gives the account the Role.
pub(super) fn binding(namespace: &str) -> Value {
    json!({
        "metadata": {"name": LEARNER},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": LEARNER},
        "subjects": [{"kind": "ServiceAccount", "name": LEARNER, "namespace": namespace}],
    })
}

/// What learners should know about what this cluster refuses.
pub(super) fn caveat(s: &KubernetesSettings) -> Option<Caveat> {
    (s.security == PodSecurity::Restricted).then_some(Caveat::OrdinaryUsers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Quota;

    fn settings(egress: bool) -> KubernetesSettings {
        KubernetesSettings {
            kubeconfig: None,
            context: None,
            instance: "school".into(),
            security: PodSecurity::Baseline,
            quota: Quota { cpu: "2".into(), memory: "2Gi".into(), pods: 20 },
            egress,
            keeper: None,
        }
    }

    #[test]
    fn a_namespace_says_whose_it_is_and_when_it_ends() {
        let made =
            namespace(&settings(false), "school-ada-1", "ada", "r1", Timestamp::from_second(1_790_000_000).unwrap());
        let labels = &made["metadata"]["labels"];
        assert_eq!((&labels[INSTANCE], &labels[SESSION]), (&json!("school"), &json!("ada")));
        assert_eq!(labels[EXPIRES], "1790000000");
        assert_eq!(labels["pod-security.kubernetes.io/enforce"], "baseline");
        assert_eq!(
            of_session("school", "ada"),
            "app.kubernetes.io/managed-by=podyard,podyard.dev/instance=school,podyard.dev/session=ada"
        );
    }

    #[test]
    fn nothing_gets_out_but_names_unless_it_is_allowed() {
        let closed = network(&settings(false));
        assert_eq!(closed["spec"]["policyTypes"], json!(["Ingress", "Egress"]));
        assert_eq!(closed["spec"]["egress"][1]["ports"][0]["port"], 53);
        assert_eq!(network(&settings(true))["spec"]["policyTypes"], json!(["Ingress"]));
    }

    #[test]
    fn a_learner_has_no_right_on_rights() {
        let role = role();
        let rules = role["rules"].as_array().unwrap();
        assert!(rules.iter().all(|rule| !rule.to_string().contains('*') && !rule.to_string().contains("rbac")));
    }
}
