//! `/openapi/v3`: the index and the documents it names; `/openapi/v2`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{OriginalUri, Request},
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::{Api, failure::Failure, respond};
use crate::{
    custom::CustomKind,
    openapi::{Document, custom_document, documents, swagger, swagger_with},
};

/// The media type of the older form.
const SWAGGER: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// Answers for what follows `/openapi/`.
pub(crate) fn serve(api: &Api, place: &str, request: &Request) -> Result<Response, Failure> {
    if place == "v2" {
        let custom = api.definitions.all();
        let whole = if custom.is_empty() { swagger().clone() } else { swagger_with(&custom) };
        return Ok(sent(&whole, SWAGGER, request.headers()));
    }
    let place = place.strip_prefix("v3").ok_or_else(Failure::no_such_path)?;
    match place.trim_start_matches('/') {
        "" => Ok(index(&prefix(request), &custom_documents(api, None))),
        place => document(api, place, request.headers()),
    }
}

/// Where this API is mounted: clients take the index's addresses for whole paths.
fn prefix(request: &Request) -> String {
    let whole = request.extensions().get::<OriginalUri>().map(|uri| uri.path()).unwrap_or_default();
    whole.strip_suffix(request.uri().path()).unwrap_or_default().to_owned()
}

/// The documents of custom resources by their place: of all groups and versions, or of one.
fn custom_documents(api: &Api, place: Option<&str>) -> BTreeMap<String, Document> {
    let mut kinds: BTreeMap<String, Vec<Arc<CustomKind>>> = BTreeMap::new();
    for kind in api.definitions.all() {
        kinds.entry(format!("apis/{}", kind.row().api_version())).or_default().push(kind);
    }
    let wanted = kinds.into_iter().filter(|(known, _)| place.is_none_or(|place| known == place));
    wanted.map(|(place, kinds)| (place, custom_document(&kinds))).collect()
}

fn index(prefix: &str, custom: &BTreeMap<String, Document>) -> Response {
    let paths: BTreeMap<&String, Value> = documents()
        .iter()
        .chain(custom)
        .map(|(place, document)| {
            let address = format!("{prefix}/openapi/v3/{place}?hash={}", document.hash);
            (place, json!({"serverRelativeURL": address}))
        })
        .collect();
    respond::document(200, "text/plain; charset=utf-8", json!({"paths": paths}).to_string().into())
}

fn document(api: &Api, place: &str, headers: &HeaderMap) -> Result<Response, Failure> {
    let known = documents().get(place).cloned();
    let document = known.or_else(|| custom_documents(api, Some(place)).remove(place));
    Ok(sent(&document.ok_or_else(Failure::no_such_path)?, "application/json", headers))
}

/// A document with its tag, compressed if the client takes that; 304 when the client has it already.
fn sent(document: &Document, content_type: &'static str, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", document.hash);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes()) {
        return respond::document(304, content_type, String::new().into());
    }
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let zipped = accepts.split(',').any(|coding| coding.trim().starts_with("gzip"));
    let body = if zipped { document.gzip.clone() } else { document.plain.clone() };
    let mut response = respond::document(200, content_type, body.into());
    let headers = response.headers_mut();
    if zipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Accept"));
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).expect("hexadecimal digits fit into a header"));
    response
}
