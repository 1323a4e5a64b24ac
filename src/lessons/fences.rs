//! Code blocks: what one is, by its content first and its language second.

use crate::lessons::{
    commands::{self, shape},
    manifests,
    page::identity::minutes,
};

/// What a code block is to a learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something to run.
    Command,
    /// What a command prints.
    Output,
    /// A Kubernetes object, for the editor.
    Manifest,
    /// Assertions about the sandbox.
    Check,
    /// Anything else: shown.
    Code,
}

/// The words after a fence's opening: ```` ```yaml title="pod.yaml" lab=copy ````.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    /// The first word, in lower case; empty for indented code.
    pub language: String,
    /// `title=` (Docusaurus), `file=` or `filename=`.
    pub title: Option<String>,
    /// The author's own wish: `run`, `copy`, `none`, `output`, `check`, `broken`.
    pub lab: Option<String>,
    /// `expect=exit:1`: the exit code that a command is meant to end with.
    pub exit: Option<i32>,
    /// `timeout=2m`, in seconds.
    pub timeout: Option<u64>,
    /// `match=glob`: a `*` of an output stands for anything.
    pub glob: bool,
    /// `time=3m` of a step, in minutes.
    pub minutes: Option<u32>,
}

impl Info {
    /// Reads an info string.
    pub fn read(info: &str) -> Self {
        let first = info.split([' ', '{', ',']).next().unwrap_or_default();
        let rest = info[first.len()..].trim_matches([' ', '{', '}']);
        let words = shlex::split(rest).unwrap_or_default();
        let value = |keys: &[&str]| {
            words.iter().find_map(|word| {
                let (key, value) = word.split_once('=')?;
                keys.contains(&key).then(|| value.to_owned())
            })
        };
        let seconds = |text: String| humantime::parse_duration(&text).ok().map(|time| time.as_secs());
        Self {
            language: first.trim_start_matches('.').to_lowercase(),
            title: value(&["title", "file", "filename", "name"]),
            lab: value(&["lab"]),
            exit: value(&["expect"]).and_then(|text| text.strip_prefix("exit:")?.parse().ok()),
            timeout: value(&["timeout"]).and_then(seconds),
            glob: value(&["match"]).as_deref() == Some("glob"),
            minutes: value(&["time"]).and_then(|time| minutes(&time)),
        }
    }

    /// What a comment before the block wishes, where the block itself says nothing.
    #[must_use]
    pub fn or(self, wish: Self) -> Self {
        Self {
            language: self.language,
            title: self.title.or(wish.title),
            lab: self.lab.or(wish.lab),
            exit: self.exit.or(wish.exit),
            timeout: self.timeout.or(wish.timeout),
            glob: self.glob || wish.glob,
            minutes: self.minutes.or(wish.minutes),
        }
    }

    /// Whether a manifest is wrong on purpose.
    pub fn broken(&self) -> bool {
        self.lab.as_deref() == Some("broken")
    }

    fn is_shell(&self) -> bool {
        matches!(
            self.language.as_str(),
            "bash" | "sh" | "shell" | "console" | "shell-session" | "shellsession" | "terminal" | "zsh"
        )
    }

    fn is_bare(&self) -> bool {
        matches!(self.language.as_str(), "" | "text" | "txt" | "plain" | "plaintext" | "output" | "none")
    }

    fn is_data(&self) -> bool {
        matches!(self.language.as_str(), "yaml" | "yml" | "json" | "")
    }
}

/// What a block is, given whether a command came before it in the same step.
pub fn classify(info: &Info, text: &str, after_command: bool) -> Kind {
    match info.lab.as_deref() {
        Some("output") => return Kind::Output,
        Some("none") => return Kind::Code,
        Some("run" | "copy") => return Kind::Command,
        Some("check") => return Kind::Check,
        Some("apply" | "broken") => return Kind::Manifest,
        _ => {}
    }
    if info.is_data() && manifests::is_manifest(&info.language, text) {
        return Kind::Manifest;
    }
    if !info.is_shell() && !info.is_bare() {
        return Kind::Code;
    }
    if begins_with_command(info, text, after_command) {
        return Kind::Command;
    }
    if after_command || looks_like_output(text) { Kind::Output } else { Kind::Code }
}

