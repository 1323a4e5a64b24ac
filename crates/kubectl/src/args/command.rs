//! The commands that there are.

use std::sync::LazyLock;

use super::flag::{self, Flag};

/// A command or a group of commands.
#[derive(Debug)]
pub struct Command {
    /// Its words, without `kubectl`: `create secret generic`.
    pub path: &'static str,
    /// Other names for its last word.
    pub aliases: Vec<&'static str>,
    /// One line about it, as kubectl's own list has it.
    pub short: &'static str,
    /// How it is called.
    pub usage: &'static str,
    /// Its own flags, by name.
    pub flags: Vec<Flag>,
}

impl Command {
    /// The last word.
    pub fn name(&self) -> &'static str {
        self.path.rsplit(' ').next().unwrap_or(self.path)
    }

    /// The whole name, as messages have it.
    pub fn full_path(&self) -> String {
        format!("kubectl {}", self.path)
    }

    /// Whether it does something by itself, without a further word.
    pub fn runs(&self) -> bool {
        matches!(self.path, "create" | "apply" | "cluster-info") || children(self.path).next().is_none()
    }

    /// The flag of that long name, of its own or global. An underscore counts as a dash.
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        let name = name.replace('_', "-");
        self.flags.iter().chain(GLOBAL.iter()).find(|flag| flag.name == name)
    }

    /// The flag of that short form.
    pub fn short_flag(&self, short: char) -> Option<&Flag> {
        self.flags.iter().chain(GLOBAL.iter()).find(|flag| flag.short == Some(short))
    }
}

/// Flags that every command takes.
pub static GLOBAL: LazyLock<Vec<Flag>> = LazyLock::new(|| flag::read(flag::GLOBAL));

static COMMANDS: LazyLock<Vec<Command>> =
    LazyLock::new(|| include_str!("commands.tsv").lines().filter_map(row).collect());

fn row(line: &'static str) -> Option<Command> {
    let mut cells = line.split('\t');
    let mut next = || cells.next().unwrap_or_default();
    let path = next();
    let aliases = next().split(',').filter(|alias| !alias.is_empty()).collect();
    let (short, usage, flags) = (next(), next(), flag::read(next()));
    (!path.is_empty()).then_some(Command { path, aliases, short, usage, flags })
}

/// All commands.
#[cfg(test)]
pub fn all() -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter()
}

/// The command with exactly these words.
pub fn find(path: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.path == path)
}

/// The commands directly below `path`.
pub fn children(path: &str) -> impl Iterator<Item = &'static Command> {
    let depth = path.split(' ').filter(|word| !word.is_empty()).count();
    let prefix = if path.is_empty() { String::new() } else { format!("{path} ") };
    COMMANDS
        .iter()
        .filter(move |command| command.path.starts_with(&prefix) && command.path.split(' ').count() == depth + 1)
}

/// The command below `path` that `word` names.
pub fn child(path: &str, word: &str) -> Option<&'static Command> {
    children(path).find(|command| command.name() == word || command.aliases.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole() {
        assert!(COMMANDS.len() > 100);
        for command in COMMANDS.iter() {
            assert!(!command.short.is_empty() && command.usage.starts_with("kubectl "), "{}", command.path);
        }
    }

    #[test]
    fn aliases_and_groups() {
        assert_eq!(child("create", "cm").map(|command| command.path), Some("create configmap"));
        assert!(!find("create secret").is_some_and(Command::runs));
        assert!(find("create").is_some_and(Command::runs));
    }
}
