//! What is wrong with one field, worded as the API server words it.

use std::fmt;

use serde_json::Value;

/// The kind of mistake; its text comes before the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `Required value`
    Required,
    /// `Invalid value`
    Invalid,
    /// `Invalid value`, of a value that is not of its type.
    TypeInvalid,
    /// `Unsupported value`
    NotSupported,
    /// `Forbidden`
    Forbidden,
    /// `Duplicate value`
    Duplicate,
    /// `Not found`
    NotFound,
    /// `Too long`
    TooLong,
    /// `Too many`
    TooMany,
    /// `Internal error`
    Internal,
}

/// A mistake in one field: a cause of a 422.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    /// What kind of mistake.
    pub fault: Fault,
    /// `spec.containers[0].image`
    pub field: String,
    /// The value, where the text shows it.
    pub value: Option<Value>,
    /// The value's text, where it is not just the value's JSON: the API server writes some with its own field names.
    pub shown: Option<String>,
    /// What would be right.
    pub detail: String,
}

impl FieldError {
    /// A mistake without a value.
    pub fn new(fault: Fault, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { fault, field: field.into(), value: None, shown: None, detail: detail.into() }
    }

    /// The same with the offending value.
    pub fn with_value(mut self, value: Value) -> Self {
        self.value = Some(value);
        self
    }

    /// The same with the text of the offending value.
    pub fn with_shown(mut self, shown: String) -> Self {
        self.shown = Some(shown);
        self
    }

    /// Whether what else is wrong can't be told as long as this is: the rules of a custom resource are not asked then.
    pub(crate) fn hides_others(&self) -> bool {
        use Fault::{NotSupported, Required, TooLong, TooMany, TypeInvalid};
        matches!(self.fault, NotSupported | Required | TooLong | TooMany | TypeInvalid)
    }

    /// `details.causes[].reason`
    pub fn reason(&self) -> &'static str {
        match self.fault {
            Fault::Required => "FieldValueRequired",
            Fault::Invalid => "FieldValueInvalid",
            Fault::TypeInvalid => "FieldValueTypeInvalid",
            Fault::NotSupported => "FieldValueNotSupported",
            Fault::Forbidden => "FieldValueForbidden",
            Fault::Duplicate => "FieldValueDuplicate",
            Fault::NotFound => "FieldValueNotFound",
            Fault::TooLong => "FieldValueTooLong",
            Fault::TooMany => "FieldValueTooMany",
            Fault::Internal => "InternalError",
        }
    }

    /// `details.causes[].message`: the text without the field.
    pub fn message(&self) -> String {
        let head = match self.fault {
            Fault::Required => "Required value",
            Fault::Invalid | Fault::TypeInvalid => "Invalid value",
            Fault::NotSupported => "Unsupported value",
            Fault::Forbidden => "Forbidden",
            Fault::Duplicate => "Duplicate value",
            Fault::NotFound => "Not found",
            Fault::TooLong => "Too long",
            Fault::TooMany => "Too many",
            Fault::Internal => "Internal error",
        };
        let mut text = head.to_owned();
        if let Some(value) = self.shown.clone().or_else(|| self.value.as_ref().map(Value::to_string)) {
            text.push_str(": ");
            text.push_str(&value);
        }
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message())
    }
}
