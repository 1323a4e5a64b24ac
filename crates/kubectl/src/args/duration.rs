//! Go's durations: `1h30m`, `-1.5s`, `300ms`.

use std::fmt::Write;

/// Nanoseconds in a second.
pub const SECOND: i128 = 1_000_000_000;
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3600 * SECOND),
];

/// Nanoseconds, or Go's words for what is wrong.
pub fn parse(text: &str) -> Result<i128, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (sign, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (digits, tail) = rest.split_at(number);
        if !digits.contains(|c: char| c.is_ascii_digit()) || digits.matches('.').count() > 1 || digits.len() > 19 {
            return Err(invalid());
        }
        let unit = tail.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, after) = tail.split_at(unit);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("time: unknown unit {unit:?} in duration {text:?}"));
        };
        total += scaled(digits, *scale).ok_or_else(invalid)?;
        if total > i128::from(i64::MAX) {
            return Err(invalid());
        }
        rest = after;
    }
    Ok(sign * total)
}

fn scaled(digits: &str, scale: i128) -> Option<i128> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: i128 = if part.is_empty() { 0 } else { part.parse().ok()? };
    let tens = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?;
    Some(whole * scale + fraction * scale / tens)
}

/// Nanoseconds as a duration; nothing for less than 0.
pub fn std(nanos: i128) -> std::time::Duration {
    std::time::Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

/// As Go prints it: `1h0m0s`, `1.5s`, `300ms`, `0s`.
pub fn show(nanos: i128) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let n = nanos.abs();
    let body = match n {
        0 => "0s".to_owned(),
        1..1_000 => format!("{n}ns"),
        1_000..1_000_000 => format!("{}µs", decimal(n, 1_000)),
        1_000_000..SECOND => format!("{}ms", decimal(n, 1_000_000)),
        _ => {
            let (hours, rest) = (n / (3600 * SECOND), n % (3600 * SECOND));
            let (minutes, seconds) = (rest / (60 * SECOND), rest % (60 * SECOND));
            let mut text = String::new();
            if hours > 0 {
                let _ = write!(text, "{hours}h");
            }
            if hours > 0 || minutes > 0 {
                let _ = write!(text, "{minutes}m");
            }
            format!("{text}{}s", decimal(seconds, SECOND))
        }
    };
    format!("{sign}{body}")
}

fn decimal(value: i128, unit: i128) -> String {
    let (whole, part) = (value / unit, value % unit);
    if part == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    format!("{whole}.{part:0width$}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_for_mistakes() {
        assert_eq!(parse("soon"), Err("time: invalid duration \"soon\"".into()));
        assert_eq!(parse("3"), Err("time: missing unit in duration \"3\"".into()));
        assert_eq!(parse("3d"), Err("time: unknown unit \"d\" in duration \"3d\"".into()));
    }

    #[test]
    fn shown_as_go_does() {
        assert_eq!(show(3600 * SECOND), "1h0m0s");
        assert_eq!(show(1_500_000_000), "1.5s");
        assert_eq!(show(60 * SECOND), "1m0s");
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read(nanos in -1_000_000_000_000_000_i128..1_000_000_000_000_000) {
            prop_assert_eq!(parse(&show(nanos)), Ok(nanos));
        }
    }
}
