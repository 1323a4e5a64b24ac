//! Where an instructor reads what was done in a workshop.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, header};

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
    workshops::audit::{EVERYBODY, Entry},
};

#[derive(Template, WebTemplate)]
#[template(path = "workshops/audit.html")]
struct AuditPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    workshop: &'a Workshop,
    /// Newest first.
    entries: &'a [Entry],
}

/// `/workshops/<id>/audit`
pub(super) async fn page(
    State(app): State<AppState>,
    Extension(Nonce(nonce)): Extension<Nonce>,
    Owned { room, .. }: Owned,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let mut entries = app.workshops.audit(&room).await.map_err(broken)?;
    entries.reverse();
    let page = AuditPage { nonce: &nonce, t: texts::of(&headers), workshop: &room.workshop(), entries: &entries };
    Ok(([(header::CACHE_CONTROL, "no-store")], page).into_response())
}

/// `2026-11-26 08:00:12`: a moment of UTC, without what nobody reads.
fn minute(entry: &Entry) -> String {
    entry.at.chars().take(19).map(|letter| if letter == 'T' { ' ' } else { letter }).collect()
}

/// What was done, in words.
fn action(t: &'static Texts, entry: &Entry) -> String {
    let key = format!("office.deed.{}", entry.action);
    t.find(&key).unwrap_or(&entry.action).to_owned()
}

/// To whom.
fn learner(t: &'static Texts, entry: &Entry) -> String {
    match (&entry.name, &entry.learner) {
        (Some(name), _) => name.clone(),
        (None, Some(_)) => t.say("office.auditGone").to_owned(),
        (None, None) if entry.about == EVERYBODY => t.say("office.auditEverybody").to_owned(),
        (None, None) => String::new(),
    }
}

/// What about.
fn subject(entry: &Entry) -> &str {
    if entry.about == EVERYBODY { "" } else { &entry.about }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deed_has_words_in_every_language() {
        let said = [
            "signed-in",
            "signed-out",
            "created",
            "open",
            "closed",
            "paused",
            "ended",
            "held",
            "released",
            "told",
            "pushed",
            "pushed-file",
            "lowered",
            "asked-to-look",
            "asked-to-type",
            "looked",
            "typed",
            "exported",
        ];
        for t in Texts::all() {
            for action in said {
                assert!(t.find(&format!("office.deed.{action}")).is_some(), "{} {action}", t.language);
            }
        }
    }
}
