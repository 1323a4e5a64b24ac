//! Reads `numbers.txt`.

use std::{collections::HashMap, sync::OnceLock};

/// What a field number of a message stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbered {
    /// A field of this JSON name.
    Field(&'static str),
    /// A message of this type whose fields are the outer one's own.
    Inline(&'static str),
}

/// The fields of a message by their numbers.
pub(crate) type Message = HashMap<u32, Numbered>;

/// The message behind a full name (`io.k8s.api.core.v1.Pod`) or a short one (`core.v1.Pod`).
pub(crate) fn message(name: &str) -> Option<&'static Message> {
    static MESSAGES: OnceLock<HashMap<&'static str, Message>> = OnceLock::new();
    let messages = MESSAGES.get_or_init(|| {
        let lines = include_str!("numbers.txt").lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.split_once(' ')).map(|(name, fields)| (name, read(fields))).collect()
    });
    messages.get(name.trim_start_matches("io.k8s.api.").trim_start_matches("io.k8s.apimachinery.pkg.apis."))
}

fn read(fields: &'static str) -> Message {
    let mut number = 0;
    let entry = |word: &'static str| {
        let (name, given) = word.split_once('=').unwrap_or((word, ""));
        number = given.parse().unwrap_or(number + 1);
        let numbered = name.strip_prefix('@').map_or(Numbered::Field(name), Numbered::Inline);
        (number, numbered)
    };
    fields.split_whitespace().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_on_from_the_last_one() {
        let volume = message("io.k8s.api.core.v1.Volume").unwrap();
        assert_eq!((volume[&1], volume[&2]), (Numbered::Field("name"), Numbered::Inline("core.v1.VolumeSource")));
        assert_eq!(message("meta.v1.ObjectMeta").unwrap()[&17], Numbered::Field("managedFields"));
    }
}
