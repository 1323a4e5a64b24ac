//! What was found wrong, in the order it was found.

use serde_json::Value;

use super::path::Path;
use crate::{
    admission::field::{Fault, FieldError},
    json::text,
};

/// Collects mistakes.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<FieldError>);

impl Findings {
    /// What was found.
    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.0
    }

    /// What was found elsewhere.
    pub(crate) fn extend(&mut self, errors: Vec<FieldError>) {
        self.0.extend(errors);
    }

    /// How much was found so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A field is missing.
    pub(crate) fn required(&mut self, at: &Path, detail: &str) {
        self.0.push(FieldError::new(Fault::Required, at.to_string(), detail));
    }

    /// A field has a value that it can't have.
    pub(crate) fn invalid(&mut self, at: &Path, value: impl Into<Value>, detail: impl Into<String>) {
        self.0.push(FieldError::new(Fault::Invalid, at.to_string(), detail).with_value(value.into()));
    }

    /// A field has a value that it can't have, written as the API server writes it.
    pub(crate) fn invalid_shown(&mut self, at: &Path, shown: String, detail: impl Into<String>) {
        self.0.push(FieldError::new(Fault::Invalid, at.to_string(), detail).with_shown(shown));
    }

    /// A field is wrong, whatever its value.
    pub(crate) fn invalid_whole(&mut self, at: &Path, detail: &str) {
        self.0.push(FieldError::new(Fault::Invalid, at.to_string(), detail));
    }

    /// The same for each message about the value.
    pub(crate) fn invalid_each(&mut self, at: &Path, value: &str, details: Vec<String>) {
        for detail in details {
            self.invalid(at, value, detail);
        }
    }

    /// A field may not be set.
    pub(crate) fn forbidden(&mut self, at: &Path, detail: impl Into<String>) {
        self.0.push(FieldError::new(Fault::Forbidden, at.to_string(), detail));
    }

    /// A value that has to be unique is not.
    pub(crate) fn duplicate(&mut self, at: &Path, value: impl Into<Value>) {
        self.0.push(FieldError::new(Fault::Duplicate, at.to_string(), "").with_value(value.into()));
    }

    /// The same for a value that the API server writes in its own way.
    pub(crate) fn duplicate_shown(&mut self, at: &Path, shown: String) {
        self.0.push(FieldError::new(Fault::Duplicate, at.to_string(), "").with_shown(shown));
    }

    /// What the value names is not there.
    pub(crate) fn not_found(&mut self, at: &Path, value: impl Into<Value>) {
        self.0.push(FieldError::new(Fault::NotFound, at.to_string(), "").with_value(value.into()));
    }

    /// A list is longer than it may be.
    pub(crate) fn too_many(&mut self, at: &Path, count: usize, most: usize) {
        let detail = format!("must have at most {most} items");
        self.0.push(FieldError::new(Fault::TooMany, at.to_string(), detail).with_value(count.into()));
    }

    /// The value is longer than it may be.
    pub(crate) fn too_long(&mut self, at: &Path, bytes: usize) {
        let detail = format!("may not be more than {bytes} bytes");
        self.0.push(FieldError::new(Fault::TooLong, at.to_string(), detail));
    }

    /// The value is none of those there are.
    pub(crate) fn not_supported(&mut self, at: &Path, value: &str, supported: &[&str]) {
        self.not_supported_shown(at, &Value::from(value), supported);
    }

    /// The same for a value that is no text.
    pub(crate) fn not_supported_shown(&mut self, at: &Path, value: &Value, supported: &[&str]) {
        self.not_supported_whole(at, value.to_string(), supported);
    }

    /// The same for a value that the API server writes in its own way.
    pub(crate) fn not_supported_whole(&mut self, at: &Path, shown: String, supported: &[&str]) {
        let quoted: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
        let detail = format!("supported values: {}", quoted.join(", "));
        self.0.push(FieldError::new(Fault::NotSupported, at.to_string(), detail).with_shown(shown));
    }

    /// The field `key` of `value` has to be one of these.
    pub(crate) fn one_of(&mut self, at: &Path, value: &Value, key: &str, supported: &[&str]) {
        match text(value, key) {
            "" => self.required(&at.child(key), ""),
            given if supported.contains(&given) => {}
            given => self.not_supported(&at.child(key), given, supported),
        }
    }

    /// The same for a field that need not be set.
    pub(crate) fn one_of_if_set(&mut self, at: &Path, value: &Value, key: &str, supported: &[&str]) {
        if value.get(key).is_some_and(Value::is_string) {
            match text(value, key) {
                given if supported.contains(&given) => {}
                given => self.not_supported(&at.child(key), given, supported),
            }
        }
    }

    /// The number in field `key` may not be below zero.
    pub(crate) fn not_negative(&mut self, at: &Path, value: &Value, key: &str) {
        if let Some(number) = value.get(key).and_then(Value::as_i64).filter(|number| *number < 0) {
            self.invalid(&at.child(key), number, "must be greater than or equal to 0");
        }
    }

    /// A field may not change.
    pub(crate) fn immutable(&mut self, at: &Path, new: &Value, old: &Value) {
        if new != old {
            self.invalid(at, new.clone(), "field is immutable");
        }
    }
}
