//! What `-f` names: files, folders, standard input and URLs, as objects.

mod check;
mod documents;

use std::io::ErrorKind;

use serde_json::Value;

use crate::{
    failure::{Failure, Outcome},
    session::Session,
};

pub use check::{go_type, invalid};

/// A manifest may have this many bytes: etcd takes no larger request either (1.5 MiB).
pub const MAX_BYTES: usize = 3 << 19;
/// A manifest may have this many documents.
pub const MAX_DOCUMENTS: usize = 1000;

const EXTENSIONS: [&str; 3] = [".json", ".yaml", ".yml"];

/// One object from a file.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The file, as it was named; `STDIN` for standard input.
    pub source: String,
    /// The object.
    pub value: Value,
}

/// Reads everything that `-f` names. What is wrong with one document does not hide the others.
pub async fn load(
    session: &Session,
    names: &[String],
    recursive: bool,
    validate: bool,
) -> Outcome<Vec<Outcome<Manifest>>> {
    let mut sources = Vec::new();
    let mut failures = Vec::new();
    for name in names {
        match locate(session, name, recursive).await {
            Ok(found) => sources.extend(found),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::of(failures)?;
    let mut manifests = Vec::new();
    for source in sources {
        let shown = source.shown();
        match read(session, &source).await {
            Ok(bytes) => parse(&bytes, &shown, validate, &mut manifests),
            Err(failure) => manifests.push(Err(failure)),
        }
    }
    Ok(manifests)
}

/// What there is to say about `-k`: kustomizations are looked for, but not built.
pub async fn kustomization(session: &Session, folder: &str) -> Failure {
    const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let Ok(entries) = session.files.list(folder).await else {
        return Failure::Said(format!(
            "must build at directory: not a valid directory: evalsymlink failure on '{folder}' : lstat {folder}: no such file or directory"
        ));
    };
    if entries.iter().any(|entry| NAMES.contains(&entry.as_str())) {
        return Failure::said("kustomizations are not built here: name the manifests with -f");
    }
    Failure::Said(format!(
        "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{folder}'"
    ))
}

enum Source {
    Stdin,
    Url(String),
    File(String),
}

impl Source {
    fn shown(&self) -> String {
        match self {
            Self::Stdin => "STDIN".to_owned(),
            Self::Url(name) | Self::File(name) => name.clone(),
        }
    }
}

async fn locate(session: &Session, name: &str, recursive: bool) -> Outcome<Vec<Source>> {
    if name == "-" {
        return Ok(vec![Source::Stdin]);
    }
    if name.starts_with("http://") || name.starts_with("https://") {
        return Ok(vec![Source::Url(name.to_owned())]);
    }
    match session.files.list(name).await {
        Ok(entries) => folder(session, name, entries, recursive).await,
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(vec![Source::File(name.to_owned())]),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Failure::Said(format!("the path {name:?} does not exist")))
        }
        Err(error) => Err(Failure::Said(format!("the path {name:?} cannot be accessed: {error}"))),
    }
}

async fn folder(session: &Session, name: &str, entries: Vec<String>, recursive: bool) -> Outcome<Vec<Source>> {
    let mut found = Vec::new();
    let mut left: Vec<(String, String)> =
        entries.into_iter().rev().map(|entry| (name.trim_end_matches('/').to_owned(), entry)).collect();
    while let Some((parent, entry)) = left.pop() {
        let path = format!("{parent}/{}", entry.trim_end_matches('/'));
        let is_manifest = EXTENSIONS.iter().any(|extension| path.ends_with(extension));
        match session.files.list(&path).await {
            Ok(inner) if recursive => left.extend(inner.into_iter().rev().map(|entry| (path.clone(), entry))),
            Ok(_) => {}
            Err(_) if is_manifest => found.push(Source::File(path)),
            Err(_) => {}
        }
    }
    if found.is_empty() {
        return Err(Failure::Said(format!(
            "error reading [{name}]: recognized file extensions are [{}]",
            EXTENSIONS.join(" ")
        )));
    }
    Ok(found)
}

async fn read(session: &Session, source: &Source) -> Outcome<Vec<u8>> {
    let bytes = match source {
        Source::Stdin => session.read_stdin().await?,
        Source::File(path) => {
            session.files.read(path).await.map_err(|error| Failure::Said(format!("open {path}: {}", plain(&error))))?
        }
        Source::Url(url) => match session.files.fetch(url) {
            Some(answer) => {
                answer.await.map_err(|error| Failure::Said(format!("unable to read URL {url:?}: {error}")))?
            }
            None => {
                return Err(Failure::Said(format!(
                    "unable to read URL {url:?}: this console has no way to the network"
                )));
            }
        },
    };
    if bytes.len() > MAX_BYTES {
        return Err(Failure::Said(format!(
            "{} is too large: {} bytes, at most {MAX_BYTES} are read",
            source.shown(),
            bytes.len()
        )));
    }
    Ok(bytes)
}

/// An IO error in Go's words.
pub fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file or directory".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => error.to_string(),
    }
}

fn parse(bytes: &[u8], source: &str, validate: bool, manifests: &mut Vec<Outcome<Manifest>>) {
    let text = String::from_utf8_lossy(bytes);
    for document in documents::split(&text) {
        let value = match document {
            Ok(value) => value,
            Err(why) => {
                manifests.push(Err(Failure::Said(format!("error parsing {source}: {why}"))));
                return;
            }
        };
        if value.is_null() {
            continue;
        }
        if let Err(why) = check::all(&value, source, validate) {
            manifests.push(Err(why));
            // kubectl stops reading a file at an object it cannot make out.
            return;
        }
        manifests.extend(flatten(value).into_iter().map(|value| Ok(Manifest { source: source.to_owned(), value })));
    }
}

/// The items of a list, or the object itself.
pub fn flatten(value: Value) -> Vec<Value> {
    let is_list = value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    match value {
        Value::Object(mut map) if is_list && map.get("items").is_some_and(Value::is_array) => {
            let items = map.remove("items").and_then(|items| items.as_array().cloned()).unwrap_or_default();
            items.into_iter().flat_map(flatten).collect()
        }
        other => vec![other],
    }
}
