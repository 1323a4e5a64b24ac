//! Manifests in a lesson: recognising one, and finding the name of its file.

use serde_json::Value;

/// Whether a block is a whole object: `apiVersion` and `kind` at its top. A manifest that is broken on purpose,
/// because the lesson mends it, counts too; so YAML is looked at by line. One that leaves something out by an indented
/// `...` is there to be read.
pub fn is_manifest(language: &str, text: &str) -> bool {
    if language == "json" || text.trim_start().starts_with('{') {
        return serde_json::from_str::<Value>(text)
            .is_ok_and(|value| value.get("apiVersion").is_some() && value.get("kind").is_some());
    }
    let has = |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    let elided = text.lines().any(|line| line.starts_with(' ') && line.trim() == "...");
    // What a here-document of a command holds is written by that command.
    has("apiVersion") && has("kind") && !elided && (!language.is_empty() || begins_as_yaml(text))
}

/// Whether the first line that says anything is a key of YAML.
fn begins_as_yaml(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with(['#', '-', '%']));
    let key = first.and_then(|line| line.split_once(':')).map_or("", |(key, _)| key.trim_matches(['"', '\'']));
    !key.is_empty() && !key.contains(char::is_whitespace)
}

/// The groups that an API server itself serves.
const OWN_GROUPS: [&str; 17] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Whether an API server takes objects of this version at all. Files that programs are configured with look like
/// manifests, and other groups are custom resources, which may have been made known elsewhere.
pub fn is_for_the_api(version: &str, kind: &str) -> bool {
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let is_kubeconfig = version == "v1" && kind == "Config";
    !is_kubeconfig && (!group.contains('.') || OWN_GROUPS.contains(&group))
}

/// The name that a text gives a file in a code span: "Save as `10-pod.yaml`".
pub fn named_in(spans: &[String]) -> Option<String> {
    let is_file = |name: &&String| {
        [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end)) && !name.contains(['/', ' ', '\\'])
    };
    spans.iter().rev().find(is_file).cloned()
}

/// A name for a manifest that the text gives none: `pod-web.yaml`, from what it says about itself.
pub fn own_name(text: &str) -> String {
    let value = |line: &str, key: &str| {
        line.strip_prefix(key)?.strip_prefix(':').map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
    };
    let kind = text.lines().find_map(|line| value(line, "kind")).unwrap_or_else(|| "object".into());
    let name = text.lines().find_map(|line| value(line, "  name")).unwrap_or_default();
    let stem = if name.is_empty() { kind } else { format!("{kind}-{name}") };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
    format!("{}.yaml", stem.to_lowercase().chars().filter(|letter| plain(*letter)).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_that_leaves_something_out_is_only_read() {
        let pod = "apiVersion: v1\nkind: Pod\nspec:\n  restartPolicy: Never\n";
        assert!(is_manifest("yaml", pod) && !is_manifest("yaml", &format!("{pod}  ...\n")));
        assert!(is_manifest("yaml", &format!("{pod}...\n")), "it ends a document");
    }

    #[test]
    fn a_here_document_is_no_manifest_of_its_own() {
        let pod = "apiVersion: v1\nkind: Pod\n";
        assert!(is_manifest("", pod) && is_manifest("", &format!("# a Pod\n---\n{pod}")));
        assert!(!is_manifest("", &format!("cat <<EOF > pod.yaml\n{pod}EOF\n")));
    }

    #[test]
    fn a_broken_manifest_is_still_one_and_a_fragment_is_none() {
        assert!(is_manifest("yaml", "apiVersion: v1\nkind: Pod\nspec: [\n"));
        assert!(!is_manifest("yaml", "...\nspec:\n  kind: x\n"));
        assert!(is_manifest("", "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}"));
        assert!(!is_manifest("json", "{\"kind\":\"Pod\"}"));
    }

    #[test]
    fn what_programs_are_configured_with_is_not_for_the_api() {
        assert!(is_for_the_api("v1", "Pood") && is_for_the_api("app/v1", "Deployment"));
        assert!(is_for_the_api("networking.k8s.io/v1", "Ingres"));
        for (version, kind) in [("v1", "Config"), ("audit.k8s.io/v1", "Policy"), ("kind.x-k8s.io/v1alpha4", "Cluster")]
        {
            assert!(!is_for_the_api(version, kind), "{version} {kind}");
        }
    }

    #[test]
    fn names_come_from_the_text_before_it_or_from_itself() {
        let spans = ["kubectl".to_owned(), "10-pod.yaml".to_owned(), "spec".to_owned()];
        assert_eq!(named_in(&spans).as_deref(), Some("10-pod.yaml"));
        assert_eq!(own_name("apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n"), "pod-web.yaml");
        assert_eq!(own_name("apiVersion: v1\nkind: Pod\n"), "pod.yaml");
    }
}
