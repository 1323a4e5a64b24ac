//! Go's durations: `1h30m`, `-1.5s`, `300ms`.

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

/// Nanoseconds as Go prints a duration: `1h5m0.25s`, `300ms`.
pub fn show(nanos: i128) -> String {
    let (sign, amount) = (if nanos < 0 { "-" } else { "" }, nanos.abs());
    if amount < SECOND {
        let unit = UNITS.iter().rfind(|(name, scale)| *scale <= amount.max(1) && *name != "us" && *name != "μs");
        let (name, scale) = unit.copied().unwrap_or(("ns", 1));
        return if amount == 0 { "0s".to_owned() } else { format!("{sign}{}{name}", decimal(amount, scale)) };
    }
    let (minutes, seconds) = (amount / (60 * SECOND), amount % (60 * SECOND));
    let minutes = match (minutes / 60, minutes % 60) {
        (0, 0) => String::new(),
        (0, minutes) => format!("{minutes}m"),
        (hours, minutes) => format!("{hours}h{minutes}m"),
    };
    format!("{sign}{minutes}{}s", decimal(seconds, SECOND))
}

/// An amount in a unit, with as many digits behind the point as it takes.
fn decimal(amount: i128, unit: i128) -> String {
    let width = unit.ilog10() as usize;
    let text = format!("{}.{:0width$}", amount / unit, amount % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Nanoseconds as a duration; nothing for less than 0.
pub fn std(nanos: i128) -> std::time::Duration {
    std::time::Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_as_go_prints_them() {
        for text in ["0s", "1ns", "1.5µs", "300ms", "1s", "1.25s", "1m0s", "59m59.999999999s", "1h0m0s", "-26h3m0.5s"]
        {
            assert_eq!(show(parse(text).unwrap()), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(nanos in any::<i64>().prop_filter("Go has no such number", |n| *n != i64::MIN)) {
            prop_assert_eq!(parse(&show(nanos.into())), Ok(nanos.into()));
        }

        #[test]
        fn every_text_is_read_or_refused(text in "[-+]?([0-9.]{0,20}(ns|us|µs|ms|s|m|h|d|)){0,4}") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn words_for_mistakes() {
        assert_eq!(parse("soon"), Err("time: invalid duration \"soon\"".into()));
        assert_eq!(parse("3"), Err("time: missing unit in duration \"3\"".into()));
        assert_eq!(parse("3d"), Err("time: unknown unit \"d\" in duration \"3d\"".into()));
    }

    #[test]
    fn units() {
        assert_eq!(parse("1h30m"), Ok(5400 * SECOND));
        assert_eq!(parse("-1.5s"), Ok(-1_500_000_000));
        assert_eq!(parse("300ms"), Ok(300_000_000));
        assert_eq!(parse("0"), Ok(0));
    }
}
