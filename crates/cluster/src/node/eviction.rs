//! Pods that fill the node's disk beyond what they may: they are evicted
//! (kubernetes.io/docs/concepts/configuration/manage-resources-containers/#resource-emphemeralstorage-consumption).
//! Pure.

use std::collections::BTreeMap;

use super::{
    pod::{Pod, Role},
    resources::of_container,
};
use crate::admission::{quantity::Quantity, resources::pod_limits};

const STORAGE: &str = "ephemeral-storage";

/// Bytes that a Pod has on the node's disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OnDisk {
    /// `emptyDir` volumes by name.
    pub volumes: BTreeMap<String, u64>,
    /// What containers wrote to their root file systems and their logs, by name.
    pub containers: BTreeMap<String, u64>,
}

/// The limit of an `emptyDir` on the disk.
fn size_limit(volume: &k8s_openapi::api::core::v1::Volume) -> Option<Quantity> {
    let empty = volume.empty_dir.as_ref().filter(|empty| empty.medium.as_deref() != Some("Memory"))?;
    empty.size_limit.as_ref()?.0.parse().ok().filter(|limit: &Quantity| !limit.is_zero())
}

/// Whether there is a limit that the Pod could exceed.
pub fn is_limited(pod: &Pod) -> bool {
    pod.spec.volumes.iter().flatten().any(|volume| size_limit(volume).is_some())
        || pod.having(Role::Main).any(|container| of_container(&container.spec, "limits").contains_key(STORAGE))
}

/// Which limit the Pod exceeds, in the kubelet's words.
pub fn exceeded(pod: &Pod, on_disk: &OnDisk) -> Option<String> {
    let beyond = |used: u64, limit: &Quantity| i64::try_from(used).is_ok_and(|used| used > limit.value());
    let volume = pod.spec.volumes.iter().flatten().find_map(|volume| {
        let limit = size_limit(volume)?;
        let used = on_disk.volumes.get(&volume.name)?;
        let words =
            || format!("Usage of EmptyDir volume {:?} exceeds the limit {:?}. ", volume.name, limit.to_string());
        beyond(*used, &limit).then(words)
    });
    let whole = || {
        let limit = *pod_limits(&pod.object["spec"]).get(STORAGE)?;
        let used = on_disk.volumes.values().chain(on_disk.containers.values()).sum();
        let words = || format!("Pod ephemeral local storage usage exceeds the total limit of containers {limit}. ");
        beyond(used, &limit).then(words)
    };
    let container = || {
        pod.having(Role::Main).find_map(|container| {
            let limit = *of_container(&container.spec, "limits").get(STORAGE)?;
            let (name, used) = (container.name(), on_disk.containers.get(container.name())?);
            let text = limit.to_string();
            let words = || format!("Container {name} exceeded its local ephemeral storage limit {text:?}. ");
            beyond(*used, &limit).then(words)
        })
    };
    volume.or_else(whole).or_else(container)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;

    fn pod(spec: Value) -> Pod {
        Pod::read(Arc::new(json!({"metadata": {"name": "p"}, "spec": spec}))).unwrap()
    }

    fn limited(name: &str, limit: &str) -> Value {
        json!({"name": name, "resources": {"limits": {"ephemeral-storage": limit}}})
    }

    fn used(volumes: &[(&str, u64)], containers: &[(&str, u64)]) -> OnDisk {
        let map = |list: &[(&str, u64)]| list.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect();
        OnDisk { volumes: map(volumes), containers: map(containers) }
    }

    #[test]
    fn a_volume_beyond_its_limit_is_told_by_name() {
        let pod = pod(json!({"containers": [{"name": "c"}], "volumes": [
            {"name": "free", "emptyDir": {}}, {"name": "ram", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
            {"name": "cache", "emptyDir": {"sizeLimit": "1Mi"}}]}));
        assert!(is_limited(&pod));
        assert_eq!(exceeded(&pod, &used(&[("free", 9 << 20), ("ram", 9 << 20), ("cache", 1 << 20)], &[])), None);
        insta::assert_snapshot!(
            exceeded(&pod, &used(&[("cache", (1 << 20) + 1)], &[])).unwrap(),
            @r#"Usage of EmptyDir volume "cache" exceeds the limit "1Mi". "#
        );
    }

    #[test]
    fn containers_are_held_to_their_limits_together_and_each() {
        let pod = pod(json!({"containers": [limited("a", "10Mi"), limited("b", "20Mi")],
            "volumes": [{"name": "v", "emptyDir": {}}]}));
        assert_eq!(exceeded(&pod, &used(&[("v", 5 << 20)], &[("a", 9 << 20), ("b", 15 << 20)])), None);
        insta::assert_snapshot!(
            exceeded(&pod, &used(&[("v", 5 << 20)], &[("a", 9 << 20), ("b", 17 << 20)])).unwrap(),
            @"Pod ephemeral local storage usage exceeds the total limit of containers 30Mi. "
        );
        insta::assert_snapshot!(
            exceeded(&pod, &used(&[], &[("a", 11 << 20), ("b", 1)])).unwrap(),
            @r#"Container a exceeded its local ephemeral storage limit "10Mi". "#
        );
    }

    #[test]
    fn without_limits_there_is_nothing_to_look_at() {
        assert!(!is_limited(&pod(json!({"containers": [{"name": "c"}], "volumes": [{"name": "v", "emptyDir": {}}]}))));
    }
}
