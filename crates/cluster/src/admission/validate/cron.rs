//! Cron schedules: five fields, or a name such as `@hourly` ("CronJob", schedule syntax).

use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};

/// When something is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// At the minutes that all fields name.
    Fields(Box<Fields>),
    /// At a fixed distance (`@every 90s`).
    Every(SignedDuration),
}

/// What each field names, as bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// A day matches when either day field names it, unless one of them is a star: then both have to.
    star_day: bool,
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CronError {
    /// Not five fields.
    #[error("expected exactly 5 fields, found {found}: [{fields}]")]
    FieldCount {
        /// How many there are.
        found: usize,
        /// Which.
        fields: String,
    },
    /// A name that means nothing.
    #[error("unrecognized descriptor: {0}")]
    Descriptor(String),
    /// `@every` what?
    #[error("failed to parse duration {descriptor}: time: invalid duration {quoted}")]
    Duration {
        /// The whole text.
        descriptor: String,
        /// What should be a duration, in quotes.
        quoted: String,
    },
    /// A number that is none.
    #[error("failed to parse int from {part}: strconv.Atoi: parsing {part:?}: invalid syntax")]
    Number {
        /// What should be a number.
        part: String,
    },
    /// `1-2-3`
    #[error("too many hyphens: {0}")]
    Hyphens(String),
    /// `1/2/3`
    #[error("too many slashes: {0}")]
    Slashes(String),
    /// Before the first.
    #[error("beginning of range ({start}) below minimum ({least}): {field}")]
    Below {
        /// Where the range starts.
        start: u32,
        /// The least there is.
        least: u32,
        /// The field.
        field: String,
    },
    /// After the last.
    #[error("end of range ({end}) above maximum ({most}): {field}")]
    Above {
        /// Where the range ends.
        end: u32,
        /// The most there is.
        most: u32,
        /// The field.
        field: String,
    },
    /// The wrong way round.
    #[error("beginning of range ({start}) beyond end of range ({end}): {field}")]
    Reversed {
        /// Where the range starts.
        start: u32,
        /// Where it ends.
        end: u32,
        /// The field.
        field: String,
    },
    /// `*/0`
    #[error("step of range should be a positive number: {0}")]
    Step(String),
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// What one field may hold.
struct Bounds {
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

impl Schedule {
    /// Reads a schedule.
    pub(crate) fn parse(text: &str) -> Result<Self, CronError> {
        if text.starts_with('@') {
            return descriptor(text);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(CronError::FieldCount { found: fields.len(), fields: fields.join(" ") });
        };
        let field = |text: &str, least, most, names| bits(text, &Bounds { least, most, names });
        let star = |text: &str| text.split(',').any(|part| matches!(part.split('/').next(), Some("*" | "?")));
        Ok(Self::Fields(Box::new(Fields {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: field(weekdays, 0, 6, &WEEKDAYS)?,
            star_day: star(days) || star(weekdays),
        })))
    }

    /// The first moment after `from` that is due, in `zone`; none within five years.
    pub(crate) fn next(&self, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Every(distance) => Some(from + *distance),
            Self::Fields(fields) => fields.next(from.to_zoned(zone.clone())),
        }
    }
}

impl Fields {
    fn next(&self, from: Zoned) -> Option<Timestamp> {
        let last = from.year() + 5;
        let whole = from.timestamp().as_second().div_euclid(60) * 60 + 60;
        let mut at = Timestamp::from_second(whole).ok()?.to_zoned(from.time_zone().clone());
        while at.year() <= last {
            let step = if !has(self.months, at.month() as u32) || !self.day_matches(&at) {
                SignedDuration::from_secs(86400 - i64::from(at.hour()) * 3600 - i64::from(at.minute()) * 60)
            } else if !has(self.hours, at.hour() as u32) {
                SignedDuration::from_secs(3600 - i64::from(at.minute()) * 60)
            } else if !has(self.minutes, at.minute() as u32) {
                SignedDuration::from_secs(60)
            } else {
                return Some(at.timestamp());
            };
            at = at.checked_add(step).ok()?;
        }
        None
    }

    fn day_matches(&self, at: &Zoned) -> bool {
        let day = has(self.days, at.day() as u32);
        let weekday = has(self.weekdays, at.weekday().to_sunday_zero_offset() as u32);
        if self.star_day { day && weekday } else { day || weekday }
    }
}

fn has(bits: u64, number: u32) -> bool {
    bits >> number & 1 == 1
}

fn descriptor(text: &str) -> Result<Schedule, CronError> {
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let Some(distance) = text.strip_prefix("@every ") else {
                return Err(CronError::Descriptor(text.to_owned()));
            };
            let wrong = || CronError::Duration { descriptor: text.to_owned(), quoted: format!("{distance:?}") };
            return go_duration(distance).map(Schedule::Every).ok_or_else(wrong);
        }
    };
    Schedule::parse(fields)
}

