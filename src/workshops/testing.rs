//! Workshops for tests of what uses them.

use std::sync::Arc;

use jiff::Timestamp;
use ring::hmac;

use super::{Workshops, accounts::Accounts};
use crate::{
    lessons::{model::Lesson, page},
    storage::Storage,
};

/// Two instructors, `ada` and `grace`, with the password `correct horse`.
pub fn workshops(storage: Storage) -> Workshops {
    held_by(storage, accounts())
}

/// The same, where others sign in at an issuer.
#[cfg(feature = "oidc")]
pub fn workshops_at(storage: Storage, issuer: super::oidc::Issuer) -> Workshops {
    held_by(storage, accounts().with_issuer(issuer))
}

fn accounts() -> Accounts {
    let seal = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
    Accounts::new(&["ada:correct horse", "grace:correct horse"].map(str::to_owned), seal).unwrap()
}

fn held_by(storage: Storage, accounts: Accounts) -> Workshops {
    Workshops::new(storage, accounts, "embedded".to_owned(), Arc::new(Timestamp::now))
}

/// A lesson with two steps.
pub fn lesson(id: &str) -> Lesson {
    lesson_with(id, "## Go\n\n## Stay\n")
}

/// A lesson with this text.
pub fn lesson_with(id: &str, text: &str) -> Lesson {
    let text = format!("---\nid: {id}\ntitle: Lesson {id}\n---\n\n{text}");
    page::read(&page::Around::alone("a.md"), &text, &mut page::Painter::default()).0
}
