//! A learner's files for one lesson: the lesson's own as the learner has left them, and those that commands made.

use std::{
    collections::BTreeMap,
    io,
    sync::{Mutex, MutexGuard},
};

use futures::future::BoxFuture;
use podyard_kubectl::env::Files;
use tokio::sync::watch;

/// The largest file: what a manifest may be.
pub const MAX_FILE: usize = 2 * 1024 * 1024;
/// How many removed files are remembered for pages that may still have to be told.
const MAX_GONE: usize = 50;
/// The longest name.
pub const MAX_NAME: usize = 100;

/// How much a lesson's desk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// How many files.
    pub files: usize,
    /// How many bytes all files have together.
    pub bytes: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { files: 50, bytes: 8 << 20 }
    }
}

/// Who changed a file: a page's socket, so that it is not told of its own change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Author(pub u64);

impl Author {
    /// A command of the console: every page is told.
    pub const CONSOLE: Self = Self(0);
}

/// Why a file can't be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// The name is none.
    #[error("'{0}' is no name for a file: letters, digits, '.', '-' and '_', at most {MAX_NAME} of them")]
    Name(String),
    /// The file is too large.
    #[error("{name} is too large: a file holds at most 2 MB", name = .0)]
    TooLarge(String),
    /// There are too many.
    #[error("there are {0} files already: remove one with rm first")]
    TooMany(usize),
    /// All files together would hold more than these bytes.
    #[error("your files hold {} KB together, which is all there is: remove one with rm first", .0 / 1024)]
    Full(usize),
    /// The lesson has no such file.
    #[error("the lesson has no file {0}")]
    Unknown(String),
}

/// A file as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// `10-pod.yaml`
    pub name: String,
    /// Its text; `None` when it was removed.
    pub text: Option<String>,
    /// Whether it differs from the lesson's.
    pub changed: bool,
}

#[derive(Debug, Clone)]
struct Entry {
    /// `None` after `rm`.
    text: Option<String>,
    /// The lesson's own text, if the file is the lesson's.
    original: Option<String>,
    version: u64,
    author: Author,
}

/// What has to be kept of a file that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Nothing: it is the lesson's again, or it is gone and was not the lesson's.
    Nothing,
    /// This text; `None` when a file of the lesson's was removed.
    Text(Option<String>),
}

/// The files of one lesson in one session.
#[derive(Debug)]
pub struct Desk {
    lesson: String,
    capacity: Capacity,
    entries: Mutex<BTreeMap<String, Entry>>,
    version: watch::Sender<u64>,
}

