//! From a request to an answer.

use std::sync::Arc;

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::{
    Api, access,
    call::{Call, Verb, verb},
    discovery,
    failure::Failure,
    metrics,
    negotiate::{Accept, Encoding},
    openapi, parts,
    path::{self, Target},
    pod, proxy,
    query::Query,
    respond::{self, Reply},
    shape, watch, write_options,
};
use crate::{rbac::User, version};

/// The largest body that is read (the API server's own limit).
const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// Answers a request.
pub(crate) async fn serve(api: Arc<Api>, request: Request) -> Response {
    let target = path::parse(request.uri().path(), &api.definitions);
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let pretty = matches!(
        Accept::negotiate(&HeaderMap::from_iter(agent_only(request.headers())), query.text("pretty")),
        Ok(Accept { encoding: Encoding::Json { pretty: true }, .. })
    );
    match route(api, target, query, request).await {
        Ok(response) => response,
        Err(failure) => respond::refuse(&failure, pretty),
    }
}

fn agent_only(headers: &HeaderMap) -> Option<(header::HeaderName, header::HeaderValue)> {
    headers.get(header::USER_AGENT).map(|agent| (header::USER_AGENT, agent.clone()))
}

async fn route(api: Arc<Api>, target: Target, query: Query, request: Request) -> Result<Response, Failure> {
    let user = api.caller(request.headers(), request.extensions().get().copied())?;
    if let Some(wanted) = metrics::wanted(request.uri().path()).filter(|_| api.metrics) {
        let about = (request.method(), request.headers());
        return metrics::serve(&api, &user, wanted, &query, about).await;
    }
    for asked in access::asked(request.method(), request.uri().path(), &target, &query) {
        access::check(&api.store, &user, &asked)?;
    }
    match target {
        Target::Collection(place) => {
            let verb = verb(request.method(), &place, "", None, &query)?;
            objects(api, user, (verb, place, String::new(), None), query, request).await
        }
        Target::Object(place, name, part) => {
            let verb = verb(request.method(), &place, &name, part.as_ref(), &query)?;
            objects(api, user, (verb, place, name, part), query, request).await
        }
        Target::Outside => Ok(respond::document(404, "text/plain; charset=utf-8", "404 page not found\n".into())),
        Target::Health => Ok(respond::document(200, "text/plain; charset=utf-8", "ok".into())),
        Target::Unknown => Err(Failure::no_such_path()),
        _ if request.method() != Method::GET && request.method() != Method::HEAD => Err(Failure::method_not_allowed()),
        Target::OpenApi(place) => openapi::serve(&api, &place, &request),
        target => documents(&api, &target, &query, request.headers()),
    }
}

/// Discovery and the version.
fn documents(api: &Api, target: &Target, query: &Query, headers: &HeaderMap) -> Result<Response, Failure> {
    if discovery::wants_aggregated(headers)
        && let Some(response) = discovery::aggregated(api, target, headers)
    {
        return Ok(response);
    }
    let accept = Accept::negotiate(headers, query.text("pretty"))?;
    if *target == Target::Version {
        return Ok(respond::write(&Reply::ok(version::document()), accept));
    }
    let server = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("127.0.0.1:6443");
    let body = discovery::legacy(api, target, server).ok_or_else(Failure::no_such_path)?;
    let mut response = respond::write(&Reply::ok(body), accept);
    response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("Accept"));
    Ok(response)
}

type About = (Verb, path::Place, String, Option<path::Part>);

/// What every answer about a kind on its way out says (`wire/table-endpoints.json`).
fn deprecation(call: &Call) -> Vec<String> {
    if let Some(warning) = call.resource().custom.and_then(|custom| custom.deprecation.clone()) {
        return vec![warning];
    }
    match (call.resource().group, call.resource().kind) {
        ("", "Endpoints") => {
            vec!["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned()]
        }
        _ => Vec::new(),
    }
}

async fn objects(api: Arc<Api>, user: User, about: About, query: Query, request: Request) -> Result<Response, Failure> {
    let (verb, place, name, part) = about;
    let accept = Accept::negotiate(request.headers(), query.text("pretty"))?;
    let headers = request.headers().clone();
    let call = Call { user, verb, place, name, part, query, headers, accept };
    if call.verb == Verb::Watch {
        return watch::watch(&api, &call);
    }
    if call.part.as_ref().is_some_and(|part| part.row.name == "proxy") {
        return proxy::proxy(&api, &call, request).await;
    }
    let request = match pod::stream(&api, &call, request).await {
        Ok(answer) => return answer,
        Err(request) => request,
    };
    let body = match call.verb {
        Verb::Get | Verb::List => Bytes::new(),
        _ => read_body(request.into_body()).await?,
    };
    write_options::check(&call)?;
    let reply = dispatch(&api, &call, &body)?.with_warnings(deprecation(&call));
    Ok(respond::write(&shape::shape(&api, &call, reply), call.accept))
}

fn dispatch(api: &Api, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
    if let Some(part) = &call.part {
        return match (part.row.name, call.verb) {
            (_, Verb::Get) if part.row.kind.is_empty() || part.row.kind == call.resource().kind => api.get(call),
            ("scale", Verb::Get | Verb::Update | Verb::Patch) => api.scale(call, body),
            ("token", Verb::Create) => api.request_token(call, body),
            ("status" | "ephemeralcontainers" | "resize" | "finalize", Verb::Update) => api.update(call, body),
            ("status" | "ephemeralcontainers" | "resize", Verb::Patch) => api.patch(call, body),
            ("binding", Verb::Create) => api.bind(call, body),
            ("eviction", Verb::Create) => api.evict(call, body),
            _ => Err(Failure::no_such_path()),
        };
    }
    if call.verb == Verb::Create && !call.resource().is_stored() {
        return match call.resource().kind {
            "Binding" => api.bind(&parts::binding_target(call, body)?, body),
            _ => api.review(call, body),
        };
    }
    match call.verb {
        Verb::Get => api.get(call),
        Verb::List | Verb::Watch => api.list(call),
        Verb::Create => api.create(call, body),
        Verb::Update => api.update(call, body),
        Verb::Patch => api.patch(call, body),
        Verb::Delete => api.delete(call, body),
        Verb::DeleteCollection => api.delete_collection(call, body),
    }
}

async fn read_body(body: Body) -> Result<Bytes, Failure> {
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("Request entity too large: limit is {BODY_LIMIT}");
            Err(Failure::new(413, "RequestEntityTooLarge", message))
        }
        Err(error) => Err(Failure::bad_request(error.to_string())),
    }
}
