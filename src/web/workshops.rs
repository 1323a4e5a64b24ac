//! The instructor's side, and the door through which learners come in.
//!
//! `entrance` is where learners join, `office` where instructors sign in and make workshops, `wall` the page of one;
//! `stream` is what the wall shows as it happens, `peer` a learner's page as they see it, `action` what an instructor
//! does to a workshop, `audit` where they read what they did.

mod action;
mod audit;
mod entrance;
mod instructor;
mod office;
#[cfg(feature = "oidc")]
mod oidc;
mod peer;
mod stream;
mod wall;
mod words;

#[cfg(test)]
mod tests;

use axum::{
    Router,
    routing::{get, post},
};

use super::state::AppState;

/// Pages and forms.
pub fn pages() -> Router<AppState> {
    let pages = Router::new();
    #[cfg(feature = "oidc")]
    let pages = pages.merge(oidc::routes());
    pages
        .route("/join", get(entrance::ask).post(entrance::join))
        .route("/join/{code}", get(entrance::ask_with))
        .route("/workshops", get(office::list).post(office::create))
        .route("/workshops/new", get(office::form))
        .route("/workshops/sign-in", post(office::sign_in))
        .route("/workshops/sign-out", post(office::sign_out))
        .route("/workshops/{id}", get(wall::page))
        .route("/workshops/{id}/projector", get(wall::projector))
        .route("/workshops/{id}/qr.svg", get(wall::qr))
        .route("/workshops/{id}/results.csv", get(wall::csv))
        .route("/workshops/{id}/results.json", get(wall::json))
        .route("/workshops/{id}/audit", get(audit::page))
        .route("/workshops/{id}/do", post(action::act))
}

/// Streams: they pass without compression, which would hold them back.
pub fn streams() -> Router<AppState> {
    Router::new()
        .route("/workshops/{id}/live", get(stream::live))
        .route("/workshops/{id}/projector/live", get(stream::nameless))
        .route("/workshops/{id}/learners/{learner}/live", get(peer::live))
}
