//! Durations as kubectl prints them: `15s`, `3m12s`, `5d3h`, `2y40d`.

use jiff::Timestamp;
use serde_json::Value;

/// How much time lies between two moments, short: two units where that helps, one where it does not.
pub(crate) fn between(earlier: Timestamp, later: Timestamp) -> String {
    short(later.as_second() - earlier.as_second() - i64::from(later.subsec_nanosecond() < earlier.subsec_nanosecond()))
}

/// Seconds in kubectl's short form. A clock that is off by a second is forgiven; by more, it is `<invalid>`.
pub(crate) fn short(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        _ if seconds < 120 => format!("{seconds}s"),
        _ if minutes < 10 => two(minutes, 'm', seconds % 60, 's'),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => two(hours, 'h', minutes % 60, 'm'),
        _ if hours < 48 => format!("{hours}h"),
        _ if days < 8 => two(days, 'd', hours % 24, 'h'),
        _ if years < 2 => format!("{days}d"),
        _ if years < 8 => two(years, 'y', days % 365, 'd'),
        _ => format!("{years}y"),
    }
}

fn two(large: i64, unit: char, small: i64, smaller: char) -> String {
    if small == 0 { format!("{large}{unit}") } else { format!("{large}{unit}{small}{smaller}") }
}

/// How long ago a time field was; `<unknown>` when it is not set.
pub(crate) fn since(time: &Value, now: Timestamp) -> String {
    parse(time).map_or_else(|| "<unknown>".to_owned(), |then| between(then, now))
}

/// A time field of the API.
pub(crate) fn parse(time: &Value) -> Option<Timestamp> {
    time.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn units_change_where_kubectl_changes_them() {
        const HOUR: i64 = 3600;
        const DAY: i64 = 24 * HOUR;
        let table = [
            (-2, "<invalid>"),
            (-1, "0s"),
            (119, "119s"),
            (120, "2m"),
            (192, "3m12s"),
            (600, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (5 * HOUR + 60, "5h1m"),
            (8 * HOUR, "8h"),
            (47 * HOUR, "47h"),
            (2 * DAY, "2d"),
            (5 * DAY + 3 * HOUR, "5d3h"),
            (8 * DAY, "8d"),
            (729 * DAY, "729d"),
            (770 * DAY, "2y40d"),
            (9 * 365 * DAY, "9y"),
        ];
        for (seconds, text) in table {
            assert_eq!(short(seconds), text);
        }
    }
}