impl Desk {
    /// A desk with the lesson's files, as name and text.
    pub fn new<'a>(lesson: &str, originals: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let entry = |text: &str| {
            let text = Some(text.to_owned());
            Entry { original: text.clone(), text, version: 0, author: Author::CONSOLE }
        };
        let entries = originals.into_iter().map(|(name, text)| (name.to_owned(), entry(text))).collect();
        let (lesson, capacity) = (lesson.to_owned(), Capacity::default());
        Self { lesson, capacity, entries: Mutex::new(entries), version: watch::Sender::new(0) }
    }

    /// The same with room for so much.
    pub fn holding(self, capacity: Capacity) -> Self {
        Self { capacity, ..self }
    }

    /// The same as the learner left it: these files differ from the lesson's.
    pub fn with_kept(self, kept: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        let mut entries = self.lock();
        for (name, text) in kept {
            let original = entries.get(&name).and_then(|entry| entry.original.clone());
            entries.insert(name, Entry { text, original, version: 0, author: Author::CONSOLE });
        }
        drop(entries);
        self
    }

    /// The lesson whose files lie here; empty for none.
    pub fn lesson(&self) -> &str {
        &self.lesson
    }

    /// What has to be kept of what changed after the change numbered `seen`.
    pub fn kept_since(&self, seen: u64) -> Vec<(String, Kept)> {
        let entries = self.lock();
        let news = entries.iter().filter(|(_, entry)| entry.version > seen);
        let kept = |entry: &Entry| {
            if entry.text == entry.original { Kept::Nothing } else { Kept::Text(entry.text.clone()) }
        };
        news.map(|(name, entry)| (name.clone(), kept(entry))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.entries.lock().expect("nothing panics while it holds the files")
    }

    /// Tells when something has changed: the number of the last change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// All files, the lesson's first, in its order of names.
    pub fn sheets(&self) -> Vec<Sheet> {
        let entries = self.lock();
        let shown = |own: bool| entries.iter().filter(move |(_, e)| e.original.is_some() == own && e.text.is_some());
        shown(true).chain(shown(false)).map(|(name, entry)| sheet(name, entry)).collect()
    }

    /// What somebody other than `reader` changed after the change numbered `seen`.
    pub fn changed_since(&self, seen: u64, reader: Author) -> Vec<Sheet> {
        let entries = self.lock();
        let news =
            entries.iter().filter(|(_, e)| e.version > seen && (e.author != reader || reader == Author::CONSOLE));
        news.map(|(name, entry)| sheet(name, entry)).collect()
    }

    /// Stores a file.
    pub fn store(&self, name: &str, text: String, author: Author) -> Result<(), NotStored> {
        let name = file_name(name).ok_or_else(|| NotStored::Name(name.chars().take(MAX_NAME).collect()))?;
        if text.len() > MAX_FILE {
            return Err(NotStored::TooLarge(name.to_owned()));
        }
        let mut entries = self.lock();
        let others = || entries.iter().filter(|(n, e)| *n != name && e.text.is_some());
        if others().count() >= self.capacity.files {
            return Err(NotStored::TooMany(self.capacity.files));
        }
        let together: usize = others().filter_map(|(_, e)| e.text.as_ref()).map(String::len).sum();
        if together + text.len() > self.capacity.bytes {
            return Err(NotStored::Full(self.capacity.bytes));
        }
        self.change(&mut entries, name, Some(text), author);
        Ok(())
    }

    /// Takes over the lesson's files as they are now. What the learner has changed stays as the learner has left it.
    pub fn renew<'a>(&self, originals: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let mut entries = self.lock();
        for (name, text) in originals {
            let text = Some(text.to_owned());
            match entries.get_mut(name) {
                None => {
                    let entry = Entry { original: text.clone(), text, version: 0, author: Author::CONSOLE };
                    entries.insert(name.to_owned(), entry);
                }
                Some(entry) if entry.original == text => {}
                Some(entry) => {
                    let untouched = entry.text == entry.original;
                    entry.original.clone_from(&text);
                    let now = if untouched { text } else { entry.text.clone() };
                    self.change(&mut entries, name, now, Author::CONSOLE);
                }
            }
        }
    }

    /// Gives a file the lesson's text again; every page is told, also the one that asked.
    pub fn restore(&self, name: &str) -> Result<(), NotStored> {
        let mut entries = self.lock();
        let original = entries.get(name).and_then(|e| e.original.clone());
        let text = original.ok_or_else(|| NotStored::Unknown(name.chars().take(MAX_NAME).collect()))?;
        self.change(&mut entries, name, Some(text), Author::CONSOLE);
        Ok(())
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let mut entries = self.lock();
        let name = file_name(name).filter(|n| entries.get(*n).is_some_and(|e| e.text.is_some()));
        let name = name.ok_or(io::ErrorKind::NotFound)?;
        self.change(&mut entries, name, None, Author::CONSOLE);
        Ok(())
    }

    fn change(&self, entries: &mut BTreeMap<String, Entry>, name: &str, text: Option<String>, author: Author) {
        let version = *self.version.borrow() + 1;
        let original = entries.get(name).and_then(|e| e.original.clone());
        entries.insert(name.to_owned(), Entry { text, original, version, author });
        // Removed files that are not the lesson's are remembered only while a page may still have to be told.
        let gone: Vec<String> =
            entries.iter().filter(|(_, e)| e.text.is_none() && e.original.is_none()).map(|(n, _)| n.clone()).collect();
        for name in gone.iter().take(gone.len().saturating_sub(MAX_GONE)) {
            entries.remove(name);
        }
        self.version.send_replace(version);
    }

    fn bytes(&self, path: &str) -> io::Result<Vec<u8>> {
        if matches!(path, "." | "./" | "") {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let entries = self.lock();
        let found = file_name(path).and_then(|name| entries.get(name)).and_then(|e| e.text.as_ref());
        found.map(|text| text.clone().into_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn names(&self, path: &str) -> io::Result<Vec<String>> {
        if matches!(path, "." | "./" | "") {
            return Ok(self.lock().iter().filter(|(_, e)| e.text.is_some()).map(|(n, _)| n.clone()).collect());
        }
        Err(match self.bytes(path) {
            Ok(_) => io::ErrorKind::NotADirectory.into(),
            Err(e) => e,
        })
    }
}

fn sheet(name: &str, entry: &Entry) -> Sheet {
    Sheet { name: name.to_owned(), text: entry.text.clone(), changed: entry.text != entry.original }
}

/// The name that a path means: all files lie in one folder, so `./a.yaml` is `a.yaml`.
fn file_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix("./").or_else(|| path.strip_prefix("/home/learner/")).unwrap_or(path);
    let letters = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    (letters && !name.is_empty() && name.len() <= MAX_NAME && !name.starts_with('-') && name != "." && name != "..")
        .then_some(name)
}

/// A desk as the files that commands name.
impl Files for Desk {
    fn read(&self, path: &str) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        let found = self.bytes(path);
        Box::pin(async move { found })
    }

    fn write(&self, path: &str, bytes: &[u8]) -> BoxFuture<'_, io::Result<()>> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let stored = self.store(path, text, Author::CONSOLE).map_err(|e| io::Error::other(e.to_string()));
        Box::pin(async move { stored })
    }

    fn list(&self, path: &str) -> BoxFuture<'_, io::Result<Vec<String>>> {
        let found = self.names(path);
        Box::pin(async move { found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk() -> Desk {
        Desk::new("one", [("10-pod.yaml", "kind: Pod\n")])
    }

    fn names(sheets: &[Sheet]) -> Vec<(&str, bool)> {
        sheets.iter().map(|s| (s.name.as_str(), s.changed)).collect()
    }

    #[test]
    fn a_page_is_told_of_what_others_changed() {
        let desk = desk();
        let (ada, bob) = (Author(1), Author(2));
        desk.store("10-pod.yaml", "kind: Job\n".into(), ada).unwrap();
        assert_eq!(names(&desk.changed_since(0, bob)), [("10-pod.yaml", true)]);
        assert_eq!(desk.changed_since(0, ada), []);
        desk.restore("10-pod.yaml").unwrap();
        assert_eq!(names(&desk.changed_since(1, ada)), [("10-pod.yaml", false)]);
        assert_eq!(*desk.changes().borrow(), 2);
    }

    #[test]
    fn the_lessons_files_come_first_and_removed_ones_not_at_all() {
        let desk = desk();
        desk.store("0-mine.yaml", "x".into(), Author::CONSOLE).unwrap();
        assert_eq!(names(&desk.sheets()), [("10-pod.yaml", false), ("0-mine.yaml", true)]);
        desk.remove("./10-pod.yaml").unwrap();
        assert_eq!(names(&desk.sheets()), [("0-mine.yaml", true)]);
        assert_eq!(desk.changed_since(1, Author(1))[0].text, None);
        assert!(desk.remove("10-pod.yaml").is_err());
        desk.restore("10-pod.yaml").unwrap();
        assert_eq!(desk.sheets().len(), 2);
    }

    #[test]
    fn a_lesson_that_is_written_anew_brings_its_files_and_leaves_the_learners_alone() {
        let desk = Desk::new("one", [("a", "1"), ("b", "1")]);
        desk.store("b", "mine".into(), Author(1)).unwrap();
        desk.renew([("a", "2"), ("b", "2"), ("c", "2")]);
        let texts: Vec<_> = desk.sheets().into_iter().map(|sheet| (sheet.text.unwrap(), sheet.changed)).collect();
        assert_eq!(texts, [("2".to_owned(), false), ("mine".to_owned(), true), ("2".to_owned(), false)]);
        desk.restore("b").unwrap();
        assert_eq!(desk.sheets()[1].text.as_deref(), Some("2"));
    }

    #[test]
    fn limits_are_told_in_words() {
        let desk = desk();
        let store = |name: &str, text: &str| desk.store(name, text.into(), Author(1)).unwrap_err().to_string();
        insta::assert_snapshot!(store("../etc/passwd", ""), @"'../etc/passwd' is no name for a file: letters, digits, '.', '-' and '_', at most 100 of them");
        insta::assert_snapshot!(store("big", &"x".repeat(MAX_FILE + 1)), @"big is too large: a file holds at most 2 MB");
        for n in 1..50 {
            desk.store(&format!("f{n}"), "x".into(), Author(1)).unwrap();
        }
        insta::assert_snapshot!(store("one-more", ""), @"there are 50 files already: remove one with rm first");
        for n in 1..4 {
            desk.store(&format!("f{n}"), "x".repeat(MAX_FILE), Author(1)).unwrap();
        }
        insta::assert_snapshot!(store("f5", &"x".repeat(MAX_FILE)), @"your files hold 8192 KB together, which is all there is: remove one with rm first");
        let small = Desk::new("one", [("a", "1")]).holding(Capacity { files: 2, bytes: 5 });
        small.store("b", "22".into(), Author(1)).unwrap();
        assert_eq!(small.store("c", "3".into(), Author(1)), Err(NotStored::TooMany(2)));
        assert_eq!(small.store("b", "22222".into(), Author(1)), Err(NotStored::Full(5)));
    }

    #[test]
    fn what_differs_from_the_lessons_is_kept_and_comes_back() {
        let desk = desk();
        desk.store("mine.yaml", "x".into(), Author(1)).unwrap();
        desk.remove("10-pod.yaml").unwrap();
        let kept = desk.kept_since(0);
        let text = |text: &str| Kept::Text(Some(text.into()));
        assert_eq!(kept, [("10-pod.yaml".into(), Kept::Text(None)), ("mine.yaml".into(), text("x"))]);
        desk.restore("10-pod.yaml").unwrap();
        desk.remove("mine.yaml").unwrap();
        assert_eq!(desk.kept_since(2), [("10-pod.yaml".into(), Kept::Nothing), ("mine.yaml".into(), Kept::Nothing)]);

        let files = [("10-pod.yaml".to_owned(), None), ("mine.yaml".to_owned(), Some("x".to_owned()))];
        let back = Desk::new("one", [("10-pod.yaml", "kind: Pod\n")]).with_kept(files);
        assert_eq!(names(&back.sheets()), [("mine.yaml", true)]);
        assert_eq!(back.kept_since(0), []);
        back.restore("10-pod.yaml").unwrap();
        assert_eq!(names(&back.sheets()), [("10-pod.yaml", false), ("mine.yaml", true)]);
    }
}
