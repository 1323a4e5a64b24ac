//! Lessons of other platforms as lessons of ours, with a note for whatever could not be carried over. Pure: files in,
//! files out.

mod educates;
mod killercoda;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::catalog::beside;

/// Files by their paths, with `/`.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What an import came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// What the lessons came from.
    pub from: &'static str,
    /// The lessons, and what belongs to them.
    pub files: Files,
    /// What could not be carried over, each with its file.
    pub notes: Vec<String>,
}

impl Imported {
    fn of(from: &'static str) -> Self {
        Self { from, ..Self::default() }
    }

    fn note(&mut self, file: &str, what: impl std::fmt::Display) {
        self.notes.push(format!("{file}: {what}"));
    }

    fn page(&mut self, path: impl Into<String>, text: String) {
        self.files.insert(path.into(), text.into_bytes());
    }
}

/// Brings lessons over; what they are is seen from their files.
pub fn import(files: &Files) -> Imported {
    if files.keys().any(|path| path.rsplit('/').next() == Some("index.json")) {
        killercoda::import(files)
    } else if files.iter().any(|(path, text)| is_page(path) && educates::is_educates(&text_of(text))) {
        educates::import(files)
    } else {
        plain(files)
    }
}

/// Pages of Hugo and Docusaurus are lessons as they are.
fn plain(files: &Files) -> Imported {
    let mut imported = Imported::of("plain pages (Hugo, Docusaurus)");
    for (path, bytes) in files {
        let end = path.rsplit('.').next().unwrap_or_default();
        let kept = is_page(path)
            || matches!(end, "yaml" | "yml" | "json" | "png" | "jpg" | "jpeg" | "gif" | "webp" | "svg" | "avif");
        if kept {
            imported.files.insert(path.clone(), bytes.clone());
        } else {
            imported.note(path, "left out: no page, manifest or image");
        }
    }
    imported
}

/// A page's text with its images, which come too, below the lesson's own folder. Images that are not there stay as they are:
/// `lint` names them.
fn images(page: &str, text: &str, files: &Files, imported: &mut Imported) -> String {
    let image =
        regex::Regex::new(r#"(!\[[^\]]*\]\(|<img[^>]*\ssrc=["'])([^\s()"']+)"#).expect("the expression is ours");
    let place = |found: &regex::Captures<'_>| {
        let path = beside(page, &found[2]).filter(|path| files.contains_key(path))?;
        Some((format!("pictures/{path}"), path))
    };
    let text = image.replace_all(text, |found: &regex::Captures<'_>| match place(found) {
        Some((new, path)) => {
            imported.files.insert(new.clone(), files[&path].clone());
            format!("{}{new}", &found[1])
        }
        None => found[0].to_owned(),
    });
    text.into_owned()
}

fn is_page(path: &str) -> bool {
    path.ends_with(".md") || path.ends_with(".mdx")
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// A title as YAML has it, whatever is in it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " "))
}

/// A page's headings one level lower, so that it can be a step; its own first-level heading goes.
fn as_step(text: &str) -> String {
    let mut fenced = false;
    let mut kept = String::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if !fenced && level > 0 && line[level..].starts_with(' ') {
            if level == 1 {
                continue;
            }
            kept.push('#');
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept.trim().to_owned()
}
