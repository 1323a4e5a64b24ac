//! How much learners may take: each limit with its default and its flag.

use std::{net::IpAddr, num::NonZeroU32};

use clap::Args;
use ipnet::IpNet;

use super::raw::{Checker, count};

/// What one learner, one address and one request may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSettings {
    /// Sessions of one address, those of workshops' learners apart.
    pub sessions_per_address: usize,
    /// Requests a second of one address.
    pub requests_per_address: NonZeroU32,
    /// Wrong codes of workshops, and to come back with, a minute of one address.
    pub join_attempts: NonZeroU32,
    /// Wrong passwords of instructors a minute of one address.
    pub sign_in_attempts: NonZeroU32,
    /// Commands that run at once in one session.
    pub commands_at_once: usize,
    /// Commands a minute in one session.
    pub commands_per_minute: NonZeroU32,
    /// Pages of one session.
    pub pages_per_session: usize,
    /// The largest request and the longest message of a page, in bytes.
    pub max_body: usize,
    /// Messages a second of one page.
    pub messages_per_second: NonZeroU32,
    /// Files of one lesson in one session.
    pub files_per_lesson: usize,
    /// What these files may hold together, in bytes.
    pub files_size: usize,
    /// Requests a second of a learner's own programs to their sandbox.
    pub api_requests: NonZeroU32,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// How many sessions one address may have; learners of a workshop do not count
    #[arg(long, env = "PODYARD_SESSIONS_PER_ADDRESS", default_value = "50", value_name = "NUMBER")]
    sessions_per_address: String,
    /// How many requests a second one address may send, ten times as many at once
    #[arg(long, env = "PODYARD_REQUESTS_PER_ADDRESS", default_value = "100", value_name = "NUMBER")]
    requests_per_address: String,
    /// How many wrong codes a minute one address may try
    #[arg(long, env = "PODYARD_JOIN_ATTEMPTS", default_value = "20", value_name = "NUMBER")]
    join_attempts: String,
    /// How many wrong passwords a minute one address may try
    #[arg(long, env = "PODYARD_SIGN_IN_ATTEMPTS", default_value = "10", value_name = "NUMBER")]
    sign_in_attempts: String,
    /// How many commands may run at once in one session
    #[arg(long, env = "PODYARD_COMMANDS_AT_ONCE", default_value = "8", value_name = "NUMBER")]
    commands_at_once: String,
    /// How many commands a minute one session may run
    #[arg(long, env = "PODYARD_COMMANDS_PER_MINUTE", default_value = "300", value_name = "NUMBER")]
    commands_per_minute: String,
    /// How many pages of one session may be open
    #[arg(long, env = "PODYARD_PAGES_PER_SESSION", default_value = "20", value_name = "NUMBER")]
    pages_per_session: String,
    /// How large a request, a manifest or a message may be
    #[arg(long, env = "PODYARD_MAX_BODY", default_value = "3MiB", value_name = "SIZE")]
    max_body: String,
    /// How many messages a second one page may send, twice as many at once; what comes faster waits
    #[arg(long, env = "PODYARD_MESSAGES_PER_SECOND", default_value = "50", value_name = "NUMBER")]
    messages_per_second: String,
    /// How many files one lesson may have in one session
    #[arg(long, env = "PODYARD_FILES_PER_LESSON", default_value = "50", value_name = "NUMBER")]
    files_per_lesson: String,
    /// How much the files of one lesson may hold together
    #[arg(long, env = "PODYARD_FILES_SIZE", default_value = "8MiB", value_name = "SIZE")]
    files_size: String,
    /// How many requests a second a learner's own programs may send to their sandbox, six times as many at once
    #[arg(long, env = "PODYARD_API_REQUESTS", default_value = "50", value_name = "NUMBER")]
    api_requests: String,
    /// Proxies before the server that say in X-Forwarded-For who asks: addresses or networks, with commas between them
    #[arg(long, env = "PODYARD_TRUSTED_PROXY", default_value = "127.0.0.0/8,::1", value_name = "NETWORK,…")]
    trusted_proxy: String,
}

