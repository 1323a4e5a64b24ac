//! What every new cluster has.

use serde_json::{Value, json};

use crate::{
    clock::{Clock, api_time},
    rbac, registry,
    store::{AlreadyExists, Key, Store},
};

/// The namespaces every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The node's address, as in kind's own network.
pub(crate) const NODE_ADDRESS: &str = "172.18.0.2";

/// What `kube-root-ca.crt` says about itself.
pub(crate) const ROOT_CERTIFICATE_NOTE: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when \
    using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed \
    across distributions of Kubernetes clusters.";

/// Puts the first objects into an empty store; the API shows certificates that `authority` (PEM) has signed.
pub(crate) fn fill(store: &Store, clock: &dyn Clock, authority: &str) {
    let mut seed = Seed { store, clock };
    for name in NAMESPACES {
        seed.add(
            "v1",
            "Namespace",
            "",
            json!({
                "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
                "spec": {"finalizers": ["kubernetes"]},
                "status": {"phase": "Active"},
            }),
        );
        seed.add("v1", "ServiceAccount", name, json!({"metadata": {"name": "default"}}));
        seed.add(
            "v1",
            "ConfigMap",
            name,
            json!({
                "metadata": {
                    "name": "kube-root-ca.crt",
                    "annotations": {"kubernetes.io/description": ROOT_CERTIFICATE_NOTE},
                },
                "data": {"ca.crt": authority},
            }),
        );
    }
    add_priorities(&mut seed);
    for (api_version, kind, object) in own_service() {
        seed.add(api_version, kind, "default", object);
    }
    rbac::seed(store, clock);
}

struct Seed<'a> {
    store: &'a Store,
    clock: &'a dyn Clock,
}

impl Seed<'_> {
    fn add(&mut self, api_version: &str, kind: &str, namespace: &str, object: Value) {
        put_in(self.store, self.clock, (api_version, kind), namespace, object)
            .expect("each object in this file is added once, to an empty store");
    }
}

/// The API's own Service with its endpoints, by `apiVersion` and kind. All are called `kubernetes`, in `default`.
pub(crate) fn own_service() -> [(&'static str, &'static str, Value); 3] {
    let service = json!({
        "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "clusterIP": "10.96.0.1",
            "clusterIPs": ["10.96.0.1"],
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    });
    let endpoints = json!({
        "metadata": {"name": "kubernetes", "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        "subsets": [{
            "addresses": [{"ip": NODE_ADDRESS}],
            "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
        }],
    });
    let slice = json!({
        "metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [NODE_ADDRESS], "conditions": {"ready": true}}],
        "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
    });
    [("v1", "Service", service), ("v1", "Endpoints", endpoints), ("discovery.k8s.io/v1", "EndpointSlice", slice)]
}

/// Puts an object into the store, with what the API gives to each; one that is there stays.
pub(crate) fn put_in(
    store: &Store,
    clock: &dyn Clock,
    (api_version, kind): (&str, &str),
    namespace: &str,
    mut object: Value,
) -> Result<(), AlreadyExists> {
    let resource = registry::find_kind(api_version, kind).expect("the kinds named in this file are in the registry");
    object["apiVersion"] = api_version.into();
    object["kind"] = kind.into();
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let metadata = &mut object["metadata"];
    metadata["uid"] = clock.uid().into();
    metadata["creationTimestamp"] = api_time(clock.now()).into();
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    if resource.has_generation {
        metadata["generation"] = 1.into();
    }
    store.insert(Key::new(resource.store_name(), namespace, name), object).map(drop)
}

/// The two classes for what a cluster can't do without (pkg/apis/scheduling: their values and texts).
fn add_priorities(seed: &mut Seed<'_>) {
    let classes = [
        (
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be \
            moved to another node if necessary.",
        ),
        (
            "system-node-critical",
            2_000_001_000,
            "Used for system critical pods that must not be moved from their current \
            node.",
        ),
    ];
    for (name, value, description) in classes {
        seed.add(
            "scheduling.k8s.io/v1",
            "PriorityClass",
            "",
            json!({
                "metadata": {"name": name},
                "value": value,
                "description": description,
                "preemptionPolicy": "PreemptLowerPriority",
            }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn a_new_cluster_has_what_the_recorded_one_had() {
        let store = Store::new();
        fill(&store, &SystemClock, "");
        let names = |resource, namespace| {
            let (_, objects) = store.list(resource, namespace);
            objects.iter().map(|o| o["metadata"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("namespaces", None), NAMESPACES);
        assert_eq!(names("services", Some("default")), ["kubernetes"]);
        assert_eq!(names("configmaps", Some("kube-system")), ["kube-root-ca.crt"]);
        assert_eq!(names("serviceaccounts", Some("kube-public")), ["default"]);
    }
}
