//! Headers of every response, and the checks of every request.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, header};

use super::{
    errors::PageError,
    nonce::Nonce,
    state::AppState,
    texts::{self, Texts},
};
use crate::sessions::ids::Token;

/// Sets what every response of ours carries, unless a handler has set its own.
pub async fn secure(mut request: Request, next: Next) -> Response {
    let nonce = Nonce(Token::random().as_str().to_owned());
    request.extensions_mut().insert(nonce.clone());
    let reader = Reader::of(request.headers());
    let mut response = reader.with_page(next.run(request).await, &nonce);
    let headers = response.headers_mut();
    let mut default = |name: header::HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    default(header::CONTENT_SECURITY_POLICY, policy(&nonce));
    default(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    default(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    default(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    default(header::HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    default(
        header::HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    );
    response
}

/// Who asks: somebody who reads pages, or a program.
struct Reader {
    t: &'static Texts,
    reads_pages: bool,
}

impl Reader {
    fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self { t: texts::of(headers), reads_pages: accept.contains("text/html") }
    }

    /// Makes a page of an error: of one of ours, and for people also of a bare status.
    fn with_page(&self, response: Response, nonce: &Nonce) -> Response {
        let ours = response.extensions().get::<PageError>().cloned();
        let bare = self.reads_pages && !response.headers().contains_key(header::CONTENT_TYPE);
        let Some(error) = ours.or_else(|| PageError::of(response.status()).filter(|_| bare)) else { return response };
        let mut page = error.page(nonce, self.t);
        for name in [header::CONTENT_SECURITY_POLICY, header::ALLOW, header::RETRY_AFTER] {
            if let Some(value) = response.headers().get(&name) {
                page.headers_mut().insert(name, value.clone());
            }
        }
        page
    }
}

/// Everything from our own address only. Styles may carry the nonce, as the editor makes its own.
fn policy(nonce: &Nonce) -> HeaderValue {
    let nonce = &nonce.0;
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'self'"
    );
    HeaderValue::from_str(&policy).expect("a policy is ASCII, and so is the nonce")
}

/// Refuses requests that call us by a name that is not ours.
pub async fn own_host(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if app.site.answers_to(request.headers()) { next.run(request).await } else { PageError::ForeignHost.plain() }
}

/// Gives a page's reader a cookie, so that two tabs that open together share a session.
pub async fn session_cookie(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let known = match app.site.session(request.headers()) {
        Some(cookie) => app.sessions.knows(&cookie).await,
        None => false,
    };
    let wants = request.method() == Method::GET && !known;
    let mut response = next.run(request).await;
    let html = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
    if wants && html && response.status().is_success() {
        let cookie = app.site.set_cookie(&app.sessions.issue());
        let cookie = HeaderValue::from_str(&cookie).expect("a cookie of ours is ASCII");
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What is answered where no route leads.
pub async fn nowhere() -> Response {
    PageError::NotFound.into_response()
}
