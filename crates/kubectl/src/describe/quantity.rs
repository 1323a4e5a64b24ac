//! Quantities: `100m`, `64Mi`, as far as pages count with them.

use std::{fmt, iter::Sum, ops::Add};

use serde_json::Value;

use super::page::at;

/// One, in billionths.
const ONE: i128 = 1_000_000_000;

/// A quantity in thousandths of its unit, rounded up; `None` when it is none.
pub fn milli(text: &str) -> Option<i128> {
    nano(text).map(|nanos| rounded_up(nanos, 1_000_000))
}

/// A part of a quantity, rounded away from zero as Kubernetes does it.
pub fn rounded_up(amount: i128, unit: i128) -> i128 {
    amount.signum() * (amount.abs() + unit - 1).div_euclid(unit)
}

/// A quantity in billionths of its unit; `None` when it is none.
pub fn nano(text: &str) -> Option<i128> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let negative = whole.starts_with('-');
    let whole: i128 =
        if whole.trim_start_matches(['-', '+']).is_empty() { 0 } else { whole.trim_start_matches('+').parse().ok()? };
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanos = whole.checked_abs()?.checked_mul(1_000_000_000)?.checked_add(digits.parse().ok()?)?;
    let scale = scale(suffix)?;
    let scaled = match nanos.checked_mul(scale) {
        Some(scaled) => rounded_up(scaled, 1_000_000_000),
        // What is too large for that has no use for its fraction.
        None => whole.checked_abs()?.checked_mul(scale)?,
    };
    Some(if negative { -scaled } else { scaled })
}

/// Billionths in one of a suffix.
fn scale(suffix: &str) -> Option<i128> {
    Some(match suffix {
        "n" => 1,
        "u" => 1_000,
        "m" => 1_000_000,
        "" => ONE,
        "k" => ONE * 1_000,
        "M" => ONE * 1_000_000,
        "G" => ONE * 1_000_000_000,
        "T" => ONE * 1_000_000_000_000,
        "P" => ONE * 1_000_000_000_000_000,
        "E" => ONE * 1_000_000_000_000_000_000,
        "Ki" => ONE << 10,
        "Mi" => ONE << 20,
        "Gi" => ONE << 30,
        "Ti" => ONE << 40,
        "Pi" => ONE << 50,
        "Ei" => ONE << 60,
        exponent => {
            let power: u32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            10_i128.checked_pow(power)?.checked_mul(ONE)?
        }
    })
}

/// How a quantity was written, and so is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    /// `100m`, `5M`.
    #[default]
    Decimal,
    /// `64Mi`.
    Binary,
    /// `5e6`.
    Exponent,
}

/// An amount of something, printed in Kubernetes' canonical form: the largest unit that leaves no rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quantity {
    nanos: i128,
    form: Form,
}

impl Quantity {
    /// Reads one; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.contains(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
        let form = match suffix {
            _ if suffix.ends_with('i') => Form::Binary,
            _ if suffix.len() > 1 => Form::Exponent,
            _ => Form::Decimal,
        };
        Some(Self { nanos: nano(text)?, form })
    }

    /// In thousandths, rounded up.
    pub fn milli(self) -> i128 {
        rounded_up(self.nanos, 1_000_000)
    }

    /// The larger of two.
    pub fn max(self, other: Self) -> Self {
        if other.nanos > self.nanos { other } else { self }
    }

    /// In powers of a thousand from billionths up.
    fn decimal(self) -> (i128, usize) {
        let (mut amount, mut power) = (self.nanos, 0);
        while amount != 0 && amount % 1000 == 0 && power < 9 {
            (amount, power) = (amount / 1000, power + 1);
        }
        if amount == 0 { (0, 3) } else { (amount, power) }
    }
}

impl Add for Quantity {
    type Output = Self;

