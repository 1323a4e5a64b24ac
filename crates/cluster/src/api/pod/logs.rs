//! `GET …/pods/x/log`.

use std::{convert::Infallible, sync::Arc};

use axum::{body::Body, response::Response};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{container, passed_on};
use crate::{
    admission::field::{Fault, FieldError},
    api::{Api, call::Call, failure::Failure, query::Query, respond},
    node::endpoint::LogOptions,
};

/// Answers with a container's log, as far as it goes or on and on.
pub(crate) async fn logs(api: &Arc<Api>, call: &Call) -> Result<Response, Failure> {
    let mut options = options(&call.query, &call.name, api.clock.now())?;
    let pod = api.find(call)?;
    options.container = container::choose(&pod, call.query.text("container"))?;
    let placed = pod["spec"]["nodeName"].as_str().is_some_and(|name| !name.is_empty());
    if !placed {
        return Ok(respond::document(204, "text/plain", Body::empty()));
    }
    let lines = api.node.logs(call.namespace(), &call.name, options).await.map_err(|error| passed_on(call, &error))?;
    let closing = api.closing().clone().cancelled_owned();
    let body = Body::from_stream(lines.map(Ok::<_, Infallible>).take_until(closing));
    Ok(respond::document(200, "text/plain", body))
}

/// Reads and checks the query.
pub(crate) fn options(query: &Query, name: &str, now: Timestamp) -> Result<LogOptions, Failure> {
    let mut errors = Vec::new();
    let mut invalid = |field: &str, value: i64, why: &str| {
        errors.push(FieldError::new(Fault::Invalid, field, why).with_value(Value::from(value)));
    };
    let tail_lines = query.number("tailLines")?;
    if let Some(lines) = tail_lines.filter(|lines| *lines < 0) {
        invalid("tailLines", lines, "must be greater than or equal to 0");
    }
    let limit_bytes = query.number("limitBytes")?;
    if let Some(bytes) = limit_bytes.filter(|bytes| *bytes < 1) {
        invalid("limitBytes", bytes, "must be greater than 0");
    }
    let since_seconds = query.number("sinceSeconds")?;
    if let Some(seconds) = since_seconds.filter(|seconds| *seconds < 1) {
        invalid("sinceSeconds", seconds, "must be greater than 0");
    }
    let since_time = since_time(query.text("sinceTime"))?;
    if since_seconds.is_some() && since_time.is_some() {
        let why = "at most one of `sinceTime` or `sinceSeconds` may be specified";
        errors.push(FieldError::new(Fault::Forbidden, "", why));
    }
    if !errors.is_empty() {
        return Err(Failure::invalid_as("PodLogOptions", "", "PodLogOptions", name, &errors));
    }
    let unsigned = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    Ok(LogOptions {
        container: String::new(),
        follow: query.flag("follow"),
        previous: query.flag("previous"),
        timestamps: query.flag("timestamps"),
        tail_lines: unsigned(tail_lines),
        since: since_time.or(since_seconds.map(|seconds| now - SignedDuration::from_secs(seconds))),
        limit_bytes: unsigned(limit_bytes),
    })
}

fn since_time(text: &str) -> Result<Option<Timestamp>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let layout = "2006-01-02T15:04:05Z07:00";
        Failure::bad_request(format!("parsing time \"{text}\" as \"{layout}\": cannot parse \"{text}\" as \"2006\""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_told_together() {
        let query = Query::parse("tailLines=-1&limitBytes=0&sinceSeconds=0");
        let failure = options(&query, "web", Timestamp::UNIX_EPOCH).unwrap_err();
        let expected = "PodLogOptions \"web\" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to \
                        0, limitBytes: Invalid value: 0: must be greater than 0, sinceSeconds: Invalid value: 0: must be \
                        greater than 0]";
        assert_eq!((failure.code, failure.message.as_str()), (422, expected));
    }
}
