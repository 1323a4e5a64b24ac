//! Who asks: an instructor who has signed in, by their cookie.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, header, request::Parts};

use crate::web::{site::Site, state::AppState};

/// The account of an instructor who has signed in.
pub(super) struct Instructor(pub String);

/// Whoever is none is led to where one signs in.
impl FromRequestParts<AppState> for Instructor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        signed_in(app, &parts.headers).map(Self).ok_or_else(|| Redirect::to("/workshops").into_response())
    }
}

/// The account that a request's cookie is of.
pub(super) fn signed_in(app: &AppState, headers: &HeaderMap) -> Option<String> {
    let cookie = app.site.cookie(headers, name(&app.site))?;
    app.workshops.accounts().signed_in(cookie, app.workshops.now())
}

fn name(site: &Site) -> &'static str {
    if site.is_secure() { "__Host-podyard-instructor" } else { "podyard-instructor" }
}

/// What signs a browser in with this value, or out with none. Other sites' links do not carry it.
pub(super) fn set_cookie(site: &Site, value: Option<&str>) -> HeaderValue {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let (value, age) = value.map_or((String::new(), "; Max-Age=0"), |value| (value.to_owned(), ""));
    let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{age}{secure}", name(site));
    HeaderValue::from_str(&cookie).expect("a name, a time and a seal are ASCII")
}

/// Sets or clears the cookie of a response.
pub(super) fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