    /// The sum, in the form of the first that is not nothing.
    fn add(self, other: Self) -> Self {
        let form = if self.nanos == 0 { other.form } else { self.form };
        Self { nanos: self.nanos.saturating_add(other.nanos), form }
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
        const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        if self.form == Form::Binary && self.nanos.abs() >= 1024 * ONE {
            let (mut amount, mut power) = (rounded_up(self.nanos, ONE), 0);
            while amount % 1024 == 0 && power < 6 {
                (amount, power) = (amount / 1024, power + 1);
            }
            return write!(f, "{amount}{}", BINARY[power]);
        }
        let (amount, power) = self.decimal();
        match (self.form, power) {
            (Form::Exponent, ..=2) => write!(f, "{amount}e-{}", 9 - 3 * power),
            (Form::Exponent, 4..) => write!(f, "{amount}e{}", 3 * power - 9),
            _ => write!(f, "{amount}{}", DECIMAL[power]),
        }
    }
}

/// What `resourceFieldRef` gives for a container: the limit or request divided by the divisor, rounded up.
pub fn of_container(container: &Value, reference: &Value) -> String {
    let resource = at(reference, "/resource");
    let quantity = at(container, &format!("/resources/{}", resource.replacen('.', "/", 1)));
    let Some(amount) = milli(&quantity).filter(|_| !quantity.is_empty()) else {
        return if matches!(resource.as_str(), "limits.cpu" | "limits.memory") {
            "node allocatable".to_owned()
        } else {
            "0".to_owned()
        };
    };
    let divisor = milli(&at(reference, "/divisor")).filter(|divisor| *divisor > 0).unwrap_or(1_000);
    (amount + divisor - 1).div_euclid(divisor).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn canonical_forms() {
        for (text, canonical) in [
            ("0", "0"),
            ("0Mi", "0"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("0.5", "500m"),
            ("1024Ki", "1Mi"),
            ("1536Mi", "1536Mi"),
            ("1000Ki", "1000Ki"),
            ("0.5Gi", "512Mi"),
            ("512", "512"),
            ("1000k", "1M"),
            ("1e3", "1e3"),
            ("12E6", "12e6"),
            ("-2000m", "-2"),
            ("1.5Gi", "1536Mi"),
        ] {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), canonical, "{text}");
        }
        assert_eq!([Quantity::parse(""), Quantity::parse("Mi"), Quantity::parse("1x")], [None; 3]);
    }

    #[test]
    fn amounts() {
        for (text, amount) in [
            ("100m", 100),
            ("1", 1000),
            ("1.5", 1500),
            ("64Mi", 64 * 1024 * 1024 * 1000),
            ("2k", 2_000_000),
            ("1e3", 1_000_000),
            ("1500u", 2),
            ("12345678n", 13),
            ("-1500u", -2),
            ("8Ei", 8 * (1000 << 60)),
        ] {
            assert_eq!(milli(text), Some(amount), "{text}");
        }
        assert_eq!(milli("x"), None);
        assert_eq!(nano("1.5m"), Some(1_500_000));
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_refused(text in "[-+]?[0-9.]{0,40}[a-zA-Z]{0,3}[0-9]{0,2}") {
            let _ = milli(&text);
        }

        #[test]
        fn what_is_printed_is_read_again_and_printed_the_same(
            number in -9_999_999_i64..9_999_999, unit in prop::sample::select(vec![
                "n", "u", "m", "", "k", "M", "G", "T", "Ki", "Mi", "Gi", "e3", "E6", "e0",
            ])
        ) {
            let read = Quantity::parse(&format!("{number}{unit}")).unwrap();
            let again = Quantity::parse(&read.to_string()).unwrap();
            prop_assert_eq!(read.nanos, again.nanos);
            prop_assert_eq!(read.to_string(), again.to_string());
        }

        #[test]
        fn a_sum_does_not_mind_the_order(a in 0_i64..1 << 40, b in 0_i64..1 << 40) {
            let of = |number: i64| Quantity::parse(&format!("{number}m")).unwrap();
            prop_assert_eq!(of(a) + of(b), of(b) + of(a));
            prop_assert_eq!((of(a) + of(b)).milli(), i128::from(a) + i128::from(b));
        }

        #[test]
        fn a_smaller_unit_gives_more(number in 0_u32..100_000, unit in 0_usize..6) {
            let units = ["n", "u", "m", "", "k", "M", "G"];
            let of = |at: usize| nano(&format!("{number}{}", units[at]));
            prop_assert!(of(unit) <= of(unit + 1));
        }
    }
}
