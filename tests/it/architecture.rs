//! Dependencies point one way (ARCHITECTURE.md, "Who may know whom"). Discipline alone ends in a cycle; this does not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Each room of the server, and the rooms it may name. What is not here may name nothing.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("main", &["app", "commands", "config"]),
    ("commands", &["app", "config", "console", "lessons", "manifest", "sandbox", "sessions", "workshops"]),
    ("app", &["config", "lessons", "sandbox", "sessions", "storage", "web", "workshops"]),
    ("workshops", &["lessons", "sessions", "storage"]),
    ("web", &["console", "lessons", "manifest", "sandbox", "sessions", "storage", "workshops"]),
    ("sessions", &["console", "lessons", "manifest", "sandbox", "storage"]),
    ("console", &["sandbox"]),
    ("sandbox", &["config"]),
    ("config", &[]),
    ("lessons", &[]),
    ("manifest", &[]),
    ("storage", &[]),
];

/// What no file of a crate may name.
const STRANGERS: &[(&str, &[&str])] = &[
    ("crates/cluster/src", &["podyard_kubectl", "podyard::", "askama"]),
    ("crates/kubectl/src", &["podyard_cluster", "podyard::", "axum"]),
];

/// What the command engine does not touch: files, clock, environment and terminal come through its `Env`.
const HOST: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "tokio::fs",
    "tokio::net",
    "tokio::process",
    "tokio::signal",
    "env::args",
    "env::current_dir",
    "env::temp_dir",
    "env::var",
    "io::stdin",
    "io::stdout",
    "io::stderr",
    "SystemTime",
    "Timestamp::now",
];

#[test]
fn rooms_of_the_server_name_only_the_rooms_below_them() {
    let mut wrong = Vec::new();
    for (room, named) in rooms() {
        let allowed: &[&str] = MAY_NAME.iter().find(|(name, _)| *name == room).map_or(&[], |(_, rooms)| rooms);
        wrong.extend(
            named
                .iter()
                .filter(|other| **other != room && !allowed.contains(&other.as_str()))
                .map(|other| format!("{room} names {other}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_crates_know_neither_each_other_nor_the_server() {
    let mut wrong = Vec::new();
    for (folder, strangers) in STRANGERS {
        for file in files(Path::new(folder)) {
            let text = without_tests(&fs::read_to_string(&file).unwrap());
            let named = strangers.iter().filter(|stranger| text.contains(**stranger));
            wrong.extend(named.map(|stranger| format!("{} names {stranger}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_command_engine_does_not_touch_the_host() {
    let mut wrong = Vec::new();
    for file in files(Path::new("crates/kubectl/src")) {
        let touched = of_the_host(&without_tests(&fs::read_to_string(&file).unwrap()));
        wrong.extend(touched.iter().map(|name| format!("{} names {name}", file.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What of the host a text names, by its path or in a `{…}` list of `std` or `tokio`.
fn of_the_host(text: &str) -> Vec<String> {
    let mut named: Vec<String> =
        HOST.iter().filter(|name| text.contains(**name)).map(|&name| name.to_owned()).collect();
    for library in ["std", "tokio"] {
        for (at, start) in text.match_indices(&format!("{library}::{{")) {
            let listed =
                top_level_names(&text[at + start.len()..]).into_iter().map(|name| format!("{library}::{name}"));
            named.extend(listed.filter(|name| HOST.contains(&name.as_str())));
        }
    }
    named
}

#[test]
fn the_host_is_found_however_it_is_named() {
    assert_eq!(of_the_host("use std::{collections::BTreeMap, fs};"), ["std::fs"]);
    assert_eq!(of_the_host("let now = jiff::Timestamp::now();"), ["Timestamp::now"]);
    assert!(of_the_host("use std::{fmt, io};\nuse tokio::{io::AsyncRead, sync::Mutex};").is_empty());
}

/// Which rooms each room of `src/` names by `crate::ROOM`.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files(Path::new("src")) {
        let inside = file.strip_prefix("src").unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let room = first.trim_end_matches(".rs").to_owned();
        if room == "lib" {
            continue;
        }
        let text = without_tests(&fs::read_to_string(&file).unwrap());
        rooms.entry(room).or_default().extend(named_rooms(&text));
    }
    rooms
}

fn named_rooms(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, start) in ["crate::", "podyard::"].iter().flat_map(|start| text.match_indices(start)) {
        let rest = &text[at + start.len()..];
        if let Some(list) = rest.strip_prefix('{') {
            found.extend(top_level_names(list));
        } else {
            found.insert(first_word(rest));
        }
    }
    found.remove("");
    found
}

/// The first words of the entries of a `{…}` list.
fn top_level_names(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(first_word(&list[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(first_word(&list[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

fn first_word(text: &str) -> String {
    let word = text.trim_start().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>();
    word.trim_end_matches('_').to_owned()
}

/// Tests may reach anywhere: what follows `#[cfg(test)]` at the start of a line is left out.
fn without_tests(text: &str) -> String {
    text.split("\n#[cfg(test)]").next().unwrap_or_default().to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn names_are_found_in_lists_too() {
    let named = named_rooms("use crate::{lessons::Catalog, web::{self, x}};\nuse crate::app::App;");
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["app", "lessons", "web"]);
}
