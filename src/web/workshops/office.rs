//! Where instructors sign in, see their workshops and make new ones.

use std::time::Instant;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Extension, Form,
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::Deserialize;

use super::{
    action::refusal,
    instructor::{Instructor, set_cookie, signed_in, with_cookie},
    words,
};
use crate::{
    lessons::{Catalog, model::Lesson},
    storage::{Plan, Workshop, WorkshopState},
    web::{
        address::Address,
        assets,
        errors::PageError,
        nonce::Nonce,
        state::AppState,
        texts::{self, Texts},
    },
    workshops::{MAX_CAPACITY, MAX_LINE, PlanMistake, Refused},
};

#[derive(Template, WebTemplate)]
#[template(path = "workshops/sign_in.html")]
struct SignInPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    name: &'a str,
    wrong: Option<String>,
    /// Whether anybody has a password.
    accounts: bool,
    /// Where else one signs in.
    issuer: Option<&'a str>,
}

/// Where an instructor signs in, with what was wrong the last time.
pub(super) fn sign_in_page<'a>(
    app: &'a AppState,
    nonce: &'a str,
    t: &'static Texts,
    name: &'a str,
    wrong: Option<String>,
) -> impl axum::response::IntoResponse + use<'a> {
    let (accounts, issuer) = (!app.workshops.accounts().is_empty(), app.workshops.accounts().issuer_host());
    SignInPage { nonce, t, name, wrong, accounts, issuer }
}

#[derive(Template, WebTemplate)]
#[template(path = "workshops/list.html")]
struct ListPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    instructor: &'a str,
    workshops: &'a [Workshop],
}

#[derive(Template, WebTemplate)]
#[template(path = "workshops/new.html")]
struct NewPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    lessons: &'a [Lesson],
    filled: &'a Filled,
    wrong: Option<String>,
    longest: usize,
    most: u64,
}

/// What an instructor signs in with.
#[derive(Debug, Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: String,
}

/// `/workshops`
pub(super) async fn list(
    State(app): State<AppState>,
    Extension(Nonce(nonce)): Extension<Nonce>,
    headers: HeaderMap,
) -> Response {
    let Some(instructor) = signed_in(&app, &headers) else {
        return fresh(sign_in_page(&app, &nonce, texts::of(&headers), "", None));
    };
    match app.workshops.of(&instructor).await {
        Ok(workshops) => {
            fresh(ListPage { nonce: &nonce, t: texts::of(&headers), instructor: &instructor, workshops: &workshops })
        }
        Err(error) => refusal(texts::of(&headers), &error.into()),
    }
}

/// Signs an instructor in.
pub(super) async fn sign_in(
    State(app): State<AppState>,
    address: Address,
    Extension(Nonce(nonce)): Extension<Nonce>,
    headers: HeaderMap,
    Form(Credentials { name, password }): Form<Credentials>,
) -> Response {
    if !app.limits.sign_ins.may(address, Instant::now()) {
        return PageError::TooManyTries.into_response();
    }
    if !app.workshops.check(&name, password).await {
        app.limits.sign_ins.wrong(address, Instant::now());
        let t = texts::of(&headers);
        let wrong = Some(t.say("office.wrong").to_owned());
        return (StatusCode::FORBIDDEN, sign_in_page(&app, &nonce, t, &name, wrong)).into_response();
    }
    app.workshops.record(&name, None, "signed-in", "").await;
    let cookie = app.workshops.accounts().cookie(&name, app.workshops.now());
    with_cookie(Redirect::to("/workshops").into_response(), set_cookie(&app.site, Some(&cookie)))
}

/// Signs an instructor out.
pub(super) async fn sign_out(State(app): State<AppState>, headers: HeaderMap) -> Response {
    if let Some(instructor) = signed_in(&app, &headers) {
        app.workshops.record(&instructor, None, "signed-out", "").await;
    }
    with_cookie(Redirect::to("/workshops").into_response(), set_cookie(&app.site, None))
}

/// `/workshops/new`
pub(super) async fn form(
    State(app): State<AppState>,
    Extension(Nonce(nonce)): Extension<Nonce>,
    headers: HeaderMap,
    _: Instructor,
) -> Response {
    let catalog = app.catalog();
    new_page(&catalog, &nonce, texts::of(&headers), &Filled::default(), None).into_response()
}

/// Makes a workshop and leads to its wall.
pub(super) async fn create(
    State(app): State<AppState>,
    Extension(Nonce(nonce)): Extension<Nonce>,
    Instructor(instructor): Instructor,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let catalog = app.catalog();
    let filled = Filled::read(&body);
    let plan = match filled.plan(catalog.lessons()) {
        Ok(plan) => plan,
        Err(why) => {
            return (
                StatusCode::UNPROCESSABLE_ENTITY,
                new_page(&catalog, &nonce, texts::of(&headers), &filled, Some(why)),
            )
                .into_response();
        }
    };
    match app.workshops.create(&instructor, plan).await {
        Ok(workshop) => Redirect::to(&format!("/workshops/{}", workshop.id)).into_response(),
        Err(Refused::Plan(why)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, new_page(&catalog, &nonce, texts::of(&headers), &filled, Some(why)))
                .into_response()
        }
        Err(refused) => refusal(texts::of(&headers), &refused),
    }
}

