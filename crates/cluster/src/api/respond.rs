//! Turning values into HTTP answers.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{
    failure::Failure,
    negotiate::{Accept, Encoding},
};

/// An answer before it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    /// 200, 201, …
    pub code: u16,
    /// The object, list or `Status`.
    pub body: Value,
    /// One `Warning` header each.
    pub warnings: Vec<String>,
}

impl Reply {
    /// 200 with this body.
    pub fn ok(body: Value) -> Self {
        Self { code: 200, body, warnings: Vec::new() }
    }

    /// 201 with this body.
    pub fn created(body: Value) -> Self {
        Self { code: 201, ..Self::ok(body) }
    }

    /// Adds warnings.
    pub fn with_warnings(mut self, warnings: Vec<String>) -> Self {
        self.warnings.extend(warnings);
        self
    }
}

/// Writes an answer.
pub(crate) fn write(reply: &Reply, accept: Accept) -> Response {
    let mut response = document(reply.code, accept.content_type(), encode(&reply.body, accept.encoding).into());
    for warning in &reply.warnings {
        if let Some(value) = warning_header(warning) {
            response.headers_mut().append(header::WARNING, value);
        }
    }
    response
}

/// Writes a refusal; it is always JSON, so that whoever could not be served can read why.
pub(crate) fn refuse(failure: &Failure, pretty: bool) -> Response {
    let text = encode(&failure.status(), Encoding::Json { pretty });
    document(failure.code, "application/json", text.into())
}

/// An answer with the headers that every answer of the API server has.
pub(crate) fn document(code: u16, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).expect("only codes of RFC 9110 are written in this crate");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// The text of a value.
pub(crate) fn encode(value: &Value, encoding: Encoding) -> String {
    let written = match encoding {
        Encoding::Json { pretty: false } => serde_json::to_string(value),
        Encoding::Json { pretty: true } => serde_json::to_string_pretty(value),
        Encoding::Yaml => return serde_saphyr::to_string(value).unwrap_or_default(),
    };
    written.expect("a JSON value has only string keys")
}

/// `299 - "text"` with quotes and backslashes escaped (RFC 7234, 5.5).
fn warning_header(text: &str) -> Option<HeaderValue> {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    let line = escaped.replace(['\r', '\n'], " ");
    HeaderValue::from_str(&format!("299 - \"{line}\"")).ok()
}
