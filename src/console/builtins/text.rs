//! `cat`, `grep`, `head`, `tail`, `wc`, `sort`.

use std::collections::VecDeque;

use regex::bytes::{Regex, RegexBuilder};
use tokio::io::AsyncWriteExt as _;

use super::{
    bad_flag,
    input::{flags, inputs},
};
use crate::console::exec::{Io, MAX_FILE, Shell};

pub(super) async fn cat(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    let (flags, names) = flags(args, &[]);
    if let Some((flag, _)) = flags.iter().find(|(f, _)| f != "-n") {
        return bad_flag(io, "cat", flag).await;
    }
    let numbered = !flags.is_empty();
    let (found, complete) = inputs(shell, "cat", &names, io).await;
    let mut number = 0;
    for mut input in found {
        while let Some(bytes) = if numbered { input.line().await } else { input.piece().await } {
            number += 1;
            if numbered {
                io.out.say(&format!("{number:>6}\t")).await;
            }
            let _ = io.out.write_all(&bytes).await;
        }
    }
    i32::from(!complete)
}

/// What `grep` was asked for.
struct Grep {
    pattern: Regex,
    invert: bool,
    number: bool,
    count: bool,
    quiet: bool,
    only: bool,
    after: usize,
    before: usize,
    names: Vec<String>,
}

pub(super) async fn grep(shell: &Shell, tool: &str, args: &[String], io: &mut Io) -> i32 {
    let asked = match grep_arguments(tool, args) {
        Ok(asked) => asked,
        Err(why) => {
            io.err.say(&format!("grep: {why}\n")).await;
            return 2;
        }
    };
    let (found, complete) = inputs(shell, "grep", &asked.names, io).await;
    let several = asked.names.len() > 1;
    let mut matched = false;
    for mut input in found {
        let prefix = input.name.clone().filter(|_| several).map(|n| format!("{n}:")).unwrap_or_default();
        let (mut count, mut number, mut after) = (0usize, 0usize, 0usize);
        let mut earlier: VecDeque<(usize, Vec<u8>)> = VecDeque::new();
        while let Some(line) = input.line().await {
            number += 1;
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let hit = asked.pattern.is_match(text) != asked.invert;
            count += usize::from(hit);
            if asked.count || asked.quiet {
                continue;
            }
            if hit {
                for (n, line) in earlier.drain(..) {
                    asked.show(io, &prefix, n, '-', &line).await;
                }
                asked.show(io, &prefix, number, ':', text).await;
                after = asked.after;
            } else if after > 0 {
                after -= 1;
                asked.show(io, &prefix, number, '-', text).await;
            } else if asked.before > 0 {
                earlier.push_back((number, text.to_vec()));
                if earlier.len() > asked.before {
                    earlier.pop_front();
                }
            }
        }
        matched |= count > 0;
        if asked.count {
            io.out.say(&format!("{prefix}{count}\n")).await;
        }
    }
    if !complete { 2 } else { i32::from(!matched) }
}

impl Grep {
    async fn show(&self, io: &mut Io, prefix: &str, number: usize, mark: char, text: &[u8]) {
        let number = if self.number { format!("{number}{mark}") } else { String::new() };
        let shown: Vec<&[u8]> =
            if self.only { self.pattern.find_iter(text).map(|m| m.as_bytes()).collect() } else { vec![text] };
        for text in shown {
            let line = [prefix.as_bytes(), number.as_bytes(), text, b"\n"].concat();
            let _ = io.out.write_all(&line).await;
        }
    }
}

fn grep_arguments(tool: &str, args: &[String]) -> Result<Grep, String> {
    let (flags, mut names) = flags(args, &["-e", "-A", "-B", "-C"]);
    let (mut ignore_case, mut fixed, mut extended, mut word) = (false, tool == "fgrep", tool == "egrep", false);
    let (mut invert, mut number, mut count, mut quiet, mut only) = (false, false, false, false, false);
    let (mut after, mut before, mut patterns) = (0, 0, Vec::new());
    let lines = |value: &Option<String>| {
        let parsed = value.as_deref().unwrap_or_default().parse::<usize>();
        parsed
            .map(|n| n.min(1000))
            .map_err(|_| format!("{}: invalid context length argument", value.clone().unwrap_or_default()))
    };
    for (flag, value) in &flags {
        match flag.as_str() {
            "-i" => ignore_case = true,
            "-F" => fixed = true,
            "-E" => extended = true,
            "-w" => word = true,
            "-v" => invert = true,
            "-n" => number = true,
            "-c" => count = true,
            "-q" => quiet = true,
            "-o" => only = true,
            "-e" => patterns.extend(value.clone()),
            "-A" => after = lines(value)?,
            "-B" => before = lines(value)?,
            "-C" => (after, before) = (lines(value)?, lines(value)?),
            "--color" | "--color=auto" => {}
            other => return Err(format!("unrecognized option '{other}'")),
        }
    }
    if patterns.is_empty() {
        if names.is_empty() {
            return Err("usage: grep [-ivncqowEF] [-A N] [-B N] [-C N] PATTERN [FILE]...".to_owned());
        }
        patterns.push(names.remove(0));
    }
    let sources = patterns.iter().map(|p| {
        let source = if fixed {
            regex::escape(p)
        } else if extended {
            p.clone()
        } else {
            basic(p)
        };
        if word { format!("\\b(?:{source})\\b") } else { format!("(?:{source})") }
    });
    let source = sources.collect::<Vec<_>>().join("|");
    let built = RegexBuilder::new(&source).case_insensitive(ignore_case).size_limit(1 << 20).build();
    let pattern = built.map_err(|_| format!("{}: invalid regular expression", patterns.join("|")))?;
    Ok(Grep { pattern, invert, number, count, quiet, only, after, before, names })
}

