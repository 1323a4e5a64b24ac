//! Signing in elsewhere: away to the issuer, and back with what it says.

use std::time::Instant;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Extension, Router,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;

use super::{
    instructor::{set_cookie, with_cookie},
    office,
};
use crate::{
    web::{
        address::Address,
        assets,
        errors::PageError,
        nonce::Nonce,
        site::Site,
        state::AppState,
        texts::{self, Texts},
    },
    workshops::oidc::{Attempt, Issuer, NotSignedIn},
};

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/workshops/oidc", get(leave)).route("/workshops/oidc/callback", get(come_back))
}

#[derive(Template, WebTemplate)]
#[template(path = "workshops/signed_in.html")]
struct SignedInPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    instructor: &'a str,
}

/// What the issuer sends a browser back with.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    error: Option<String>,
}

/// `/workshops/oidc`
async fn leave(
    State(app): State<AppState>,
    address: Address,
    Extension(Nonce(nonce)): Extension<Nonce>,
    headers: HeaderMap,
) -> Response {
    let Some(issuer) = app.workshops.accounts().issuer() else { return PageError::NotFound.into_response() };
    if !app.limits.sign_ins.may(address, Instant::now()) {
        return PageError::TooManyTries.into_response();
    }
    let Some(back) = back(&app, &headers) else { return PageError::ForeignHost.into_response() };
    match issuer.begin(&back, app.workshops.now()).await {
        Ok((to, attempt)) => {
            let kept = app.workshops.accounts().seal_attempt(&attempt);
            with_cookie(Redirect::to(&to).into_response(), attempt_cookie(&app.site, Some(&kept)))
        }
        Err(why) => refused(&app, &nonce, &headers, &why),
    }
}

/// `/workshops/oidc/callback`
async fn come_back(
    State(app): State<AppState>,
    address: Address,
    Extension(Nonce(nonce)): Extension<Nonce>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Response {
    let Some(issuer) = app.workshops.accounts().issuer() else { return PageError::NotFound.into_response() };
    if !app.limits.sign_ins.may(address, Instant::now()) {
        return PageError::TooManyTries.into_response();
    }
    let response = match who(&app, issuer, &headers, answer).await {
        Ok(name) => {
            app.workshops.record(&name, None, "signed-in", issuer.host()).await;
            let cookie = app.workshops.accounts().cookie_by_issuer(&name, app.workshops.now());
            let page = SignedInPage { nonce: &nonce, t: texts::of(&headers), instructor: &name };
            with_cookie(office::fresh(page), set_cookie(&app.site, Some(&cookie)))
        }
        Err(why) => {
            app.limits.sign_ins.wrong(address, Instant::now());
            refused(&app, &nonce, &headers, &why)
        }
    };
    // Whatever came of it, it is over.
    with_cookie(response, attempt_cookie(&app.site, None))
}

async fn who(app: &AppState, issuer: &Issuer, headers: &HeaderMap, answer: Answer) -> Result<String, NotSignedIn> {
    let kept = app.site.cookie(headers, name(&app.site)).and_then(|kept| app.workshops.accounts().unseal_attempt(kept));
    let attempt = kept.and_then(|text| Attempt::read(text, app.workshops.now())).ok_or(NotSignedIn::Stale)?;
    if let Some(error) = answer.error {
        return Err(NotSignedIn::Refused(error));
    }
    let back = back(app, headers).ok_or(NotSignedIn::Stale)?;
    let name = issuer.finish(attempt, &answer.state, &answer.code, &back).await?;
    // Whoever chooses a name at the issuer must not get the workshops of somebody who has a password here.
    if app.workshops.accounts().has_password(&name) { Err(NotSignedIn::NotAllowed(name)) } else { Ok(name) }
}

/// The address that the issuer sends browsers back to.
fn back(app: &AppState, headers: &HeaderMap) -> Option<String> {
    Some(format!("{}/workshops/oidc/callback", app.site.base(headers)?))
}

fn refused(app: &AppState, nonce: &str, headers: &HeaderMap, why: &NotSignedIn) -> Response {
    tracing::warn!(%why, "an instructor could not sign in at the issuer");
    let t = texts::of(headers);
    let (status, words) = match why {
        NotSignedIn::Issuer(_) => (StatusCode::BAD_GATEWAY, t.say("office.oidc.noAnswer").to_owned()),
        NotSignedIn::Stale => (StatusCode::BAD_REQUEST, t.say("office.oidc.stale").to_owned()),
        NotSignedIn::Refused(_) | NotSignedIn::Token(_) => {
            (StatusCode::FORBIDDEN, t.say("office.oidc.refused").to_owned())
        }
        NotSignedIn::NotAllowed(name) => (StatusCode::FORBIDDEN, t.with("office.oidc.notAllowed", "name", name)),
        NotSignedIn::NoName(claim) => (StatusCode::FORBIDDEN, t.with("office.oidc.noName", "claim", claim)),
    };
    (status, office::sign_in_page(app, nonce, t, "", Some(words))).into_response()
}

fn name(site: &Site) -> &'static str {
    if site.is_secure() { "__Host-podyard-sign-in" } else { "podyard-sign-in" }
}

/// Lax: the issuer's page leads back here.
fn attempt_cookie(site: &Site, value: Option<&str>) -> HeaderValue {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let (value, age) = value.map_or(("", 0), |value| (value, 600));
    let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", name(site));
    HeaderValue::from_str(&cookie).expect("a seal and random letters are ASCII")
}

#[cfg(test)]
mod tests;
