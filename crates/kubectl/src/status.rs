//! `Status`, the API server's way to say no.

use serde_json::Value;

use crate::failure::text_at;

/// What the server answered instead of an object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Status {
    /// HTTP code.
    pub code: u16,
    /// One word: `NotFound`, `Invalid` …; empty when unknown.
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// What it is about, when the server says.
    pub details: Option<Details>,
}

/// What a [`Status`] is about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// Kind or plural resource.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// API group of the kind.
    pub group: String,
    /// One per wrong field.
    pub causes: Vec<Cause>,
}

/// One reason of several.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cause {
    /// One word.
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// Path of the field.
    pub field: String,
}

impl Status {
    /// Reads a `Status` object; `code` is used when it names none.
    pub fn read(value: &Value, code: u16) -> Self {
        let details = value.get("details").filter(|details| details.is_object()).map(|details| Details {
            kind: text_at(details, "/kind").to_owned(),
            name: text_at(details, "/name").to_owned(),
            group: text_at(details, "/group").to_owned(),
            causes: details
                .get("causes")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default()
                .iter()
                .map(cause)
                .collect(),
        });
        Self {
            code: value.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()).unwrap_or(code),
            reason: text_at(value, "/reason").to_owned(),
            message: text_at(value, "/message").to_owned(),
            details,
        }
    }

    /// For an answer without a `Status` in its body: what client-go makes of the code.
    pub fn of_code(code: u16, body: &str) -> Self {
        let (reason, message) = match code {
            400 => ("BadRequest", "the server rejected our request for an unknown reason".to_owned()),
            401 => ("Unauthorized", "the server has asked for the client to provide credentials".to_owned()),
            403 => ("Forbidden", if body.is_empty() { "unknown".to_owned() } else { body.trim_end().to_owned() }),
            404 => ("NotFound", "the server could not find the requested resource".to_owned()),
            405 => ("MethodNotAllowed", "the server does not allow this method on the requested resource".to_owned()),
            406 => ("NotAcceptable", "the server was unable to respond with a content type that the client supports".to_owned()),
            409 => ("Conflict", "the server reported a conflict".to_owned()),
            410 => ("Gone", "the server reported that the requested resource is no longer available".to_owned()),
            415 => ("UnsupportedMediaType", "the server responded with the status code 415 but did not return more information".to_owned()),
            422 => ("Invalid", "the server rejected our request due to an error in our request".to_owned()),
            429 => ("TooManyRequests", "the server has received too many requests and has asked us to try again later".to_owned()),
            500 => ("InternalError", "an error on the server".to_owned() + &quoted(body) + " has prevented the request from succeeding"),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request".to_owned()),
            504 => ("Timeout", "the server was unable to return a response in the time allotted, but may still be processing the request".to_owned()),
            code => ("", format!("the server responded with the status code {code} but did not return more information")),
        };
        Self { code, reason: reason.to_owned(), message, details: None }
    }

    /// Whether it lists wrong fields.
    pub fn is_invalid(&self) -> bool {
        self.reason == "Invalid" || (self.reason.is_empty() && self.code == 422)
    }
}

fn quoted(body: &str) -> String {
    if body.is_empty() { String::new() } else { format!(" ({body:?})") }
}

fn cause(value: &Value) -> Cause {
    Cause {
        reason: text_at(value, "/reason").to_owned(),
        message: text_at(value, "/message").to_owned(),
        field: text_at(value, "/field").to_owned(),
    }
}