pub(super) fn check(args: LimitArgs, check: &mut Checker) -> Option<LimitSettings> {
    let LimitArgs {
        sessions_per_address,
        requests_per_address,
        join_attempts,
        sign_in_attempts,
        commands_at_once,
        commands_per_minute,
        pages_per_session,
        max_body,
        messages_per_second,
        files_per_lesson,
        files_size,
        api_requests,
        trusted_proxy,
    } = args;
    let sessions_per_address =
        check.take("--sessions-per-address", &sessions_per_address, count(&sessions_per_address));
    let requests_per_address = check.take("--requests-per-address", &requests_per_address, rate(&requests_per_address));
    let join_attempts = check.take("--join-attempts", &join_attempts, rate(&join_attempts));
    let sign_in_attempts = check.take("--sign-in-attempts", &sign_in_attempts, rate(&sign_in_attempts));
    let commands_at_once = check.take("--commands-at-once", &commands_at_once, count(&commands_at_once));
    let commands_per_minute = check.take("--commands-per-minute", &commands_per_minute, rate(&commands_per_minute));
    let pages_per_session = check.take("--pages-per-session", &pages_per_session, count(&pages_per_session));
    let max_body = check.take("--max-body", &max_body, size(&max_body));
    let messages_per_second = check.take("--messages-per-second", &messages_per_second, rate(&messages_per_second));
    let files_per_lesson = check.take("--files-per-lesson", &files_per_lesson, count(&files_per_lesson));
    let files_size = check.take("--files-size", &files_size, size(&files_size));
    let api_requests = check.take("--api-requests", &api_requests, rate(&api_requests));
    let trusted_proxies = check.take("--trusted-proxy", &trusted_proxy, networks(&trusted_proxy));
    Some(LimitSettings {
        sessions_per_address: sessions_per_address?,
        requests_per_address: requests_per_address?,
        join_attempts: join_attempts?,
        sign_in_attempts: sign_in_attempts?,
        commands_at_once: commands_at_once?,
        commands_per_minute: commands_per_minute?,
        pages_per_session: pages_per_session?,
        max_body: max_body?,
        messages_per_second: messages_per_second?,
        files_per_lesson: files_per_lesson?,
        files_size: files_size?,
        api_requests: api_requests?,
        trusted_proxies: trusted_proxies?,
    })
}

fn rate(text: &str) -> Result<NonZeroU32, String> {
    text.parse()
        .ok()
        .filter(|rate: &NonZeroU32| rate.get() <= MOST)
        .ok_or_else(|| format!("must be a number from 1 to {MOST}"))
}

/// Beyond this there might as well be no limit.
const MOST: u32 = 1_000_000;

/// `3MiB`, `64KiB`, or a number of bytes. A page's smallest messages must pass.
fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit.trim() {
        "" | "B" => Some(1),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        _ => None,
    };
    let bytes = number.parse::<usize>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    bytes
        .filter(|bytes| (LEAST..=LARGEST).contains(bytes))
        .ok_or_else(|| "must be a size from 64KiB to 64MiB".to_owned())
}

const LEAST: usize = 64 << 10;
const LARGEST: usize = 64 << 20;

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let one = |part: &str| part.parse::<IpNet>().ok().or_else(|| part.parse::<IpAddr>().map(IpNet::from).ok());
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty() && *part != "none");
    parts
        .map(|part| one(part).ok_or_else(|| format!("'{part}' is neither an address nor a network such as 10.0.0.0/8")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_networks_are_read_and_what_is_none_is_named() {
        assert_eq!(size("3MiB"), Ok(3 << 20));
        assert_eq!(size("65536"), Ok(65536));
        for wrong in ["3MB", "", "1", "9999999999999MiB", "65MiB"] {
            assert_eq!(size(wrong), Err("must be a size from 64KiB to 64MiB".to_owned()), "{wrong}");
        }
        assert_eq!(networks("10.0.0.0/8, ::1").unwrap().len(), 2);
        assert_eq!(networks("none"), Ok(Vec::new()));
        assert_eq!(networks("proxy"), Err("'proxy' is neither an address nor a network such as 10.0.0.0/8".to_owned()));
        assert!(rate("0").is_err() && rate("1000001").is_err() && rate("7").is_ok());
    }
}
