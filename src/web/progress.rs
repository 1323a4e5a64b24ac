//! What a learner has done, on the catalogue; and what is kept about them, in their own hands.

use std::{collections::HashMap, sync::Arc, time::Instant};

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{Extension, Query, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::Value;

use super::{
    address::Address,
    assets,
    errors::PageError,
    nonce::Nonce,
    state::AppState,
    texts::{self, Texts},
};
use crate::{
    lessons::model::Lesson,
    sessions::ids::ReturnCode,
    storage::{LearnerId, StepProgress, StorageError},
};

/// The routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/me/export", get(export))
        .route("/me/record", get(record))
        .route("/me/code", post(code))
        .route("/me/delete", post(delete))
        .route("/continue", get(ask).post(come_back))
        .route("/record-key", get(key))
}

/// How far a learner is, for the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    lessons: HashMap<String, (usize, usize)>,
    /// Where to go on: lesson, step, its number.
    last: Option<(String, String, usize)>,
    /// How many places there are, and how many are free.
    pub places: (usize, usize),
    /// Whether anything is kept about the reader.
    pub known: bool,
}

impl Standing {
    fn new(steps: &[StepProgress], lessons: &[Lesson], places: (usize, usize)) -> Self {
        let mut standing = Self { places, known: !steps.is_empty(), ..Self::default() };
        let mut newest = None;
        for step in steps {
            let Some(lesson) = lessons.iter().find(|lesson| lesson.id == step.lesson) else { continue };
            let number = lesson.steps.iter().position(|own| own.id == step.step).map_or(0, |at| at + 1);
            let (done, reached) = standing.lessons.entry(step.lesson.clone()).or_default();
            *done += usize::from(step.done.is_some() && number > 0);
            *reached = number.max(*reached);
            if newest.is_none_or(|at| at < step.visited) {
                newest = Some(step.visited);
                standing.last = Some((step.lesson.clone(), step.step.clone(), number));
            }
        }
        standing
    }

    /// How many steps of a lesson are done; `None` when it was never opened.
    pub fn done(&self, lesson: &Lesson) -> Option<usize> {
        self.lessons.get(&lesson.id).map(|(done, _)| *done)
    }

    /// The step that was reached, counted from 1.
    pub fn reached(&self, lesson: &Lesson) -> usize {
        self.lessons.get(&lesson.id).map_or(1, |(_, reached)| (*reached).max(1))
    }

    /// Whether all of a lesson is done.
    pub fn is_done(&self, lesson: &Lesson) -> bool {
        self.done(lesson).is_some_and(|done| done >= lesson.steps.len() && done > 0)
    }

    /// How many lessons are done.
    pub fn lessons_done(&self, lessons: &[&Lesson]) -> usize {
        lessons.iter().filter(|lesson| self.is_done(lesson)).count()
    }

    /// Where to go on: the lesson, the address, and the step's number.
    pub fn resume<'l>(&self, lessons: &[&'l Lesson]) -> Option<(&'l Lesson, String, usize)> {
        let (id, step, number) = self.last.as_ref()?;
        let lesson = lessons.iter().copied().find(|lesson| lesson.id == *id)?;
        Some((lesson, format!("/lessons/{id}#{step}"), (*number).max(1)))
    }
}

/// Looks up how far the reader of the catalogue is.
pub async fn standing(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    if request.uri().path() == "/" {
        let learner = known(&app, request.headers()).await;
        let steps = match &learner {
            // Without the database the catalogue still leads to the lessons.
            Some(learner) => app.sessions.progress_of(learner).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let catalog = app.catalog.borrow().clone();
        let standing = Standing::new(&steps, catalog.lessons(), app.sessions.places());
        request.extensions_mut().insert(Arc::new(standing));
    }
    next.run(request).await
}

async fn known(app: &AppState, headers: &HeaderMap) -> Option<LearnerId> {
    app.sessions.learner(&app.site.session(headers)?).await.ok().flatten()
}

async fn learner(app: &AppState, headers: &HeaderMap) -> Result<LearnerId, PageError> {
    let cookie = app.site.session(headers).ok_or(PageError::NoLearner)?;
    app.sessions.learner(&cookie).await.map_err(broken)?.ok_or(PageError::NoLearner)
}

pub(super) fn broken(error: StorageError) -> PageError {
    tracing::error!(%error, "what is kept about a learner can't be reached");
    PageError::NoStorage
}

async fn export(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, PageError> {
    let learner = learner(&app, &headers).await?;
    Ok(download("podyard-export.json", &app.sessions.export(&learner).await.map_err(broken)?))
}

async fn record(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, PageError> {
    let learner = learner(&app, &headers).await?;
    let catalog = app.catalog.borrow().clone();
    let titles = |id: &str| catalog.get(id).map(|lesson| (lesson.title.clone(), lesson.steps.len()));
    Ok(download("podyard-record.json", &app.sessions.record(&learner, &titles).await.map_err(broken)?))
}

async fn key(State(app): State<AppState>) -> String {
    format!("{}\n", app.sessions.signer().public_key())
}

async fn delete(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, PageError> {
    let learner = learner(&app, &headers).await?;
    app.sessions.forget(&learner).await.map_err(broken)?;
    app.workshops.forget(&learner).await;
    Ok(Redirect::to("/").into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "continue.html")]
struct ContinuePage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    /// The code to copy, on the device that is left.
    code: Option<String>,
    /// Where the other device goes.
    link: String,
    /// What was typed on the other device and fits nobody.
    wrong: Option<String>,
}

type Reader = Option<Extension<Nonce>>;

fn page(nonce: &Reader, headers: &HeaderMap, code: Option<String>, link: String, wrong: Option<String>) -> Response {
    let nonce = nonce.as_ref().map_or("", |Extension(Nonce(word))| word);
    let page = ContinuePage { nonce, t: texts::first(&texts::languages(headers, None)), code, link, wrong };
    ([(header::CACHE_CONTROL, "no-store")], page).into_response()
}

async fn code(State(app): State<AppState>, nonce: Reader, headers: HeaderMap) -> Result<Response, PageError> {
    let learner = learner(&app, &headers).await?;
    let code = app.sessions.return_code(&learner).await.map_err(broken)?;
    let base = app.site.base(&headers).unwrap_or_default();
    let link = format!("{base}/continue?code={}", code.shown());
    Ok(page(&nonce, &headers, Some(code.shown()), link, None))
}

#[derive(Debug, Deserialize)]
struct Given {
    #[serde(default)]
    code: String,
}

/// Shows the form; the link fills it in. Only pressing the button changes anything, so that no link does by itself.
async fn ask(nonce: Reader, headers: HeaderMap, Query(Given { code }): Query<Given>) -> Response {
    page(&nonce, &headers, None, code, None)
}

async fn come_back(
    State(app): State<AppState>,
    address: Address,
    nonce: Reader,
    headers: HeaderMap,
    Form(Given { code }): Form<Given>,
) -> Result<Response, PageError> {
    if !app.limits.joins.may(address, Instant::now()) {
        return Err(PageError::TooManyTries);
    }
    let found = match ReturnCode::parse(&code) {
        Some(code) => app.sessions.come_back(&code).await.map_err(broken)?,
        None => None,
    };
    if found.is_none() {
        app.limits.joins.wrong(address, Instant::now());
    }
    let Some(device) = found else { return Ok(page(&nonce, &headers, None, String::new(), Some(code))) };
    let cookie = HeaderValue::from_str(&app.site.set_cookie(&device)).expect("a cookie of ours is ASCII");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

fn download(name: &str, value: &Value) -> Response {
    let text = format!("{value:#}\n");
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, text).into_response()
}
