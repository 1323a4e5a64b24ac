//! Who asks: an instructor who has signed in, by their cookie; and for which workshop of theirs.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Path},
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use serde::Deserialize;

use super::action::refusal;
use crate::{
    storage::WorkshopId,
    web::{errors::PageError, site::Site, state::AppState, texts},
    workshops::room::Room,
};

/// The account of an instructor who has signed in.
pub(super) struct Instructor(pub String);

/// Whoever is none is led to where one signs in.
impl FromRequestParts<AppState> for Instructor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        signed_in(app, &parts.headers).map(Self).ok_or_else(|| Redirect::to("/workshops").into_response())
    }
}

/// The workshop that an address names, of the instructor who asks.
pub(super) struct Owned {
    /// Whose it is.
    pub instructor: String,
    /// The workshop, running.
    pub room: Arc<Room>,
}

/// What all addresses of a workshop have.
#[derive(Deserialize)]
struct Named {
    id: String,
}

/// There is no such workshop for whoever does not hold it.
impl FromRequestParts<AppState> for Owned {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let Instructor(instructor) = Instructor::from_request_parts(parts, app).await?;
        let named = Path::<Named>::from_request_parts(parts, app).await;
        let Path(Named { id }) = named.map_err(|_| PageError::NotFound.into_response())?;
        let room = app.workshops.owned(&instructor, &WorkshopId::new(id), &app.catalog()).await;
        Ok(Self { instructor, room: room.map_err(|refused| refusal(texts::of(&parts.headers), &refused))? })
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
