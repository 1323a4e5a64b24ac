//! What the commands and flags are for, in our own words: `commands.txt` has a paragraph or two and some lines to try for
//! each command, `flags.tsv` a sentence for each flag, and `flag@command` where one means something else.

use std::{collections::BTreeMap, sync::LazyLock};

use super::Command;

/// The words about one command.
#[derive(Debug, Default)]
struct Words {
    about: Vec<&'static str>,
    examples: Vec<&'static str>,
}

static COMMANDS: LazyLock<BTreeMap<&'static str, Words>> = LazyLock::new(|| read(include_str!("commands.txt")));

static FLAGS: LazyLock<BTreeMap<&'static str, &'static str>> =
    LazyLock::new(|| include_str!("flags.tsv").lines().filter_map(|line| line.split_once('\t')).collect());

/// Reads paragraphs, and behind them comments and command lines, below a line with the command.
fn read(text: &'static str) -> BTreeMap<&'static str, Words> {
    let mut all = BTreeMap::new();
    for part in text.trim_start_matches("== ").split("\n== ") {
        let (path, rest) = part.split_once('\n').unwrap_or((part, ""));
        let mut words = Words::default();
        for line in rest.lines().filter(|line| !line.is_empty()) {
            let examples = !words.examples.is_empty() || line.starts_with("# ");
            if examples { words.examples.push(line) } else { words.about.push(line) }
        }
        all.insert(path, words);
    }
    all
}

/// What a command does.
pub fn about(command: &Command) -> String {
    let paragraphs = COMMANDS.get(command.path).map(|words| words.about.as_slice()).unwrap_or_default();
    paragraphs.join("\n\n ")
}

/// Command lines to try.
pub fn examples(path: &str) -> String {
    let lines = COMMANDS.get(path).map(|words| words.examples.as_slice()).unwrap_or_default();
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let apart = if at > 0 && line.starts_with("# ") { "  \n" } else { "" };
        text.push_str(&format!("{apart}  {line}\n"));
    }
    text
}

/// What a flag of a command does.
pub fn flag(path: &str, name: &str) -> &'static str {
    let of_command = FLAGS.get(format!("{name}@{path}").as_str());
    of_command.or_else(|| FLAGS.get(name)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::command::{GLOBAL, all, find};

    #[test]
    fn every_command_has_its_words_and_lines_to_try() {
        for command in all() {
            assert!(!about(command).is_empty(), "{} has no words", command.path);
            assert!(!command.runs() || !examples(command.path).is_empty(), "{} has no examples", command.path);
        }
        let lost: Vec<&&str> = COMMANDS.keys().filter(|path| find(path).is_none()).collect();
        assert!(lost.is_empty(), "{lost:?} are no commands");
    }

    #[test]
    fn every_flag_has_its_words() {
        let own = all().flat_map(|command| command.flags.iter().map(|flag| (command.path, flag.name)));
        let global = GLOBAL.iter().map(|flag| ("", flag.name));
        let wordless: Vec<_> = own.chain(global).filter(|(path, name)| flag(path, name).is_empty()).collect();
        assert!(wordless.is_empty(), "{wordless:?} have no words");
    }

    #[test]
    fn every_example_is_a_line_that_can_be_read() {
        for line in COMMANDS.values().flat_map(|words| &words.examples).filter_map(|line| line.strip_prefix("kubectl "))
        {
            let words: Vec<String> = line.split(' ').map(|word| word.trim_matches(['\'', '"']).to_owned()).collect();
            let wrong = matches!(crate::args::parse(&words), crate::args::Parsed::Wrong(_));
            // What has blanks within quotes is no list of words for this test.
            assert!(!wrong || line.contains(['"', '\'']), "{line}");
        }
    }
}
