//! Expected outputs: which parts of one differ from run to run, and whether another output is the same but for those.

pub mod compare;

use std::sync::LazyLock;

use regex::Regex;

/// A stretch of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'a> {
    /// Is the same each time.
    Fixed(&'a str),
    /// An age, an address, a generated name: differs.
    Varies(&'a str),
}

/// `Thu, 26 Nov 2026 01:33:53 +0000`, as describe prints times.
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}")
        .expect("a fixed expression")
});

/// Cuts an output into what stays and what varies.
pub fn parts(output: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut fixed_from = 0;
    let dates: Vec<_> = DATE.find_iter(output).map(|found| (found.start(), found.end())).collect();
    let in_date = |at: usize| dates.iter().any(|(from, to)| (*from..*to).contains(&at));
    let words = words(output)
        .filter(|(start, _)| !in_date(*start))
        .filter_map(|(start, word)| varying(word).map(|(from, to)| (start + from, start + to)));
    let mut ranges: Vec<(usize, usize)> = words.chain(dates.iter().copied()).collect();
    ranges.sort_unstable();
    for (from, to) in ranges {
        if from > fixed_from {
            parts.push(Part::Fixed(&output[fixed_from..from]));
        }
        parts.push(Part::Varies(&output[from..to]));
        fixed_from = to;
    }
    if fixed_from < output.len() {
        parts.push(Part::Fixed(&output[fixed_from..]));
    }
    parts
}

/// The words of a text with where each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// The part of a word that varies, as byte offsets.
fn varying(word: &str) -> Option<(usize, usize)> {
    let bare = word.trim_start_matches('(').trim_end_matches([')', ',', '.']);
    let from = word.len() - word.trim_start_matches('(').len();
    if word == "..." || is_duration(bare) || is_clock(bare) || is_time(bare) || is_address(bare) || is_generated(bare) {
        let end = if word == "..." { word.len() } else { from + bare.len() };
        return Some((from.min(end), end));
    }
    if let Some(at) = generated_end(bare) {
        return Some((from + at, from + bare.len()));
    }
    let (before, last) = word.rsplit_once('/')?;
    is_address(last).then_some((before.len() + 1, word.len()))
}

/// Where the part of a name begins that a controller made: `web-7c5ddbdf54-x2x4k`, `web-x2x4k`.
fn generated_end(word: &str) -> Option<usize> {
    let name = word.trim_end_matches(['"', '\'', ':']);
    let (before, last) = name.rsplit_once('-')?;
    let random = |text: &str| text.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte));
    let digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let hash = |text: &str| (8..=10).contains(&text.len()) && random(text) && digit(text);
    match before.rsplit_once('-') {
        Some((owner, middle)) if hash(middle) && last.len() == 5 && random(last) => Some(owner.len() + 1),
        _ if hash(last) || (last.len() == 5 && random(last) && digit(last)) => Some(before.len() + 1),
        _ => None,
    }
}

/// `8s`, `2m10s`, `3d4h`, `21ms`
fn is_duration(word: &str) -> bool {
    let mut rest = word;
    let mut seen = false;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let unit = ["ms", "s", "m", "h", "d", "y"].into_iter().find(|unit| rest[digits..].starts_with(unit));
        match unit {
            Some(unit) if digits > 0 => rest = &rest[digits + unit.len()..],
            _ => return false,
        }
        seen = true;
    }
    seen
}

/// `07:10:02`
fn is_clock(word: &str) -> bool {
    let parts: Vec<&str> = word.split(':').collect();
    parts.len() == 3 && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `2026-11-26T01:33:53Z`
fn is_time(word: &str) -> bool {
    word.trim_matches(['"', '\'']).parse::<jiff::Timestamp>().is_ok()
}

/// An IPv4 address, but not the local one, which is content.
fn is_address(word: &str) -> bool {
    word.parse::<std::net::Ipv4Addr>().is_ok_and(|address| !address.is_loopback())
}

/// Container and image ids, uids, the names of token volumes.
fn is_generated(word: &str) -> bool {
    let digest = word.rsplit([':', '/']).next().unwrap_or_default();
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (digest.len() == 64 && hex(digest))
        || (word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && word.split('-').all(hex))
        || word.trim_end_matches(':').strip_prefix("kube-api-access-").is_some_and(|end| end.len() == 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varies(text: &str) -> Vec<&str> {
        let only = |part| match part {
            Part::Varies(text) => Some(text),
            Part::Fixed(_) => None,
        };
        parts(text).into_iter().filter_map(only).collect()
    }

    #[test]
    fn the_parts_are_the_whole() {
        let text = "NAME   AGE\nweb    4 (15s ago)   97s\n";
        let whole: String = parts(text)
            .iter()
            .map(|part| match part {
                Part::Fixed(text) | Part::Varies(text) => *text,
            })
            .collect();
        assert_eq!(whole, text);
    }

    #[test]
    fn ages_addresses_and_ids_vary() {
        assert_eq!(varies("web  1/1  Running  4 (15s ago)  2m10s"), ["15s", "2m10s"]);
        assert_eq!(varies("Node: kind/172.18.0.2 at 127.0.0.1"), ["172.18.0.2"]);
        assert_eq!(
            varies("ID: containerd://e6a56d92f682ff21d319f3324a9aa61e1bd8e272b0dd45d3395454322a96d134").len(),
            1
        );
        assert_eq!(varies("from kube-api-access-n7g8s (ro)"), ["kube-api-access-n7g8s"]);
        assert_eq!(varies("..."), ["..."]);
    }

    #[test]
    fn dates_and_generated_names_vary() {
        assert_eq!(varies("Started:  Thu, 26 Nov 2026 01:33:53 +0000"), ["Thu, 26 Nov 2026 01:33:53 +0000"]);
        assert_eq!(varies("startedAt: \"2026-11-26T01:33:53Z\""), ["\"2026-11-26T01:33:53Z\""]);
        assert_eq!(varies("web-7c5ddbdf54-x2x4k 1/1"), ["7c5ddbdf54-x2x4k"]);
        assert_eq!(varies("pod/web-x2x4k created, my-nginx, web-server"), ["x2x4k"]);
        assert_eq!(varies("replicaset.apps/web-7c5ddbdf54"), ["7c5ddbdf54"]);
    }

    #[test]
    fn words_and_ports_do_not() {
        assert!(varies("pod/busybox created\n5000 items, 1/1, Hello World").is_empty());
    }
}
