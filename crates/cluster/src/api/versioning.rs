//! `resourceVersion`, `resourceVersionMatch` and `sendInitialEvents`: which combinations make sense
//! (kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions).

use super::{call::Call, failure::Failure};
use crate::admission::field::{Fault, FieldError};

const MATCH: &str = "resourceVersionMatch";
const INITIAL: &str = "sendInitialEvents";

/// The version asked for; 0 is any.
///
/// # Errors
/// 400 when it is no number.
pub(super) fn version(call: &Call) -> Result<u64, Failure> {
    match call.query.text("resourceVersion") {
        "" => Ok(0),
        text => text.parse().map_err(|_| {
            Failure::bad_request(format!(
                "invalid resource version: strconv.ParseUint: parsing \"{text}\": invalid syntax"
            ))
        }),
    }
}

/// What a list may ask for.
///
/// # Errors
/// 422 with what is wrong.
pub(super) fn check_list(call: &Call) -> Result<(), Failure> {
    let query = &call.query;
    let (asked, how) = (query.text("resourceVersion"), query.text(MATCH));
    let mut wrong = Vec::new();
    if !how.is_empty() {
        if asked.is_empty() {
            wrong.push(forbidden(MATCH, format!("{MATCH} is forbidden unless resourceVersion is provided")));
        }
        if !query.text("continue").is_empty() {
            wrong.push(forbidden(MATCH, format!("{MATCH} is forbidden when continue is provided")));
        }
        if !["Exact", "NotOlderThan"].contains(&how) {
            wrong.push(unsupported(how));
        }
        if how == "Exact" && asked == "0" {
            wrong.push(forbidden(MATCH, format!("{MATCH} \"exact\" is forbidden for resourceVersion \"0\"")));
        }
    }
    if query.has(INITIAL) {
        wrong.push(forbidden(INITIAL, format!("{INITIAL} is forbidden for list")));
    }
    refuse(&wrong)
}

/// What a watch may ask for.
///
/// # Errors
/// 422 with what is wrong.
pub(super) fn check_watch(call: &Call) -> Result<(), Failure> {
    let how = call.query.text(MATCH);
    let mut wrong = Vec::new();
    match (call.query.has(INITIAL), how) {
        (false, "") | (true, "NotOlderThan") => {}
        (false, _) => {
            wrong.push(forbidden(MATCH, format!("{MATCH} is forbidden for watch unless {INITIAL} is provided")));
        }
        (true, "") => {
            wrong.push(forbidden(MATCH, format!("{INITIAL} requires setting {MATCH} to NotOlderThan")));
        }
        (true, _) => {
            wrong.push(forbidden(MATCH, format!("{INITIAL} requires setting {MATCH} to NotOlderThan")));
            wrong.push(unsupported(how));
        }
    }
    refuse(&wrong)
}

fn forbidden(field: &str, why: String) -> FieldError {
    FieldError::new(Fault::Forbidden, field, why)
}

fn unsupported(how: &str) -> FieldError {
    let supported = "supported values: \"Exact\", \"NotOlderThan\", \"\"";
    FieldError::new(Fault::NotSupported, MATCH, supported).with_value(how.into())
}

fn refuse(wrong: &[FieldError]) -> Result<(), Failure> {
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid_as("ListOptions.meta.k8s.io", "meta.k8s.io", "ListOptions", "", wrong))
}

/// A version that is still to come: the API server waits three seconds for it; here it would wait for ever, because
/// nothing else numbers writes.
///
/// # Errors
/// 504 when it is.
pub(super) fn check_reached(asked: u64, newest: u64) -> Result<(), Failure> {
    if asked <= newest {
        return Ok(());
    }
    let message = format!("Too large resource version: {asked}, current: {newest}");
    let mut failure = Failure::new(504, "Timeout", format!("Timeout: {message}"));
    failure.details = Some(serde_json::json!({
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}], "retryAfterSeconds": 1,
    }));
    Err(failure)
}

/// The rest of a list whose version is forgotten.
pub(super) fn page_expired() -> Failure {
    let message = "The provided continue parameter is too old to display a consistent list result. You can start a new \
        list without the continue parameter.";
    Failure::new(410, "Expired", message)
}
