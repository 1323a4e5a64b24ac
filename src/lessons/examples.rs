//! Files of the Kubernetes documentation: pages name them by address, and they lie in the `examples` folder.

/// Where they are on the web.
const ADDRESSES: [&str; 4] = [
    "https://k8s.io/examples/",
    "https://kubernetes.io/examples/",
    "http://k8s.io/examples/",
    "https://raw.githubusercontent.com/kubernetes/website/main/content/en/examples/",
];

/// What stands for a text that many of those pages include, where it is not there: it speaks of a cluster that readers
/// are to have, and here they have one.
pub fn instead_of(path: &str) -> Option<&'static str> {
    let known = ["task-tutorial-prereqs.md", "task-tutorial-prereqs-node-upgrade.md"];
    known.contains(&path).then_some("You need a cluster and kubectl. Both are beside this page.")
}

/// The addresses of such files in a command, each with the file's path.
pub fn named_in(command: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for word in command.split_whitespace() {
        let word = word.trim_matches(['"', '\'']);
        let word = word.rsplit_once('=').map_or(word, |(_, value)| value);
        found.extend(ADDRESSES.iter().find_map(|address| {
            let path = word.strip_prefix(address)?.trim_end_matches('/');
            (!path.is_empty()).then(|| (word.to_owned(), path.to_owned()))
        }));
    }
    found
}

/// The name of a file as it lies on the learner's desk: without its folders.
pub fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_examples_are_found() {
        let found = named_in("kubectl apply -f https://k8s.io/examples/pods/a.yaml --wait");
        assert_eq!(found, [("https://k8s.io/examples/pods/a.yaml".to_owned(), "pods/a.yaml".to_owned())]);
        assert!(named_in("kubectl apply -f https://example.org/a.yaml").is_empty());
        assert_eq!(file_name("pods/probe/exec.yaml"), "exec.yaml");
    }
}
