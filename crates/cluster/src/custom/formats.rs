//! `format` of a text (k8s.io/apiextensions-apiserver, the formats that definitions may name).

use std::{net::IpAddr, sync::OnceLock};

use regex::Regex;

use crate::api::from_base64;

/// Formats told by their shape alone.
const SHAPES: [(&str, &str); 13] = [
    ("email", r"^[^@\s]+@[^@\s]+$"),
    ("hostname", r"^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\.?$"),
    ("mac", r"^([0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){4}([:-][0-9a-fA-F]{2}){0,2})$"),
    ("uuid", r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
    ("uuid3", r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
    ("uuid4", r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
    ("uuid5", r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
    ("uri", r"^([a-zA-Z][a-zA-Z0-9+.-]*:[^\s]+|/[^\s]*)$"),
    ("hexcolor", r"^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
    ("ssn", r"^\d{3}[- ]?\d{2}[- ]?\d{4}$"),
    ("bsonobjectid", r"^[0-9a-fA-F]{24}$"),
    ("duration", r"^\s*([-+]?(\d+(\.\d*)?\s*(ns|us|µs|ms|s|m|h|d|w|[a-z]+))+|0)\s*$"),
    ("k8s-short-name", r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"),
];

/// Whether a text has a format; one that is not known holds of every text.
pub(super) fn holds(format: &str, text: &str) -> bool {
    match format {
        "date-time" | "datetime" => text.parse::<jiff::Timestamp>().is_ok(),
        "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        "byte" => from_base64(text),
        "ipv4" => text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4()),
        "ipv6" => text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6()),
        "cidr" => is_cidr(text),
        "k8s-long-name" => {
            text.len() <= 253 && !text.is_empty() && text.split('.').all(|part| holds("k8s-short-name", part))
        }
        _ => shape(format).is_none_or(|shape| shape.is_match(text)),
    }
}

/// `10.0.0.0/8`
pub(super) fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    match (address.parse::<IpAddr>(), bits.parse::<u8>()) {
        (Ok(IpAddr::V4(_)), Ok(bits)) => bits <= 32,
        (Ok(IpAddr::V6(_)), Ok(bits)) => bits <= 128,
        _ => false,
    }
}

fn shape(format: &str) -> Option<&'static Regex> {
    static COMPILED: OnceLock<Vec<(&'static str, Regex)>> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| {
        SHAPES
            .iter()
            .map(|(name, shape)| (*name, Regex::new(shape).expect("each shape is a regular expression")))
            .collect()
    });
    compiled.iter().find(|(name, _)| *name == format).map(|(_, shape)| shape)
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn formats_are_told_apart() {
        let cases = [
            ("date-time", "2026-11-26T05:00:00Z", "yesterday"),
            ("date", "2026-11-26", "2026-13-01"),
            ("ipv4", "10.0.0.1", "10.0.0"),
            ("ipv6", "::1", "10.0.0.1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("uuid", "6f1d7a1c-0b9e-4f6e-8e0a-1d2c3b4a5f60", "6f1d"),
            ("email", "a@example.com", "example.com"),
            ("hostname", "web.example.com", "web_example"),
            ("uri", "https://example.com/x", "example"),
            ("duration", "1h30m", "soon"),
            ("byte", "aGk=", "a"),
            ("k8s-short-name", "web-1", "Web"),
            ("k8s-long-name", "a.b-c", "a..b"),
        ];
        for (format, good, bad) in cases {
            assert!(holds(format, good), "{format}: {good}");
            assert!(!holds(format, bad), "{format}: {bad}");
        }
        assert!(holds("anything-else", "is not looked at"));
    }
}
