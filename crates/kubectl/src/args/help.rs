//! `--help`.

mod words;

use super::{
    Command,
    command::{GLOBAL, children, find},
    flag::Flag,
};

const SECTIONS: [(&str, &[&str]); 8] = [
    ("Basic Commands (Beginner):", &["create", "expose", "run", "set"]),
    ("Basic Commands (Intermediate):", &["explain", "get", "edit", "delete"]),
    ("Deploy Commands:", &["rollout", "scale", "autoscale"]),
    ("Cluster Management Commands:", &["certificate", "cluster-info", "top", "cordon", "uncordon", "drain", "taint"]),
    (
        "Troubleshooting and Debugging Commands:",
        &["describe", "logs", "attach", "exec", "port-forward", "proxy", "cp", "auth", "debug", "events"],
    ),
    ("Advanced Commands:", &["diff", "apply", "patch", "replace", "wait", "kustomize"]),
    ("Settings Commands:", &["label", "annotate", "completion"]),
    ("Subcommands provided by plugins:", &[]),
];
const OTHER: [&str; 6] = ["api-resources", "api-versions", "config", "kuberc", "plugin", "version"];
/// The names of commands below another stand in a column at least this wide.
const LEAST_WIDTH: usize = 11;
const GLOBAL_HINT: &str =
    "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n";

pub use words::flag;

/// The help of a command; of kubectl itself for an empty path.
pub fn of(path: &str) -> String {
    find(path).map_or_else(root, one)
}

/// The flags that every command takes.
pub fn options() -> String {
    format!(
        "The following options can be passed to any command:\n\n{}",
        flags("", &GLOBAL).trim_end_matches('\n').to_owned() + "\n"
    )
}

/// What is said about words that are no command.
pub fn topic(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    format!("Unknown help topic [{}]\n\n\n{}", quoted.join(" "), usage())
}

fn root() -> String {
    format!(
        "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n\n{}",
        usage()
    )
}

fn usage() -> String {
    let mut text = String::new();
    for (title, names) in SECTIONS.into_iter().chain([("Other Commands:", &OTHER[..])]) {
        text.push_str(&format!("{title}\n"));
        for command in names.iter().filter_map(|name| find(name)) {
            text.push_str(&format!("  {:<15} {}\n", command.name(), command.short));
        }
        text.push('\n');
    }
    text.push_str("Usage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\n");
    text + GLOBAL_HINT
}

fn one(command: &Command) -> String {
    let mut text = format!("{}\n\n", words::about(command));
    if !command.aliases.is_empty() {
        text.push_str(&format!("Aliases:\n{}, {}\n\n", command.name(), command.aliases.join(", ")));
    }
    let examples = words::examples(command.path);
    if !examples.is_empty() {
        text.push_str(&format!("Examples:\n{examples}\n"));
    }
    let below: Vec<&Command> = children(command.path).collect();
    if !below.is_empty() {
        let longest = below.iter().map(|child| child.name().len()).max().unwrap_or(0);
        let width = longest.max(LEAST_WIDTH) + 3;
        text.push_str("Available Commands:\n");
        for child in &below {
            text.push_str(&format!("  {:<width$}{}\n", child.name(), child.short));
        }
        text.push('\n');
    }
    if !command.flags.is_empty() {
        text.push_str(&format!("Options:\n{}", flags(command.path, &command.flags)));
    }
    text.push_str(&format!(
        "Usage:\n  {}{}\n\n",
        command.usage,
        if command.path == "port-forward" { "" } else { " [options]" }
    ));
    if !below.is_empty() {
        text.push_str(&format!(
            "Use \"{} <command> --help\" for more information about a given command.\n",
            command.full_path()
        ));
    }
    text + GLOBAL_HINT
}

fn flags(path: &str, flags: &[Flag]) -> String {
    flags.iter().fold(String::new(), |text, flag| {
        text + &format!("    {}={}:\n\t{}\n\n", flag.shown_name(), flag.shown_default(), words::flag(path, flag.name))
    })
}
