//! Where learners come in: a code and a name, nothing else.

use std::time::Instant;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Extension, Form,
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::words;
use crate::{
    web::{
        address::Address,
        assets,
        errors::PageError,
        nonce::Nonce,
        state::AppState,
        texts::{self, Texts},
    },
    workshops::{MAX_LINE, NoEntry, code},
};

#[derive(Template, WebTemplate)]
#[template(path = "workshops/join.html")]
struct JoinPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    code: &'a str,
    name: &'a str,
    /// The workshop that the code leads to, once it is known.
    title: Option<&'a str>,
    wrong: Option<String>,
    longest: usize,
}

/// What a learner fills in.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    code: String,
    #[serde(default)]
    name: String,
}

/// `/join`
pub(super) async fn ask(Extension(Nonce(nonce)): Extension<Nonce>, headers: HeaderMap) -> Response {
    JoinPage { nonce: &nonce, t: texts::of(&headers), code: "", name: "", title: None, wrong: None, longest: MAX_LINE }
        .into_response()
}

/// `/join/<code>`: what the link and the picture lead to.
pub(super) async fn ask_with(
    State(app): State<AppState>,
    address: Address,
    Extension(Nonce(nonce)): Extension<Nonce>,
    Path(typed): Path<String>,
    headers: HeaderMap,
) -> Response {
    let entry = Entry { code: typed, name: String::new() };
    if !app.limits.joins.may(address, Instant::now()) {
        return PageError::TooManyTries.into_response();
    }
    match app.workshops.by_code(&entry.code).await {
        Ok(workshop) => {
            let (code, title) = (workshop.code.as_str(), Some(workshop.plan.title.as_str()));
            JoinPage { nonce: &nonce, t: texts::of(&headers), code, name: "", title, wrong: None, longest: MAX_LINE }
                .into_response()
        }
        Err(refusal) => {
            count(&app, address, &refusal);
            refused(&nonce, texts::of(&headers), &entry, &refusal)
        }
    }
}

/// Counts a code that nobody gave out.
fn count(app: &AppState, address: Address, refusal: &NoEntry) {
    if matches!(refusal, NoEntry::NoSuchCode) {
        app.limits.joins.wrong(address, Instant::now());
    }
}

/// Lets a learner in and leads them to the first lesson.
pub(super) async fn join(
    State(app): State<AppState>,
    address: Address,
    Extension(Nonce(nonce)): Extension<Nonce>,
    headers: HeaderMap,
    Form(entry): Form<Entry>,
) -> Response {
    if !app.limits.joins.may(address, Instant::now()) {
        return PageError::TooManyTries.into_response();
    }
    let visitor = match app.sessions.visitor(app.site.session(&headers)).await {
        Ok(visitor) => visitor,
        Err(error) => return refused(&nonce, texts::of(&headers), &entry, &error.into()),
    };
    let joined = app.workshops.join(&entry.code, &entry.name, &visitor.learner, &app.catalog()).await;
    let room = match joined {
        Ok(room) => room,
        Err(refusal) => {
            count(&app, address, &refusal);
            return refused(&nonce, texts::of(&headers), &entry, &refusal);
        }
    };
    // The sandbox is made while the page loads. Without a place the page waits for one.
    if let Ok(session) = app.sessions.session_of(&visitor.learner, None).await {
        drop(session.attach());
    }
    let language = room.workshop().plan.language;
    let first = room.parts().first().map(|part| format!("/lessons/{}?lang={language}", part.id));
    let mut response = Redirect::to(first.as_deref().unwrap_or("/")).into_response();
    if let Some(cookie) = visitor.cookie {
        let cookie = HeaderValue::from_str(&app.site.set_cookie(&cookie)).expect("a cookie of ours is ASCII");
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn refused(nonce: &str, t: &'static Texts, entry: &Entry, refusal: &NoEntry) -> Response {
    if let NoEntry::Storage(error) = refusal {
        tracing::error!(%error, "nobody can join a workshop");
    }
    let status = match refusal {
        NoEntry::NoSuchCode => StatusCode::NOT_FOUND,
        NoEntry::Storage(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let known = code::parse(&entry.code);
    let code = known.as_deref().unwrap_or(&entry.code);
    let wrong = Some(words::no_entry(t, refusal));
    let page = JoinPage { nonce, t, code, name: &entry.name, title: None, wrong, longest: MAX_LINE };
    (status, page).into_response()
}
