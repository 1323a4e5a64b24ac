//! Shells in containers: `kubectl exec -it web -- sh` opens one, and what a page shows after it is typed there.

/// Shells that a command may open.
const SHELLS: [&str; 8] = ["sh", "/bin/sh", "bash", "/bin/bash", "ash", "/bin/ash", "zsh", "/bin/zsh"];
/// Programs that run on the reader's own machine, wherever a shell is open.
const OUTSIDE: [&str; 9] = ["kubectl", "k", "docker", "podman", "minikube", "kind", "ssh", "helm", "gcloud"];

/// Whether a command opens a shell that waits for what is typed.
pub fn opens(line: &str) -> bool {
    let Some(words) = shlex::split(line) else { return false };
    if !matches!(words.first().map(String::as_str), Some("kubectl" | "k")) {
        return false;
    }
    let mut halves = words.split(|word| word == "--");
    let own = halves.next().unwrap_or_default();
    let inside: Vec<&str> = halves.flatten().map(String::as_str).collect();
    let has = |short: char, long: &str| own.iter().any(|word| is_switch(word, short, long));
    if !has('i', "--stdin") || !has('t', "--tty") {
        return false;
    }
    let verb = own.iter().skip(1).find(|word| !word.starts_with('-')).map(String::as_str);
    match (verb, inside.as_slice()) {
        (Some("exec" | "run" | "debug"), [shell]) => SHELLS.contains(shell),
        // Without `--`, as older pages have it.
        (Some("exec"), []) => own.last().is_some_and(|last| SHELLS.contains(&last.as_str())),
        (Some("attach"), _) => true,
        (Some("debug"), []) => true,
        _ => false,
    }
}

fn is_switch(word: &str, short: char, long: &str) -> bool {
    let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    letters.is_some_and(|letters| letters.chars().take_while(|c| "itq".contains(*c)).any(|c| c == short))
        || word == long
        || word.strip_prefix(long) == Some("=true")
}

/// Whether a line is typed into an open shell rather than run beside it.
pub fn takes(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(|program| !OUTSIDE.contains(&program))
}

/// Whether a line leaves the shell.
pub fn is_left_by(line: &str) -> bool {
    matches!(line.trim(), "exit" | "logout")
}

/// A line without the prompt of a shell in a container, if it has one: `root@web:/data# ls`, `/ # ls`, `~ $ ls`.
pub fn without_prompt(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let at = line.find(['#', '$'])?;
    let (place, rest) = (line[..at].trim_end(), &line[at + 1..]);
    let command = rest.strip_prefix(' ').or_else(|| rest.is_empty().then_some(rest))?.trim_start();
    is_place(place).then_some(command)
}

/// What stands before the `#` of a prompt: where the shell is.
fn is_place(text: &str) -> bool {
    let is_path = |path: &str| {
        let whole = path.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-~".contains(letter));
        (path.starts_with('/') || path.starts_with('~')) && whole
    };
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
    };
    match text.split_once('@') {
        Some((user, rest)) => {
            rest.split_once(':').is_some_and(|(host, path)| is_name(user) && is_name(host) && is_path(path))
        }
        None => is_path(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_open_a_shell_are_known() {
        for line in [
            "kubectl exec -it redis -- /bin/bash",
            "kubectl exec --stdin --tty shell-demo -- /bin/bash",
            "kubectl exec -i -t my-pod --container main-app -- /bin/bash",
            "kubectl exec -it security-context-demo -- sh",
            "kubectl exec -it web sh",
            "kubectl attach -it nginx -c shell",
            "k run -it --rm box --image=busybox -- sh",
        ] {
            assert!(opens(line), "{line}");
        }
        for line in [
            "kubectl exec -it web -- ls /",
            "kubectl exec web -- sh",
            "kubectl exec -it web -- sh -c 'echo a'",
            "kubectl get pods",
            "bash",
            "kubectl exec 'it",
        ] {
            assert!(!opens(line), "{line}");
        }
    }

    #[test]
    fn prompts_in_containers_are_no_part_of_what_is_typed() {
        assert_eq!(without_prompt("root@redis:/data/redis# echo Hello > test-file"), Some("echo Hello > test-file"));
        assert_eq!(without_prompt("/ # ps ax"), Some("ps ax"));
        assert_eq!(without_prompt("/data $ ls"), Some("ls"));
        for line in ["# a comment", "$ kubectl get pods", "echo a # b", "cat /etc/passwd # all", "web@x # y", "/a#b"] {
            assert_eq!(without_prompt(line), None, "{line}");
        }
    }

    #[test]
    fn programs_of_the_readers_own_machine_are_not_typed_into_a_shell() {
        assert!(takes("ps aux") && takes("cat /proc/1/status") && !takes("kubectl get pods") && !takes("docker ps"));
        assert!(is_left_by(" exit ") && !is_left_by("exit 1"));
    }
}
