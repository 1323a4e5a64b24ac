//! The page of one workshop, its picture with the link, and its results.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, header};
use qrcode::{QrCode, render::svg};

use super::instructor::Owned;
use crate::{
    storage::Workshop,
    web::{
        assets,
        errors::PageError,
        nonce::Nonce,
        progress::broken,
        state::AppState,
        texts::{self, Texts},
    },
    workshops::{estimate, export, parts::Part, room::Room},
};

#[derive(Template, WebTemplate)]
#[template(path = "workshops/wall.html")]
struct WallPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    workshop: &'a Workshop,
    parts: &'a [Part],
    /// What learners type or photograph.
    link: &'a str,
    /// Which of the lessons' images have still to be fetched, where that is known.
    lacking: Option<Vec<String>>,
}

#[derive(Template, WebTemplate)]
#[template(path = "workshops/projector.html")]
struct ProjectorPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    workshop: &'a Workshop,
    parts: &'a [Part],
}

/// `/workshops/<id>`
pub(super) async fn page(
    State(app): State<AppState>,
    Extension(Nonce(nonce)): Extension<Nonce>,
    Owned { room, .. }: Owned,
    headers: HeaderMap,
) -> Response {
    let workshop = room.workshop();
    let Some(link) = link(&app, &headers, &workshop) else { return PageError::NotFound.into_response() };
    let (t, lacking) = (texts::of(&headers), lacking(&app, &workshop));
    let page = WallPage { nonce: &nonce, t, workshop: &workshop, parts: room.parts(), link: &link, lacking };
    ([(header::CACHE_CONTROL, "no-store")], page).into_response()
}

/// What the first learner would wait for, and nobody gets without a network.
fn lacking(app: &AppState, workshop: &Workshop) -> Option<Vec<String>> {
    let catalog = app.catalog();
    let lessons: Vec<_> = workshop.plan.lessons.iter().filter_map(|id| catalog.get(id)).collect();
    app.sessions.lacking_images(&estimate::images_of(&lessons))
}

fn link(app: &AppState, headers: &HeaderMap, workshop: &Workshop) -> Option<String> {
    Some(format!("{}/join/{}", app.site.base(headers)?, workshop.code))
}

/// `/workshops/<id>/projector`: the wall for everybody in the room, without names.
pub(super) async fn projector(
    Extension(Nonce(nonce)): Extension<Nonce>,
    Owned { room, .. }: Owned,
    headers: HeaderMap,
) -> Response {
    let workshop = room.workshop();
    let page = ProjectorPage { nonce: &nonce, t: texts::of(&headers), workshop: &workshop, parts: room.parts() };
    ([(header::CACHE_CONTROL, "no-store")], page).into_response()
}

/// The link as a picture.
pub(super) async fn qr(State(app): State<AppState>, Owned { room, .. }: Owned, headers: HeaderMap) -> Response {
    let Some(link) = link(&app, &headers, &room.workshop()) else { return PageError::NotFound.into_response() };
    match QrCode::new(link) {
        Ok(code) => {
            let picture = code.render::<svg::Color<'_>>().min_dimensions(320, 320).build();
            ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "private, max-age=3600")], picture)
                .into_response()
        }
        // Only an address of thousands of letters does not fit.
        Err(_) => PageError::NotFound.into_response(),
    }
}

/// Writes down that results leave the server.
async fn exported(app: &AppState, Owned { instructor, room }: &Owned, kind: &str) {
    app.workshops.record(instructor, Some(&room.workshop().id), "exported", kind).await;
}

/// The results as a table.
pub(super) async fn csv(State(app): State<AppState>, owned: Owned) -> Result<Response, PageError> {
    exported(&app, &owned, "CSV").await;
    let room = &owned.room;
    let text = export::csv(&results(&app, room).await?);
    let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, CSV)];
    Ok((kind, text).into_response())
}

/// The results for a program, with what the instructor did.
pub(super) async fn json(State(app): State<AppState>, owned: Owned) -> Result<Response, PageError> {
    exported(&app, &owned, "JSON").await;
    let room = &owned.room;
    let results = results(&app, room).await?;
    let audit = app.workshops.audit(room).await.map_err(broken)?;
    Ok(([(header::CONTENT_DISPOSITION, JSON)], Json(export::json(&room.workshop(), &results, &audit))).into_response())
}

/// What everybody has done up to now: the wall itself is a moment behind.
async fn results(app: &AppState, room: &Room) -> Result<Vec<export::Result>, PageError> {
    let mut everybody = Vec::new();
    for member in room.members() {
        let progress = app.sessions.progress_of(&member.learner).await.map_err(broken)?;
        everybody.push((member, progress));
    }
    Ok(export::results(room.parts(), &everybody))
}

const CSV: &str = "attachment; filename=\"workshop.csv\"";
const JSON: &str = "attachment; filename=\"workshop.json\"";
