//! What instructors did, as it is read: whom it concerned and what it was about, apart.

use serde::Serialize;

use crate::storage::{Deed, LearnerId};

/// What is done to one learner: its text begins with who that is.
const TO_LEARNERS: [&str; 8] =
    ["asked-to-look", "asked-to-type", "looked", "lowered", "pushed", "pushed-file", "told", "typed"];

/// Everybody, where one learner could stand.
pub const EVERYBODY: &str = "everybody";

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When.
    pub at: String,
    /// Who did it.
    pub instructor: String,
    /// What, as one word: see [`Deed::action`].
    pub action: String,
    /// The id of whom it was done to, if it was one learner.
    pub learner: Option<String>,
    /// What they are called; nothing once they had themselves deleted.
    pub name: Option<String>,
    /// The line that was typed, the file, the step, the kind of the results; may be empty.
    pub about: String,
}

/// Deeds with the names of whom they were done to.
pub fn entries(deeds: &[Deed], name: impl Fn(&LearnerId) -> Option<String>) -> Vec<Entry> {
    let entry = |deed: &Deed| {
        let (learner, about) = parted(&deed.action, &deed.about);
        Entry {
            at: deed.at.to_string(),
            instructor: deed.instructor.clone(),
            action: deed.action.clone(),
            name: learner.and_then(|learner| name(&LearnerId::new(learner))),
            learner: learner.map(str::to_owned),
            about: about.to_owned(),
        }
    };
    deeds.iter().map(entry).collect()
}

/// `LEARNER: about`, `LEARNER`, or what is about nobody.
fn parted<'d>(action: &str, about: &'d str) -> (Option<&'d str>, &'d str) {
    if !TO_LEARNERS.contains(&action) || about == EVERYBODY {
        return (None, about);
    }
    match about.split_once(": ") {
        Some((learner, rest)) => (Some(learner), rest),
        None => (Some(about), ""),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn it_says_to_whom_and_what_and_forgets_the_name_of_who_is_gone() {
        let deed = |action: &str, about: &str| Deed {
            at: Timestamp::UNIX_EPOCH,
            instructor: "ada".into(),
            workshop: None,
            action: action.into(),
            about: about.into(),
        };
        let deeds = [
            deed("created", "Pods: the beginning"),
            deed("told", "everybody"),
            deed("looked", "m1"),
            deed("typed", "m1: echo a: b"),
            deed("lowered", "gone"),
        ];
        let name = |learner: &LearnerId| (learner.as_str() == "m1").then(|| "Mira".to_owned());
        let read = entries(&deeds, name);
        let shown: Vec<_> = read.iter().map(|e| (e.learner.as_deref(), e.name.as_deref(), e.about.as_str())).collect();
        assert_eq!(
            shown,
            [
                (None, None, "Pods: the beginning"),
                (None, None, "everybody"),
                (Some("m1"), Some("Mira"), ""),
                (Some("m1"), Some("Mira"), "echo a: b"),
                (Some("gone"), None, ""),
            ]
        );
    }
}