/// `1h30m`, `90s`: at least a second.
fn go_duration(text: &str) -> Option<SignedDuration> {
    let (mut rest, mut seconds) = (text, 0_f64);
    if text.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..unit_at].parse().ok()?;
        let unit_end = rest[unit_at..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |end| unit_at + end);
        seconds += number
            * match &rest[unit_at..unit_end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    Some(SignedDuration::from_secs((seconds as i64).max(1)))
}

/// A comma-separated list of ranges.
fn bits(field: &str, bounds: &Bounds) -> Result<u64, CronError> {
    field.split(',').filter(|part| !part.is_empty()).try_fold(0, |all, part| Ok(all | range(part, bounds)?))
}

/// `5`, `1-5`, `*`, each with `/step`.
fn range(field: &str, bounds: &Bounds) -> Result<u64, CronError> {
    let (span, step_text) = match field.split('/').collect::<Vec<_>>().as_slice() {
        [span] => (*span, None),
        [span, step] => (*span, Some(*step)),
        _ => return Err(CronError::Slashes(field.to_owned())),
    };
    let (start, end) = match span.split('-').collect::<Vec<_>>().as_slice() {
        ["*" | "?"] => (bounds.least, bounds.most),
        [one] => {
            let number = number(one, bounds)?;
            (number, if step_text.is_some() { bounds.most } else { number })
        }
        [start, end] => (number(start, bounds)?, number(end, bounds)?),
        _ => return Err(CronError::Hyphens(field.to_owned())),
    };
    let step = step_text.map_or(Ok(1), plain_number)?;
    let (field, least, most) = (field.to_owned(), bounds.least, bounds.most);
    if start < least {
        return Err(CronError::Below { start, least, field });
    }
    if end > most {
        return Err(CronError::Above { end, most, field });
    }
    if start > end {
        return Err(CronError::Reversed { start, end, field });
    }
    if step == 0 {
        return Err(CronError::Step(field));
    }
    Ok((start..=end).step_by(step as usize).fold(0, |all, number| all | 1 << number))
}

fn number(text: &str, bounds: &Bounds) -> Result<u32, CronError> {
    let named = bounds.names.iter().position(|name| text.eq_ignore_ascii_case(name));
    named.map_or_else(|| plain_number(text), |index| Ok(index as u32 + bounds.least))
}

fn plain_number(text: &str) -> Result<u32, CronError> {
    text.parse().map_err(|_| CronError::Number { part: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, from: &str) -> String {
        let from = from.parse().unwrap();
        Schedule::parse(schedule).unwrap().next(from, &TimeZone::UTC).map_or("never".to_owned(), |at| at.to_string())
    }

    #[test]
    fn schedules_come_due() {
        let from = "2026-11-23T08:07:30Z";
        assert_eq!(next("* * * * *", from), "2026-11-23T08:08:00Z");
        assert_eq!(next("*/15 * * * *", from), "2026-11-23T08:15:00Z");
        assert_eq!(next("0 0 1 1 *", from), "2027-01-01T00:00:00Z");
        assert_eq!(next("30 9 * * mon-fri", from), "2026-11-23T09:30:00Z");
        assert_eq!(next("0 12 13 * 5", from), "2026-11-27T12:00:00Z");
        assert_eq!(next("0 0 30 2 *", from), "never");
        assert_eq!(next("@every 90s", from), "2026-11-23T08:09:00Z");
        assert_eq!(next("@hourly", from), "2026-11-23T09:00:00Z");
    }

    #[test]
    fn what_is_no_schedule_is_refused_in_words() {
        let wrong = |text: &str| Schedule::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(wrong("every day"), @"expected exactly 5 fields, found 2: [every day]");
        insta::assert_snapshot!(wrong("60 * * * *"), @"end of range (60) above maximum (59): 60");
        insta::assert_snapshot!(wrong("* * 0 * *"), @"beginning of range (0) below minimum (1): 0");
        insta::assert_snapshot!(wrong("*/0 * * * *"), @"step of range should be a positive number: */0");
        insta::assert_snapshot!(wrong("a * * * *"), @r#"failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax"#);
        insta::assert_snapshot!(wrong("@sometimes"), @"unrecognized descriptor: @sometimes");
    }
}