/// A basic regular expression in the extended syntax: `+ ? | ( ) { }` are themselves unless a backslash makes them
/// special.
fn basic(pattern: &str) -> String {
    let mut out = String::new();
    let mut letters = pattern.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' => match letters.next() {
                Some(c @ ('+' | '?' | '|' | '(' | ')' | '{' | '}')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => out.push_str("\\\\"),
            },
            '+' | '?' | '|' | '(' | ')' | '{' | '}' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// The number of lines of `-n 5`, `-5`, `-n5`; the flag that is none of them otherwise.
fn line_count(args: &[String]) -> Result<(usize, Vec<String>), String> {
    let (flags, names) = flags(args, &["-n", "--lines"]);
    let mut count = 10;
    let mut digits = String::new();
    for (flag, value) in flags {
        match (flag.as_str(), value) {
            ("-n" | "--lines", Some(value)) => count = value.trim_start_matches('-').parse().map_err(|_| value)?,
            (digit, None) if digit[1..].parse::<u8>().is_ok() => digits.push_str(&digit[1..]),
            (other, _) => return Err(other.to_owned()),
        }
    }
    if !digits.is_empty() {
        count = digits.parse().map_err(|_| digits)?;
    }
    Ok((count, names))
}

pub(super) async fn head(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    let (count, names) = match line_count(args) {
        Ok(asked) => asked,
        Err(flag) => return bad_flag(io, "head", &flag).await,
    };
    let (found, complete) = inputs(shell, "head", &names, io).await;
    for mut input in found {
        for _ in 0..count {
            let Some(line) = input.line().await else { break };
            let _ = io.out.write_all(&line).await;
        }
    }
    i32::from(!complete)
}

pub(super) async fn tail(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    let (count, names) = match line_count(args) {
        Ok(asked) => asked,
        Err(flag) => return bad_flag(io, "tail", &flag).await,
    };
    let (found, complete) = inputs(shell, "tail", &names, io).await;
    for mut input in found {
        let mut last: VecDeque<Vec<u8>> = VecDeque::new();
        let mut held = 0;
        while let Some(line) = input.line().await {
            held += line.len();
            last.push_back(line);
            while last.len() > count || held > MAX_FILE as usize {
                held -= last.pop_front().map_or(0, |l| l.len());
            }
        }
        for line in last {
            let _ = io.out.write_all(&line).await;
        }
    }
    i32::from(!complete)
}

pub(super) async fn wc(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    let (flags, names) = flags(args, &[]);
    if let Some((flag, _)) = flags.iter().find(|(f, _)| !matches!(f.as_str(), "-l" | "-w" | "-c")) {
        return bad_flag(io, "wc", flag).await;
    }
    let (found, complete) = inputs(shell, "wc", &names, io).await;
    let asked = |flag: &str| flags.is_empty() || flags.iter().any(|(f, _)| f == flag);
    for mut input in found {
        let (mut lines, mut words, mut bytes) = (0, 0, 0);
        while let Some(line) = input.line().await {
            lines += usize::from(line.ends_with(b"\n"));
            words += line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).count();
            bytes += line.len();
        }
        let counts = [("-l", lines), ("-w", words), ("-c", bytes)];
        let counts: Vec<String> = counts.iter().filter(|(f, _)| asked(f)).map(|(_, n)| n.to_string()).collect();
        let text = match (counts.as_slice(), &input.name) {
            ([one], None) => one.clone(),
            (counts, name) => {
                let columns: String = counts.iter().map(|c| format!("{c:>7}")).collect::<Vec<_>>().join(" ");
                if counts.len() == 1 {
                    format!("{} {}", counts[0], name.clone().unwrap_or_default())
                } else {
                    format!("{columns} {}", name.clone().unwrap_or_default()).trim_end().to_owned()
                }
            }
        };
        io.out.say(&format!("{text}\n")).await;
    }
    i32::from(!complete)
}

pub(super) async fn sort(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    let (flags, names) = flags(args, &[]);
    if let Some((flag, _)) = flags.iter().find(|(f, _)| !matches!(f.as_str(), "-r" | "-n" | "-u")) {
        return bad_flag(io, "sort", flag).await;
    }
    let has = |flag: &str| flags.iter().any(|(f, _)| f == flag);
    let (found, complete) = inputs(shell, "sort", &names, io).await;
    let mut lines = Vec::new();
    let mut held = 0;
    for mut input in found {
        while let Some(mut line) = input.line().await {
            held += line.len();
            if held > MAX_FILE as usize {
                io.err.say("sort: the input is too large for this console\n").await;
                return 2;
            }
            if line.ends_with(b"\n") {
                line.pop();
            }
            lines.push(line);
        }
    }
    let number = |line: &[u8]| {
        let text = String::from_utf8_lossy(line);
        let digits: String = text.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
        digits.parse::<i64>().unwrap_or(0)
    };
    lines.sort_by(|a, b| if has("-n") { number(a).cmp(&number(b)).then_with(|| a.cmp(b)) } else { a.cmp(b) });
    if has("-r") {
        lines.reverse();
    }
    if has("-u") {
        lines.dedup();
    }
    for mut line in lines {
        line.push(b'\n');
        let _ = io.out.write_all(&line).await;
    }
    i32::from(!complete)
}
