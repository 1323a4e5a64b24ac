//! `help`, and what is said about a command that is not there.

use super::BUILTINS;

/// kubectl's verbs that people type without `kubectl`.
const VERBS: &[&str] = &[
    "annotate",
    "api-resources",
    "apply",
    "attach",
    "cp",
    "create",
    "debug",
    "delete",
    "describe",
    "diff",
    "edit",
    "events",
    "exec",
    "explain",
    "expose",
    "get",
    "label",
    "logs",
    "patch",
    "port-forward",
    "replace",
    "rollout",
    "run",
    "scale",
    "set",
    "top",
];

/// What there is.
pub(super) fn help() -> String {
    let lines = BUILTINS.iter().map(|b| format!("  {:<8} {}\n", b.name, b.what));
    let tail = "Also: pipes |, files > >> <, here-documents <<END, && || ;, variables NAME=value and $NAME, $(…).\n\
                Ctrl-C ends a command; several can run at once.\n";
    format!("Commands of this console:\n{}{tail}", lines.collect::<String>())
}

/// As a shell says it, and what may have been meant.
pub(super) fn unknown(name: &str, args: &[String]) -> String {
    let hint = match name {
        _ if VERBS.contains(&name) => {
            format!("did you mean `kubectl {}`?", [&[name.to_owned()], args].concat().join(" "))
        }
        "vi" | "vim" | "nano" | "emacs" | "code" => "open the file in the editor on this page instead".to_owned(),
        "docker" | "podman" | "nerdctl" | "ctr" | "crictl" => {
            "containers run in Pods here; try `kubectl get pods`".to_owned()
        }
        "kind" | "minikube" | "k3d" => "your cluster is there already; try `kubectl get nodes`".to_owned(),
        "cd" | "mkdir" => "your files lie in one folder; `ls` lists them".to_owned(),
        _ => match closest(name) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("there is {}", BUILTINS.iter().map(|b| b.name).collect::<Vec<_>>().join(", ")),
        },
    };
    format!("sh: {name}: command not found\n{hint}\n")
}

/// The builtin that one typing mistake turns into `name`.
fn closest(name: &str) -> Option<&'static str> {
    BUILTINS.iter().map(|b| b.name).find(|known| known.len() > 2 && one_apart(known, name))
}

/// Whether one letter was left out, added, changed or swapped with its neighbour.
fn one_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (&a[same..], &b[same..]);
    match (rest_a, rest_b) {
        ([], []) => false,
        ([x1, x2, tail_a @ ..], [y1, y2, tail_b @ ..]) if x1 == y2 && x2 == y1 && tail_a == tail_b => true,
        ([_, tail_a @ ..], [_, tail_b @ ..]) if tail_a == tail_b => true,
        ([_, tail_a @ ..], _) if tail_a == rest_b => true,
        (_, [_, tail_b @ ..]) => rest_a == tail_b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn an_unknown_command_is_answered_with_what_may_have_been_meant() {
        insta::assert_snapshot!(unknown("get", &["pods".into()]), @"
        sh: get: command not found
        did you mean `kubectl get pods`?
        ");
        insta::assert_snapshot!(unknown("kubetcl", &[]), @"
        sh: kubetcl: command not found
        did you mean `kubectl`?
        ");
        insta::assert_snapshot!(unknown("awk", &[]), @"
        sh: awk: command not found
        there is kubectl, cat, ls, rm, echo, grep, head, tail, wc, sort, watch, sleep, curl, clear, help
        ");
    }
}
