//! `__complete`: what may follow on a command line, in the form that shells ask for (cobra's).
//!
//! One proposal a line, with a tab before its description; then a line with a colon and what the shell shall do.

mod flags;
mod objects;
mod table;

use table::What;

use crate::{
    args::{self, Parsed},
    env::Env,
    session::Session,
};

/// What a shell does with proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    /// Files, where there are no proposals.
    Default = 0,
    /// No blank behind the word.
    NoSpace = 2,
    /// No files.
    NoFiles = 4,
    /// Neither.
    NoSpaceNoFiles = 6,
    /// Files with the proposed endings.
    Endings = 8,
}

impl Directive {
    fn name(self) -> &'static str {
        match self {
            Self::Default => "ShellCompDirectiveDefault",
            Self::NoSpace => "ShellCompDirectiveNoSpace",
            Self::NoFiles => "ShellCompDirectiveNoFileComp",
            Self::NoSpaceNoFiles => "ShellCompDirectiveNoSpace, ShellCompDirectiveNoFileComp",
            Self::Endings => "ShellCompDirectiveFilterFileExt",
        }
    }
}

/// Proposals and what the shell shall do.
struct Proposals(Vec<String>, Directive);

/// Answers `__complete`; the last word is the one to be completed.
pub async fn run(words: &[String], env: Env) -> i32 {
    let (last, before) = words.split_last().map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
    let parsed = args::parse(before);
    let session = match &parsed {
        Parsed::Run(matches) => Session::open(env, matches).0,
        _ => Session::bare(env).0,
    };
    let Proposals(found, directive) = propose(&session, &parsed, before, last).await;
    let text: String = found.iter().map(|line| format!("{line}\n")).collect();
    let written = async {
        session.err(&complaint(&parsed, before)).await?;
        session.out(&format!("{text}:{}\n", directive as u8)).await?;
        session.err(&format!("Completion ended with directive: {}\n", directive.name())).await
    };
    // A shell that has gone away needs no answer.
    i32::from(written.await.is_err())
}

/// What cobra says to somebody who looks into its completions, where there is no such command.
fn complaint(parsed: &Parsed, before: &[String]) -> String {
    match parsed {
        Parsed::Wrong(_) if flags::command_of(before).is_empty() && !before.is_empty() => format!(
            "[Debug] Cleared global flags for plugin completion\n[Debug] [Error] unable to find a command for arguments: [{}]\n",
            before.join(" ")
        ),
        _ => String::new(),
    }
}

async fn propose(session: &Session, parsed: &Parsed, before: &[String], last: &str) -> Proposals {
    let path = match parsed {
        Parsed::Run(matches) => matches.command.path,
        Parsed::Group(command) => command.path,
        _ => flags::command_of(before),
    };
    if before.first().is_some_and(|word| word == "help") {
        return Proposals(commands(flags::command_of(&before[1..]), last), Directive::NoFiles);
    }
    let options_ended = before.iter().any(|word| word == "--");
    if !options_ended {
        if let Some(found) = flags::value(session, path, before, last).await {
            return found;
        }
        if last.starts_with('-') {
            return Proposals(flags::names(path, before, last), Directive::NoFiles);
        }
    }
    match parsed {
        Parsed::Run(matches) => {
            // A flag of the command itself says that none below it is meant.
            let itself = matches.command.flags.iter().any(|flag| matches.given(flag.name));
            let below = if matches.args.is_empty() && !itself { commands(path, last) } else { Vec::new() };
            let mut found: Vec<String> = below.clone();
            found.extend(flags::required(matches).into_iter().filter(|line| line.starts_with(last)));
            let what = table::what(path);
            if what == What::Anything && !below.is_empty() {
                return Proposals(found, Directive::NoFiles);
            }
            // Without an answer of the server there is nothing to propose.
            let more = objects::propose(session, matches, what, last).await;
            let Proposals(more, directive) = more.unwrap_or(Proposals(Vec::new(), Directive::NoFiles));
            found.extend(more);
            Proposals(found, directive)
        }
        Parsed::Group(_) | Parsed::Help(_) => Proposals(commands(path, last), Directive::NoFiles),
        _ => Proposals(Vec::new(), Directive::Default),
    }
}

/// The commands below another, by name.
fn commands(path: &str, last: &str) -> Vec<String> {
    let mut found: Vec<String> = args::children(path)
        .filter(|command| command.name().starts_with(last))
        .map(|command| format!("{}\t{}", command.name(), command.short))
        .collect();
    if path.is_empty() {
        let more = ["help\tHelp about any command", "options\tPrint the list of flags inherited by all commands"];
        found.extend(more.iter().filter(|line| line.starts_with(last)).map(|&line| line.to_owned()));
    }
    found.sort();
    found
}