fn begins_with_command(info: &Info, text: &str, after_command: bool) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let Some(first) = lines.next() else { return false };
    if commands::without_prompt(first).is_some() {
        return true;
    }
    // What `env` and `id` print looks like what sets variables.
    if after_command && shape::is_settings(text) && (!info.is_shell() || text.trim().contains('\n')) {
        return false;
    }
    if commands::runs_here(first) {
        return info.language != "output";
    }
    if info.is_shell() {
        return info.language != "console" && !looks_like_output(text) && shape::may_be_command(first);
    }
    !after_command && info.language.is_empty() && shape::runs_elsewhere(first)
}

/// What kubectl prints: a table's head, a describe, `pod/web created`, an error.
fn looks_like_output(text: &str) -> bool {
    let first = text.trim_start().lines().next().unwrap_or_default();
    let head = first.split_whitespace().next().unwrap_or_default();
    shape::is_table_head(first)
        || first.starts_with("Name: ")
        || first.starts_with("Error from server")
        || first.starts_with("error: ")
        || (head.contains('/') && ["created", "configured", "unchanged"].iter().any(|end| first.ends_with(end)))
        || first.trim() == "..."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(info: &str, text: &str, after_command: bool) -> Kind {
        classify(&Info::read(info), text, after_command)
    }

    #[test]
    fn info_strings_of_both_worlds_are_read() {
        let info = Info::read("yaml title=\"10-pod.yaml\" lab=copy showLineNumbers");
        assert_eq!(info.title.as_deref(), Some("10-pod.yaml"));
        assert_eq!(info.lab.as_deref(), Some("copy"));
        assert_eq!(Info::read("yaml {filename=\"a.yaml\"}").title.as_deref(), Some("a.yaml"));
        assert_eq!(Info::read("Bash{1,3}").language, "bash");
        assert_eq!(Info::read(""), Info::default());
    }

    #[test]
    fn commands_are_recognised_by_their_first_word_or_prompt() {
        assert_eq!(kind("bash", "kubectl get pods", false), Kind::Command);
        assert_eq!(kind("", "kubectl get pods", true), Kind::Command);
        assert_eq!(kind("", "❯ docker ps", false), Kind::Command);
        assert_eq!(kind("shell", "minikube start", false), Kind::Command);
        assert_eq!(kind("shell", "# now\nkubectl get pods", false), Kind::Command);
        assert_eq!(kind("", "mkdir -p x\ncat <<EOF > x/a.yaml\napiVersion: v1\nkind: Pod\nEOF", false), Kind::Command);
        assert_eq!(kind("", "git version 2.50", true), Kind::Output);
    }

    #[test]
    fn outputs_are_recognised_though_fenced_as_shell() {
        assert_eq!(kind("shell", "NAME    READY   STATUS\nweb     1/1     Running", false), Kind::Output);
        assert_eq!(kind("", "pod/web created", false), Kind::Output);
        assert_eq!(kind("", "Hello World", true), Kind::Output);
        assert_eq!(kind("", "Hello World", false), Kind::Code);
        assert_eq!(kind("console", "anything", true), Kind::Output);
        assert_eq!(kind("shell", "NAME\nv1beta1.metrics.k8s.io", true), Kind::Output);
        assert_eq!(kind("shell", "A_HOST=10.0.0.1\nA_PORT=80", true), Kind::Output);
        assert_eq!(kind("", "uid=1000 gid=3000", true), Kind::Output);
        assert_eq!(kind("shell", "POD=web", true), Kind::Command);
        assert_eq!(kind("shell", "port: 80\nprotocol: TCP", false), Kind::Code);
    }

    #[test]
    fn a_manifest_has_a_version_and_a_kind() {
        assert_eq!(kind("yaml", "apiVersion: v1\nkind: Pod\n", false), Kind::Manifest);
        assert_eq!(kind("", "apiVersion: v1\nkind: Pod\n", true), Kind::Manifest);
        assert_eq!(kind("json", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}", false), Kind::Manifest);
        assert_eq!(kind("yaml", "spec:\n  containers: []\n", false), Kind::Code);
    }

    #[test]
    fn the_author_has_the_last_word() {
        assert_eq!(kind("bash lab=none", "kubectl get pods", false), Kind::Code);
        assert_eq!(kind("yaml lab=output", "apiVersion: v1\nkind: Pod\n", false), Kind::Output);
    }
}
