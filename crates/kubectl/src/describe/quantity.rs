//! Quantities: `100m`, `64Mi`, as far as pages count with them.

use serde_json::Value;

use super::page::at;

/// A quantity in thousandths of its unit; `None` when it is none.
pub fn milli(text: &str) -> Option<i128> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let negative = whole.starts_with('-');
    let whole: i128 =
        if whole.trim_start_matches(['-', '+']).is_empty() { 0 } else { whole.trim_start_matches('+').parse().ok()? };
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanos = whole.checked_abs()?.checked_mul(1_000_000_000)?.checked_add(digits.parse().ok()?)?;
    let scaled = nanos.checked_mul(scale(suffix)?)? / 1_000_000_000;
    Some(if negative { -scaled } else { scaled })
}

/// Thousandths in one of a suffix.
fn scale(suffix: &str) -> Option<i128> {
    Some(match suffix {
        "n" | "u" => 0,
        "m" => 1,
        "" => 1_000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "T" => 1_000_000_000_000_000,
        "P" => 1_000_000_000_000_000_000,
        "E" => 1_000_000_000_000_000_000_000,
        "Ki" => 1_000 << 10,
        "Mi" => 1_000 << 20,
        "Gi" => 1_000 << 30,
        "Ti" => 1_000 << 40,
        "Pi" => 1_000 << 50,
        "Ei" => 1_000 << 60,
        exponent => {
            let power: u32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            10_i128.checked_pow(power)?.checked_mul(1_000)?
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
    use super::milli;

    #[test]
    fn amounts() {
        for (text, amount) in [
            ("100m", 100),
            ("1", 1000),
            ("1.5", 1500),
            ("64Mi", 64 * 1024 * 1024 * 1000),
            ("2k", 2_000_000),
            ("1e3", 1_000_000),
        ] {
            assert_eq!(milli(text), Some(amount), "{text}");
        }
        assert_eq!(milli("x"), None);
    }
}