fn new_page<'a>(
    catalog: &'a Catalog,
    nonce: &'a str,
    t: &'static Texts,
    filled: &'a Filled,
    wrong: Option<PlanMistake>,
) -> NewPage<'a> {
    let wrong = wrong.map(|mistake| words::plan(t, mistake));
    NewPage { nonce, t, lessons: catalog.lessons(), filled, wrong, longest: MAX_LINE, most: MAX_CAPACITY }
}

/// The form as it was filled in, kept when something in it is wrong.
#[derive(Debug, Default)]
struct Filled {
    title: String,
    lessons: Vec<String>,
    language: String,
    capacity: String,
    prewarm: String,
    starts: String,
    ends: String,
    /// The browser's time zone, as its script tells it; otherwise the server's is meant.
    zone: String,
}

impl Filled {
    fn read(body: &[u8]) -> Self {
        let mut filled = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let value = value.trim().to_owned();
            match &*name {
                "title" => filled.title = value,
                "lesson" => filled.lessons.push(value),
                "language" => filled.language = value,
                "capacity" => filled.capacity = value,
                "prewarm" => filled.prewarm = value,
                "starts" => filled.starts = value,
                "ends" => filled.ends = value,
                "zone" => filled.zone = value,
                _ => {}
            }
        }
        filled
    }

    /// The workshop's language: the one that was chosen, at first the reader's own.
    fn speaks(&self, t: &'static Texts) -> &str {
        if self.language.is_empty() { t.language } else { &self.language }
    }

    /// What is asked for.
    fn plan(&self, lessons: &[Lesson]) -> Result<Plan, PlanMistake> {
        let chosen = lessons.iter().map(|lesson| &lesson.id).filter(|id| self.lessons.contains(id));
        Ok(Plan {
            title: self.title.clone(),
            lessons: chosen.cloned().collect(),
            language: if self.language.is_empty() { "en".to_owned() } else { self.language.clone() },
            capacity: number(&self.capacity, 20).ok_or(PlanMistake::Capacity)?,
            prewarm: number(&self.prewarm, 0).ok_or(PlanMistake::Prewarm)?,
            starts: self.time(&self.starts).ok_or(PlanMistake::Starts)?,
            ends: self.time(&self.ends).ok_or(PlanMistake::Ends)?,
        })
    }

    /// `None` for what is no time.
    fn time(&self, text: &str) -> Option<Option<Timestamp>> {
        if text.is_empty() {
            return Some(None);
        }
        let zone = TimeZone::get(&self.zone).unwrap_or_else(|_| TimeZone::system());
        let time: DateTime = text.parse().ok()?;
        Some(Some(time.to_zoned(zone).ok()?.timestamp()))
    }
}

fn number(text: &str, otherwise: u64) -> Option<u64> {
    if text.is_empty() { Some(otherwise) } else { text.parse().ok() }
}

/// The text for a workshop's state.
fn state(workshop: &Workshop) -> &'static str {
    match workshop.state {
        WorkshopState::Open => "office.open",
        WorkshopState::Closed => "office.closed",
        WorkshopState::Paused => "office.paused",
        WorkshopState::Ended => "office.ended",
    }
}

/// A page that shows what is so at this moment.
pub(super) fn fresh(page: impl axum::response::IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workshops::testing::lesson;

    #[test]
    fn a_form_becomes_a_plan_with_the_lessons_in_their_order() {
        let body = b"title=Pods+%26+more&lesson=two&lesson=one&lesson=gone&capacity=30&starts=2026-11-26T09:00&zone=Europe/Berlin";
        let plan = Filled::read(body).plan(&[lesson("one"), lesson("two")]).unwrap();
        assert_eq!((plan.title.as_str(), plan.lessons), ("Pods & more", vec!["one".to_owned(), "two".to_owned()]));
        assert_eq!((plan.capacity, plan.prewarm, plan.language.as_str()), (30, 0, "en"));
        assert_eq!(plan.starts.map(|starts| starts.to_string()).as_deref(), Some("2026-11-26T08:00:00Z"));
    }

    #[test]
    fn what_is_no_number_or_no_time_is_said() {
        let wrong = |body: &[u8]| Filled::read(body).plan(&[]).unwrap_err();
        assert_eq!(wrong(b"capacity=many"), PlanMistake::Capacity);
        assert_eq!(wrong(b"ends=tomorrow"), PlanMistake::Ends);
    }
}
