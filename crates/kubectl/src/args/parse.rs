//! From words to a command with its flags, in the manner of pflag and cobra.

use super::{
    Command, Matches,
    command::{GLOBAL, child, find},
    duration,
    flag::{Flag, Kind},
    matches::{parse_bool, split_pairs},
    suggest::suggestions,
};

/// What a command line comes to.
#[derive(Debug)]
pub enum Parsed {
    /// Run this.
    Run(Box<Matches>),
    /// Show the help of this command; the words of the command, empty for kubectl itself.
    Help(&'static str),
    /// A group without a further word.
    Group(&'static Command),
    /// Help about words that are no command.
    Topic(Vec<String>),
    /// A group without any commands.
    Empty,
    /// Nothing to say.
    Nothing,
    /// A list of the global flags.
    Options,
    /// Words for standard error, after `error: `.
    Wrong(String),
}

/// Reads a command line, without the word `kubectl`.
pub fn parse(argv: &[String]) -> Parsed {
    let (words, rest) = split(argv);
    if words.is_empty() {
        return root(&rest);
    }
    match words.as_str() {
        TOPIC => return Parsed::Topic(rest),
        "options" => return options(&rest),
        "alpha" => return no_commands(&rest),
        _ => {}
    }
    let Some(command) = find(&words) else {
        return Parsed::Wrong(unknown(&words));
    };
    let mut matches = Matches::new(command);
    match read(command, &rest, &mut matches) {
        Err(Stop::Help) => Parsed::Help(command.path),
        Err(Stop::Wrong(text)) => Parsed::Wrong(format!("{text}\nSee '{} --help' for usage.", command.full_path())),
        Ok(()) if command.runs() => Parsed::Run(Box::new(matches)),
        Ok(()) if matches.args.is_empty() || command.path == "certificate" => Parsed::Group(command),
        Ok(()) => Parsed::Wrong(format!(
            "unknown command {:?}\nSee '{} -h' for help and examples",
            matches.args.join(" "),
            command.full_path()
        )),
    }
}

/// What `split` gives for help about something that is no command; no command has this name.
const TOPIC: &str = "help";

fn options(rest: &[String]) -> Parsed {
    match bare(rest) {
        Err(Stop::Help) => Parsed::Nothing,
        Err(Stop::Wrong(text)) => Parsed::Wrong(format!("{text}\nRun 'kubectl options' without flags.")),
        Ok(()) => Parsed::Options,
    }
}

fn no_commands(rest: &[String]) -> Parsed {
    match bare(rest) {
        Err(Stop::Wrong(text)) => Parsed::Wrong(format!("{text}\nSee 'kubectl alpha --help' for usage.")),
        _ => Parsed::Empty,
    }
}

/// Reads a line of which no command has flags of its own.
fn bare(rest: &[String]) -> Result<(), Stop> {
    static ROOT: std::sync::LazyLock<Command> =
        std::sync::LazyLock::new(|| Command { path: "", aliases: Vec::new(), short: "", usage: "", flags: Vec::new() });
    read(&ROOT, rest, &mut Matches::new(&ROOT))
}

/// The words of the command, and everything else. Flags may stand before a word.
fn split(argv: &[String]) -> (String, Vec<String>) {
    let (mut path, mut rest) = (String::new(), Vec::new());
    let mut at = 0;
    while at < argv.len() {
        let word = &argv[at];
        if word == "--" {
            break;
        }
        if word.starts_with('-') && word.len() > 1 {
            rest.push(word.clone());
            if takes_next(&path, word) && at + 1 < argv.len() {
                at += 1;
                rest.push(argv[at].clone());
            }
        } else if let Some(next) = descend(&path, word) {
            path = next;
        } else if path.is_empty() {
            rest.extend(argv[at + 1..].iter().cloned());
            return if word == "help" { help_words(rest) } else { (word.clone(), rest) };
        } else {
            break;
        }
        at += 1;
    }
    rest.extend(argv[at..].iter().cloned());
    (path, rest)
}

fn descend(path: &str, word: &str) -> Option<String> {
    child(path, word).map(|command| command.path.to_owned())
}

/// `kubectl help create secret` is `kubectl create secret --help`.
fn help_words(rest: Vec<String>) -> (String, Vec<String>) {
    let words: Vec<String> = rest.into_iter().filter(|word| !word.starts_with('-')).collect();
    let path = words.iter().fold(String::new(), |path, word| descend(&path, word).unwrap_or(path));
    match words.first().map(String::as_str) {
        Some("options") => ("options".to_owned(), vec!["--help".to_owned()]),
        Some("alpha") => ("alpha".to_owned(), Vec::new()),
        Some(first) if child("", first).is_none() => (TOPIC.to_owned(), words),
        _ => (path, vec!["--help".to_owned()]),
    }
}

fn takes_next(path: &str, word: &str) -> bool {
    if word.contains('=') {
        return false;
    }
    let named = |test: &dyn Fn(&Flag) -> bool| {
        let own = find(path).map(|command| command.flags.as_slice()).unwrap_or_default();
        own.iter().chain(GLOBAL.iter()).find(|flag| test(flag)).is_some_and(|flag| flag.bare().is_none())
    };
    match word.strip_prefix("--") {
        Some(name) => named(&|flag| flag.name == name),
        None => word.len() == 2 && named(&|flag| flag.short == word.chars().nth(1)),
    }
}

fn root(rest: &[String]) -> Parsed {
    match bare(rest) {
        Err(Stop::Wrong(text)) => Parsed::Wrong(format!("{text}\nSee 'kubectl --help' for usage.")),
        _ => Parsed::Help(""),
    }
}

fn unknown(word: &str) -> String {
    let mut text = format!("unknown command {word:?} for \"kubectl\"");
    let meant = suggestions("", word);
    if !meant.is_empty() {
        text.push_str("\n\nDid you mean this?\n");
        for name in meant {
            text.push_str(&format!("\t{name}\n"));
        }
    }
    text
}

enum Stop {
    Help,
    Wrong(String),
}

fn read(command: &Command, words: &[String], matches: &mut Matches) -> Result<(), Stop> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            matches.dash = Some(matches.args.len());
            matches.args.extend(words.cloned());
            return Ok(());
        }
        if let Some(long) = word.strip_prefix("--") {
            read_long(command, long, &mut words, matches)?;
        } else if word.starts_with('-') && word.len() > 1 {
            read_short(command, &word[1..], &mut words, matches)?;
        } else {
            matches.args.push(word.clone());
        }
    }
    Ok(())
}

