//! Namespaces: what must have let go of one before it ends, and the levels of Pod Security that its labels ask for.

use serde_json::Value;

use super::{Findings, Path, names};
use crate::json::items;

const LEVELS: [&str; 3] = ["privileged", "baseline", "restricted"];

/// A new or changed Namespace.
pub(super) fn namespace(found: &mut Findings, namespace: &Value) {
    let path = Path::new("spec").child("finalizers");
    for name in items(&namespace["spec"], "finalizers").iter().filter_map(Value::as_str) {
        found.invalid_each(&path, name, names::qualified(name));
        if !name.contains('/') && name != "kubernetes" {
            found.invalid(&path, name, "name is neither a standard finalizer name nor is it fully qualified");
        }
    }
    pod_security(found, &namespace["metadata"]["labels"], &Path::new("metadata").child("labels"));
}

fn pod_security(found: &mut Findings, labels: &Value, path: &Path) {
    for mode in ["enforce", "audit", "warn"] {
        let key = format!("pod-security.kubernetes.io/{mode}");
        if let Some(level) = labels[&key].as_str().filter(|level| !LEVELS.contains(level)) {
            found.invalid(&path.key(&key), level, format!("must be one of {}", LEVELS.join(", ")));
        }
        let key = format!("{key}-version");
        if let Some(version) = labels[&key].as_str().filter(|version| !is_version(version)) {
            found.invalid(&path.key(&key), version, "must be \"latest\" or \"v1.x\"");
        }
    }
}

/// `latest`, or a minor version of 1.
fn is_version(text: &str) -> bool {
    let minor = text.strip_prefix("v1.").unwrap_or_default();
    text == "latest" || minor == "0" || (!minor.starts_with('0') && minor.parse::<u32>().is_ok_and(|n| n > 0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As Kubernetes 1.36 refuses them.
    #[test]
    fn levels_that_there_are_not_are_refused() {
        let said = |labels: Value, finalizers: Value| {
            let mut found = Findings::default();
            namespace(&mut found, &json!({"metadata": {"labels": labels}, "spec": {"finalizers": finalizers}}));
            found.into_errors().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let good = json!({"pod-security.kubernetes.io/enforce": "baseline",
            "pod-security.kubernetes.io/enforce-version": "v1.30", "pod-security.kubernetes.io/warn-version": "latest"});
        assert_eq!(said(good, json!(["kubernetes", "example.com/x"])), "");
        let bad = json!({"pod-security.kubernetes.io/enforce": "Restricted",
            "pod-security.kubernetes.io/enforce-version": "1.30", "pod-security.kubernetes.io/warn": "none"});
        insta::assert_snapshot!(said(bad, json!(["foo"])), @r#"
        spec.finalizers: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified
        metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "Restricted": must be one of privileged, baseline, restricted
        metadata.labels[pod-security.kubernetes.io/enforce-version]: Invalid value: "1.30": must be "latest" or "v1.x"
        metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "none": must be one of privileged, baseline, restricted
        "#);
    }
}
