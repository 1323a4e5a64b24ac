//! Ages: `5s`, `2m30s`, `3d4h`.

use jiff::Timestamp;

/// The time between two moments as kubectl shortens it; `<invalid>` when it is in the future.
pub fn between(start: Timestamp, now: Timestamp) -> String {
    human(now.as_second() - start.as_second())
}

/// The age of an RFC 3339 time; `<unknown>` when it is none.
pub fn since(text: &str, now: Timestamp) -> String {
    text.parse::<Timestamp>().map_or_else(|_| "<unknown>".to_owned(), |start| between(start, now))
}

/// Seconds, shortened.
pub fn human(seconds: i64) -> String {
    let pair = |whole: i64, unit: &str, rest: i64, small: &str| {
        if rest == 0 { format!("{whole}{unit}") } else { format!("{whole}{unit}{rest}{small}") }
    };
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => pair(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => pair(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 192 => pair(days, "d", hours % 24, "h"),
        _ if days < 730 => format!("{days}d"),
        _ if days < 2920 => pair(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::human;

    /// Seconds in what an age says, and in the smallest unit that one of its length counts in.
    fn said(text: &str) -> (i64, i64) {
        let unit = |c: char| match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => 365 * 86_400,
        };
        let parts: Vec<&str> = text.split_inclusive(|c: char| c.is_ascii_alphabetic()).collect();
        let of = |part: &&str| part[..part.len() - 1].parse::<i64>().unwrap() * unit(part.chars().last().unwrap());
        (parts.iter().map(of).sum(), unit(text.chars().last().unwrap()))
    }

    proptest! {
        #[test]
        fn an_age_is_short_and_never_says_too_much(seconds in 0_i64..4_000_000_000) {
            let text = human(seconds);
            let (least, unit) = said(&text);
            prop_assert!(text.len() <= 7 && text.matches(|c: char| c.is_ascii_alphabetic()).count() <= 2, "{text}");
            // `2d` may be two days and some hours less than one, `2h` two hours and less than a minute.
            let rest = seconds - least;
            prop_assert!((0..unit).contains(&rest), "{text} of {seconds}");
        }

        #[test]
        fn what_is_older_never_looks_younger(seconds in 0_i64..4_000_000_000, more in 0_i64..100_000_000) {
            prop_assert!(said(&human(seconds)).0 <= said(&human(seconds + more)).0);
        }
    }

    #[test]
    fn steps() {
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (150, "2m30s"),
            (660, "11m"),
            (10_800, "3h"),
            (12_660, "3h31m"),
            (90_000, "25h"),
            (266_400, "3d2h"),
            (800_000, "9d"),
        ] {
            assert_eq!(human(seconds), text);
        }
    }
}