type Words<'a> = std::slice::Iter<'a, String>;

fn read_long(command: &Command, word: &str, words: &mut Words<'_>, matches: &mut Matches) -> Result<(), Stop> {
    let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value.to_owned())));
    if name.is_empty() || name.starts_with('-') {
        return Err(Stop::Wrong(format!("bad flag syntax: --{word}")));
    }
    let Some(flag) = command.flag(name) else {
        return if name == "help" {
            help(value.as_deref())
        } else {
            Err(Stop::Wrong(format!("unknown flag: --{name}")))
        };
    };
    let value = match value.or_else(|| flag.bare().map(str::to_owned)) {
        Some(value) => value,
        None => words.next().cloned().ok_or_else(|| Stop::Wrong(format!("flag needs an argument: --{name}")))?,
    };
    store(flag, value, matches)
}

/// `--help`, which is a flag like any other: `--help=false` asks for nothing.
fn help(value: Option<&str>) -> Result<(), Stop> {
    let value = value.unwrap_or("true");
    match check(Kind::Bool, value) {
        Err(why) => Err(Stop::Wrong(format!("invalid argument {value:?} for \"-h, --help\" flag: {why}"))),
        Ok(()) if parse_bool(value) == Some(true) => Err(Stop::Help),
        Ok(()) => Ok(()),
    }
}

fn read_short(command: &Command, letters: &str, words: &mut Words<'_>, matches: &mut Matches) -> Result<(), Stop> {
    let mut rest = letters;
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        let Some(flag) = command.short_flag(letter) else {
            return Err(if letter == 'h' {
                Stop::Help
            } else {
                Stop::Wrong(format!("unknown shorthand flag: '{letter}' in -{rest}"))
            });
        };
        if let Some(value) = after.strip_prefix('=') {
            return store(flag, value.to_owned(), matches);
        }
        if let Some(bare) = flag.bare() {
            store(flag, bare.to_owned(), matches)?;
            rest = after;
            continue;
        }
        if !after.is_empty() {
            return store(flag, after.to_owned(), matches);
        }
        let value = words.next().cloned();
        return store(
            flag,
            value.ok_or_else(|| Stop::Wrong(format!("flag needs an argument: '{letter}' in -{rest}")))?,
            matches,
        );
    }
    Ok(())
}

fn store(flag: &Flag, value: String, matches: &mut Matches) -> Result<(), Stop> {
    if let Err(why) = check(flag.kind, &value) {
        return Err(Stop::Wrong(format!("invalid argument {value:?} for {:?} flag: {why}", flag.shown_name())));
    }
    matches.set(flag.name, value);
    Ok(())
}

fn check(kind: Kind, value: &str) -> Result<(), String> {
    match kind {
        Kind::Bool if parse_bool(value).is_none() => {
            Err(format!("strconv.ParseBool: parsing {value:?}: invalid syntax"))
        }
        Kind::Int => match value.parse::<i64>() {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.kind(),
                    std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow
                ) =>
            {
                Err(format!("strconv.ParseInt: parsing {value:?}: value out of range"))
            }
            Err(_) => Err(format!("strconv.ParseInt: parsing {value:?}: invalid syntax")),
        },
        Kind::Duration => duration::parse(value).map(drop),
        Kind::Map => match split_pairs(value).iter().find(|pair| !pair.contains('=')) {
            Some(pair) => Err(format!("{pair} must be formatted as key=value")),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
