//! The commands besides kubectl: enough of the usual tools for a lesson, over the learner's own files.

mod files;
mod help;
mod http;
mod input;
mod repeat;
mod text;

use super::exec::{Io, Shell};

/// A builtin, for `help` and for the answer to an unknown command.
struct Builtin {
    name: &'static str,
    what: &'static str,
}

/// What there is, in the order `help` shows it.
const BUILTINS: &[Builtin] = &[
    Builtin { name: "kubectl", what: "talks to your cluster; `k` is short for it" },
    Builtin { name: "cat", what: "shows files" },
    Builtin { name: "ls", what: "lists your files: the editor's tabs" },
    Builtin { name: "rm", what: "removes files" },
    Builtin { name: "echo", what: "writes its arguments" },
    Builtin { name: "grep", what: "lines that match: -i -v -n -c -E -F" },
    Builtin { name: "head", what: "the first lines: -n NUMBER" },
    Builtin { name: "tail", what: "the last lines: -n NUMBER" },
    Builtin { name: "wc", what: "counts lines, words, bytes: -l -w -c" },
    Builtin { name: "sort", what: "sorts lines: -r -n -u" },
    Builtin { name: "watch", what: "runs a command again and again: -n SECONDS" },
    Builtin { name: "sleep", what: "waits some seconds" },
    Builtin { name: "curl", what: "fetches from a port that `kubectl port-forward` holds open; so does wget" },
    Builtin { name: "clear", what: "empties the console" },
    Builtin { name: "help", what: "shows this" },
];

/// Runs a builtin; 127 when there is none of that name.
pub(super) async fn run(shell: &Shell, arguments: &[String], io: &mut Io) -> i32 {
    let (name, args) = (arguments[0].as_str(), &arguments[1..]);
    match name {
        "cat" => text::cat(shell, args, io).await,
        "grep" | "egrep" | "fgrep" => text::grep(shell, name, args, io).await,
        "head" => text::head(shell, args, io).await,
        "tail" => text::tail(shell, args, io).await,
        "wc" => text::wc(shell, args, io).await,
        "sort" => text::sort(shell, args, io).await,
        "ls" => files::ls(shell, args, io).await,
        "rm" => files::rm(shell, args, io).await,
        "pwd" => say(io, "/home/learner\n").await,
        "echo" => say(io, &echo(args)).await,
        "true" | ":" => 0,
        "false" => 1,
        "export" => export(shell, args, io).await,
        "sleep" => repeat::sleep(args, io).await,
        "watch" => repeat::watch(shell, args, io).await,
        "curl" => http::curl(shell, args, io).await,
        "wget" => http::wget(shell, args, io).await,
        "clear" => {
            io.out.clear().await;
            0
        }
        "help" => say(io, &help::help()).await,
        unknown => {
            io.err.say(&help::unknown(unknown, args)).await;
            127
        }
    }
}

async fn say(io: &mut Io, text: &str) -> i32 {
    io.out.say(text).await;
    0
}

/// The error every tool gives for a flag it does not have.
async fn bad_flag(io: &mut Io, tool: &str, flag: &str) -> i32 {
    io.err
        .say(&format!("{tool}: unrecognized option '{flag}'; this console's {tool} knows only what `help` lists\n"))
        .await;
    2
}

/// `-n` leaves the new line out, `-e` reads `\n` and `\t`.
fn echo(args: &[String]) -> String {
    let flags = args.iter().take_while(|a| matches!(a.as_str(), "-n" | "-e" | "-ne" | "-en")).count();
    let (flags, words) = args.split_at(flags);
    let mut text = words.join(" ");
    if flags.iter().any(|f| f.contains('e')) {
        text = text.replace("\\n", "\n").replace("\\t", "\t");
    }
    if !flags.iter().any(|f| f.contains('n')) {
        text.push('\n');
    }
    text
}

async fn export(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    for (name, value) in args.iter().filter_map(|a| a.split_once('=')) {
        if let Err(why) = shell.world.variables.set(name, value.to_owned()) {
            io.err.say(&format!("sh: {why}\n")).await;
            return 1;
        }
    }
    0
}
