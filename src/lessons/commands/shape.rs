//! What a line looks like: a command that somebody types, or something that a program has said. Pages fence both alike.

use super::{after_assignments, is_assignment, runs_here};

/// Programs that pages have their reader run in a shell of their own.
const ELSEWHERE: [&str; 18] = [
    "cd",
    "chmod",
    "cp",
    "crictl",
    "docker",
    "git",
    "helm",
    "kind",
    "kubeadm",
    "minikube",
    "mkdir",
    "mv",
    "openssl",
    "podman",
    "ssh",
    "sudo",
    "systemctl",
    "wget",
];

/// Whether a line begins with a program that is surely no word of an output.
pub fn runs_elsewhere(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(|word| ELSEWHERE.contains(&word))
}

/// Whether a line may be a command at all: its first word could be a program's name. `NAME`, `2)`, `port:`, `...` are none.
pub fn may_be_command(line: &str) -> bool {
    let Some(word) = after_assignments(line).split_whitespace().next() else { return true };
    let is_path = word.starts_with(['.', '/', '~']) && word.contains('/');
    let whole = |letter: char| letter.is_ascii_alphanumeric() || "._+-".contains(letter);
    let is_name = word.starts_with(|letter: char| letter.is_ascii_lowercase()) && word.chars().all(whole);
    is_path || is_name || word.starts_with(['$', '(', '[', '{']) && !word.contains('"')
}

/// Whether a text is nothing but `NAME=value`, as `env` and `id` print it.
pub fn is_settings(text: &str) -> bool {
    let mut words = text.split_whitespace().peekable();
    words.peek().is_some() && !text.contains('$') && words.all(is_assignment)
}

/// What kubectl says when it has done something: `pod/web created`.
pub fn is_result(line: &str) -> bool {
    const DONE: [&str; 8] =
        ["created", "configured", "unchanged", "deleted", "patched", "labeled", "annotated", "condition met"];
    line.split_once(' ').is_some_and(|(what, done)| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '.' | '-' | '"');
        what.contains('/') && what.chars().all(plain) && DONE.contains(&done)
    })
}

/// The head of a table: `NAME   READY   STATUS`.
pub fn is_table_head(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().is_some_and(is_column) && words.next().is_some_and(is_column)
}

fn is_column(word: &str) -> bool {
    word.len() > 1 && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '-')
}

/// Whether a line without a prompt belongs to what the command before it in the same block printed; `printed` says that
/// the line before it does.
pub fn is_printed(line: &str, printed: bool) -> bool {
    let begins = is_result(line) || is_table_head(line) || !(line.starts_with('#') || may_be_command(line));
    begins || (printed && !runs_here(line) && !runs_elsewhere(line))
}

/// Whether a shell waits for the end of a loop or a condition: `for x in a b; do` without its `done`.
pub fn is_open(command: &str) -> bool {
    let mut depth = 0_i32;
    let mut begins = true;
    for word in command.replace([';', '\n'], " ; ").split_whitespace() {
        match word {
            "for" | "while" | "until" | "if" | "case" if begins => depth += 1,
            "done" | "fi" | "esac" if begins => depth -= 1,
            _ => {}
        }
        begins = matches!(word, ";" | "do" | "then" | "else" | "&&" | "||" | "|" | "{" | "(");
    }
    depth > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_say_is_no_command() {
        for said in [
            "NAME",
            "...",
            "2) \"a\"",
            "port: 80",
            "127.0.0.1:6379> GET a",
            "<title>",
            "INFO started",
            "{\"a\":1}",
            "-",
        ] {
            assert!(!may_be_command(said), "{said}");
        }
        for typed in
            ["kompose up", "./run.sh", "/bin/sh -c x", "A=1 make", "$CMD x", "for a in b; do", "~/bin/x", "A=1"]
        {
            assert!(may_be_command(typed), "{typed}");
        }
    }

    #[test]
    fn settings_are_what_env_and_id_print() {
        assert!(is_settings("uid=1000 gid=3000 groups=2000") && is_settings("A=1\nB=2\n"));
        assert!(!is_settings("POD=$(kubectl get pods -o name)") && !is_settings("A=1 make") && !is_settings(""));
    }

    #[test]
    fn loops_and_conditions_are_open_until_their_end() {
        assert!(is_open("for i in 0 1; do") && is_open("for i in 0 1; do\nif true; then\necho; fi"));
        assert!(!is_open("for i in 0 1; do echo $i; done") && !is_open("if a; then\nb\nfi") && !is_open("echo for if"));
        assert!(!is_open("kubectl wait --for=condition=Ready pod/web"));
    }
}
