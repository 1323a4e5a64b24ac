//! Amounts of resources: `500m`, `1Gi`, `1e3`.
//!
//! Values are held in nano units, which is as fine as the API goes; what is finer is rounded up. The three ways to
//! write one, and how the API server writes it back, are described in "Resource Management for Pods and Containers"
//! and in the reference of `Quantity` (kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/).

use std::{
    cmp::Ordering,
    fmt,
    ops::{Add, Sub},
    str::FromStr,
};

use serde_json::Value;

const NANO: i128 = 1_000_000_000;
/// Amounts beyond 2^63-1 are cut to it.
const MAX: i128 = (i64::MAX as i128) * NANO;
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [(&str, u32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// How an amount was written, which is how it is written back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    Decimal,
    Binary,
    Exponent,
}

/// An amount. Equality and order look at the value only: `1000m` equals `1`.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    nanos: i128,
    notation: Notation,
}

/// Why a text is no quantity, in the API server's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// A character that has no place in a quantity, or no digits.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// Letters that are no unit.
    #[error("unable to parse quantity's suffix")]
    Suffix,
    /// More than one decimal point, or none of digits.
    #[error("unable to parse numeric part of quantity")]
    Number,
}

impl Quantity {
    /// A whole amount.
    pub fn whole(amount: i64) -> Self {
        Self { nanos: i128::from(amount) * NANO, notation: Notation::Decimal }
    }

    /// Nothing.
    pub const ZERO: Self = Self { nanos: 0, notation: Notation::Decimal };

    /// The field's amount: the API takes strings and bare numbers.
    ///
    /// # Errors
    /// The text is no quantity.
    pub fn from_json(value: &Value) -> Result<Self, QuantityError> {
        match value {
            Value::String(text) => text.trim().parse(),
            Value::Number(number) => number.to_string().parse(),
            Value::Null => Ok(Self::ZERO),
            _ => Err(QuantityError::Format),
        }
    }

    /// The amount in whole units, rounded up (`Value()` upstream): bytes, Pods.
    pub fn value(self) -> i64 {
        self.scaled(NANO)
    }

    /// The amount in thousandths, rounded up: millicores.
    pub fn milli(self) -> i64 {
        self.scaled(NANO / 1000)
    }

    /// The same amount rounded up to thousandths, as the API does with every resource list.
    pub fn rounded_to_milli(self) -> Self {
        Self { nanos: round_up(self.nanos, NANO / 1000) * (NANO / 1000), ..self }
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.nanos < 0
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// Whether it is a whole number of units.
    pub fn is_whole(self) -> bool {
        self.nanos % NANO == 0
    }

    /// This less `other`, written as this one is.
    pub fn minus(self, other: Self) -> Self {
        Self { nanos: self.nanos - other.nanos, ..self }
    }

    fn scaled(self, unit: i128) -> i64 {
        let rounded = round_up(self.nanos, unit);
        i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
    }
}

/// `nanos / unit`, away from zero, as upstream rounds.
fn round_up(nanos: i128, unit: i128) -> i128 {
    let quotient = nanos / unit;
    if nanos % unit == 0 { quotient } else { quotient + nanos.signum() }
}

impl Add for Quantity {
    type Output = Self;

    /// The sum, written as the first one that is not nothing.
    fn add(self, other: Self) -> Self {
        let notation = if self.is_zero() { other.notation } else { self.notation };
        Self { nanos: (self.nanos + other.nanos).clamp(-MAX, MAX), notation }
    }
}

impl Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { nanos: (self.nanos - other.nanos).clamp(-MAX, MAX), ..self }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let split = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(split);
        if number.is_empty() || !well_formed_suffix(suffix) {
            return Err(QuantityError::Format);
        }
        let (unit, notation) = unit_of(suffix)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return Err(QuantityError::Number);
        }
        let nanos = magnitude(whole, fraction, unit).min(MAX);
        Ok(Self { nanos: if negative { -nanos } else { nanos }, notation })
    }
}

fn well_formed_suffix(suffix: &str) -> bool {
    let tail = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let digits = tail.strip_prefix(['+', '-']).unwrap_or(tail);
    digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A power that multiplies: of ten, or of two.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Ten(i32),
    Two(u32),
}

fn unit_of(suffix: &str) -> Result<(Unit, Notation), QuantityError> {
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Ok((Unit::Ten(*power), Notation::Decimal));
    }
    if let Some((_, power)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Ok((Unit::Two(*power), Notation::Binary));
    }
    let exponent = suffix.strip_prefix(['e', 'E']).ok_or(QuantityError::Suffix)?;
    let power = exponent.parse().map_err(|_| QuantityError::Suffix)?;
    Ok((Unit::Ten(power), Notation::Exponent))
}

/// `whole.fraction` times the unit, in nanos, rounded up; saturates far above what is allowed.
fn magnitude(whole: &str, fraction: &str, unit: Unit) -> i128 {
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let places = fraction.len() as i32;
    let (power, factor) = match unit {
        Unit::Ten(power) => (power.saturating_add(9).saturating_sub(places), 1_i128),
        Unit::Two(power) => (9 - places, 1_i128 << power),
    };
    // Digits past the 30th are beyond the cap or below a nano; they count as "a little more".
    let (kept, dropped) = digits.split_at(digits.len().min(30));
    let power = power.saturating_add(dropped.len() as i32);
    let mut value = kept.parse::<i128>().unwrap_or(0);
    if dropped.bytes().any(|byte| byte != b'0') {
        value += 1;
    }
    value = value.saturating_mul(factor);
    if value == 0 {
        return 0;
    }
    match power {
        0.. => 10_i128.checked_pow(power as u32).map_or(i128::MAX, |by| value.saturating_mul(by)),
        _ => 10_i128.checked_pow(power.unsigned_abs()).map_or(1, |by| round_up(value, by)),
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let small = self.nanos.abs() < 1024 * NANO;
        match self.notation {
            Notation::Binary if !small && self.is_whole() => self.write_binary(f),
            Notation::Exponent => self.write_decimal(f, true),
            _ => self.write_decimal(f, false),
        }
    }
}

impl Quantity {
    fn write_binary(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = self.nanos / NANO;
        let mut unit = "";
        for (name, _) in BINARY {
            if number % 1024 != 0 {
                break;
            }
            number /= 1024;
            unit = name;
        }
        write!(f, "{number}{unit}")
    }

    fn write_decimal(self, f: &mut fmt::Formatter<'_>, exponent: bool) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        let (mut number, mut power) = (self.nanos, -9);
        while number % 1000 == 0 && power < 18 {
            number /= 1000;
            power += 3;
        }
        match DECIMAL.iter().find(|(_, at)| *at == power) {
            Some((unit, _)) if !exponent => write!(f, "{number}{unit}"),
            _ if power == 0 => write!(f, "{number}"),
            _ => write!(f, "{number}e{power}"),
        }
    }
}

#[cfg(test)]
mod tests;
