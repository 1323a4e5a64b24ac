//! `maxSurge`, `minAvailable` and the like: a number, or a percentage of something.

use serde_json::Value;

/// The number, or the percentage of `whole` rounded up.
pub(super) fn up(value: &Value, whole: i64) -> i64 {
    scaled(value, |percent| (percent * whole + 99).div_euclid(100))
}

/// The number, or the percentage of `whole` rounded down.
pub(super) fn down(value: &Value, whole: i64) -> i64 {
    scaled(value, |percent| (percent * whole).div_euclid(100))
}

fn scaled(value: &Value, share: impl Fn(i64) -> i64) -> i64 {
    let percent = value.as_str().map(|text| text.trim_end_matches('%').parse().unwrap_or(0));
    percent.map_or_else(|| value.as_i64().unwrap_or(0), share)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn percentages_are_rounded_as_asked() {
        assert_eq!((up(&json!("25%"), 3), down(&json!("25%"), 3)), (1, 0));
        assert_eq!((up(&json!("100%"), 7), down(&json!("100%"), 7)), (7, 7));
        assert_eq!((up(&json!(2), 7), down(&json!(null), 7)), (2, 0));
    }
}
