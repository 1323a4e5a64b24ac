//! `sleep` and `watch`.

use std::time::Duration;

use super::input::flags;
use crate::console::{
    Stream,
    exec::{Io, Shell},
    parse::parse,
    pipe::pipe,
};

/// The longest `sleep`.
const MAX_SLEEP: Duration = Duration::from_secs(3600);

/// `5`, `0.5`, `2m`, `1h`.
fn period(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        _ => 0.0,
    };
    let (number, unit) = if unit > 0.0 { (&text[..text.len() - 1], unit) } else { (text, 1.0) };
    let seconds = number.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)? * unit;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(MAX_SLEEP).min(MAX_SLEEP))
}

pub(super) async fn sleep(args: &[String], io: &mut Io) -> i32 {
    match args.iter().map(|a| period(a).ok_or(a)).collect::<Result<Vec<_>, _>>() {
        Ok(periods) if !periods.is_empty() => {
            tokio::time::sleep(periods.iter().sum::<Duration>().min(MAX_SLEEP)).await;
            0
        }
        Ok(_) => {
            io.err.say("sleep: missing operand\n").await;
            1
        }
        Err(bad) => {
            io.err.say(&format!("sleep: invalid time interval '{bad}'\n")).await;
            1
        }
    }
}

/// Runs a line every so often and shows what it writes whenever that has changed: the console is a log, not a screen
/// that is painted over.
pub(super) async fn watch(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    let (every, line) = match watch_arguments(args) {
        Ok(asked) => asked,
        Err(why) => {
            io.err.say(&format!("watch: {why}\n")).await;
            return 1;
        }
    };
    let script = match parse(&line) {
        Ok(script) => script,
        Err(e) => {
            io.err.say(&format!("sh: {e}\n")).await;
            return 2;
        }
    };
    io.out
        .say(&format!("Every {:.1}s: {line}    (shown again when it changes; Ctrl-C ends it)\n", every.as_secs_f64()))
        .await;
    let mut before = None;
    loop {
        let (out, pieces) = pipe();
        let err = out.tagged(Stream::Stderr);
        let own = Io { stdin: Box::new(tokio::io::empty()), out, err, at_keyboard: false };
        let now = shell.captured(&script, own, pieces).await;
        if before.as_ref() != Some(&now) {
            io.out.say(&format!("\n{now}")).await;
            before = Some(now);
        }
        tokio::time::sleep(every).await;
    }
}

fn watch_arguments(args: &[String]) -> Result<(Duration, String), String> {
    let own = args.iter().position(|a| !a.starts_with('-') && period(a).is_none()).unwrap_or(args.len());
    let (own, command) = args.split_at(own);
    if command.is_empty() {
        return Err("usage: watch [-n SECONDS] COMMAND".to_owned());
    }
    let mut every = Duration::from_secs(2);
    for (flag, value) in flags(own, &["-n", "--interval"]).0 {
        match (flag.as_str(), value) {
            ("-n" | "--interval", Some(value)) => {
                every = period(&value).ok_or_else(|| format!("failed to parse argument: '{value}'"))?;
            }
            ("-d" | "-t" | "--differences" | "--no-title", _) => {}
            (other, _) => return Err(format!("unrecognized option '{other}'")),
        }
    }
    Ok((every.max(Duration::from_millis(500)), command.join(" ")))
}
