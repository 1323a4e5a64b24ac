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
    let seal = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
    let given = ["ada:correct horse", "grace:correct horse"].map(str::to_owned);
    let accounts = Accounts::new(&given, seal).unwrap();
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
