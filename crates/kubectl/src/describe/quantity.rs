//! Quantities: `100m`, `64Mi`, as far as pages count with them.

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

/// Thousandths of a CPU: `100m`, `2`.
pub fn show_cpu(milli: i128) -> String {
    if milli % 1_000 == 0 { (milli / 1_000).to_string() } else { format!("{milli}m") }
}

/// Bytes, given in thousandths: in the largest binary unit that leaves no rest.
pub fn show_memory(milli: i128) -> String {
    let mut bytes = milli / 1_000;
    let mut unit = 0;
    while bytes != 0 && bytes % 1024 == 0 && unit < 6 {
        bytes /= 1024;
        unit += 1;
    }
    format!("{bytes}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][unit])
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
        fn what_is_shown_is_read_again(amount in 0_i64..1 << 50) {
            let milli_of = |text: String| milli(&text).unwrap();
            prop_assert_eq!(milli_of(show_cpu(amount.into())), i128::from(amount));
            prop_assert_eq!(milli_of(show_memory(i128::from(amount) * 1000)), i128::from(amount) * 1000);
        }

        #[test]
        fn a_smaller_unit_gives_more(number in 0_u32..100_000, unit in 0_usize..6) {
            let units = ["n", "u", "m", "", "k", "M", "G"];
            let of = |at: usize| nano(&format!("{number}{}", units[at]));
            prop_assert!(of(unit) <= of(unit + 1));
        }
    }
}
