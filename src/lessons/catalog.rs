//! A folder of lessons.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::lessons::model::Lesson;
use crate::lessons::page::{self, Painter};
use crate::lessons::problem::Problem;

/// All lessons of a folder, in the order of the course, and what is wrong with their texts.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    lessons: Vec<Lesson>,
    problems: Vec<Problem>,
}

/// A folder that cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the lessons in {folder}", folder = folder.display())]
pub struct LoadError {
    folder: PathBuf,
    #[source]
    cause: io::Error,
}

struct Source {
    /// Below the folder, with `/`.
    path: String,
    text: String,
}

impl Catalog {
    /// Reads every `.md` below a folder, except `README.md`, drafts and what lies below `images`. A page that is
    /// broken is shown as far as it can be and leaves the others alone.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let failed = |cause| LoadError { folder: folder.to_owned(), cause };
        let mut problems = Vec::new();
        let mut paths = Vec::new();
        collect(folder, &mut paths).map_err(failed)?;
        paths.sort();
        let mut sources = Vec::new();
        for path in paths {
            match read(folder, &path) {
                Ok(source) => sources.push(source),
                Err(problem) => problems.push(problem),
            }
        }
        Ok(Self::from_sources(&sources, problems, &folder.to_string_lossy()))
    }

    fn from_sources(sources: &[Source], mut problems: Vec<Problem>, folder: &str) -> Self {
        let ids: HashMap<&str, String> =
            sources.iter().map(|source| (source.path.as_str(), page::id_of(&source.path, &source.text))).collect();
        let mut painter = Painter::default();
        let mut lessons: Vec<Lesson> = Vec::new();
        for source in sources.iter().filter(|source| !page::is_draft(&source.text)) {
            let links = |path: &str| ids.get(beside(&source.path, path)?.as_str()).map(|id| format!("/lessons/{id}"));
            let file = format!("{}/{}", folder.trim_end_matches('/'), source.path);
            let (lesson, found) = page::read(&file, &source.text, &links, &mut painter);
            problems.extend(found);
            if lessons.iter().any(|other| other.id == lesson.id) {
                let message = format!("the id {:?} belongs to another lesson already; this one is left out", lesson.id);
                problems.push(Problem::at(&file, 1, 1, message));
            } else {
                lessons.push(lesson);
            }
        }
        lessons.sort_by(|one, other| (one.position, &one.title).cmp(&(other.position, &other.title)));
        problems.sort();
        Self { lessons, problems }
    }

    /// The lessons, in order.
    pub fn lessons(&self) -> &[Lesson] {
        &self.lessons
    }

    /// A lesson by its id.
    pub fn get(&self, id: &str) -> Option<&Lesson> {
        self.lessons.iter().find(|lesson| lesson.id == id)
    }

    /// The lessons before and after one.
    pub fn neighbours(&self, id: &str) -> (Option<&Lesson>, Option<&Lesson>) {
        let Some(at) = self.lessons.iter().position(|lesson| lesson.id == id) else { return (None, None) };
        (at.checked_sub(1).and_then(|before| self.lessons.get(before)), self.lessons.get(at + 1))
    }

    /// What is wrong with the texts, by place.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "images" && !name.starts_with('.') {
                collect(&path, found)?;
            }
        } else if name.ends_with(".md") && name != "README.md" {
            found.push(path);
        }
    }
    Ok(())
}

fn read(folder: &Path, path: &Path) -> Result<Source, Problem> {
    let shown = path.to_string_lossy();
    let bytes = fs::read(path).map_err(|error| Problem::at(&shown, 1, 1, format!("cannot be read: {error}")))?;
    if bytes.len() > page::LARGEST {
        let message = format!("is {} bytes long; a lesson has at most {}", bytes.len(), page::LARGEST);
        return Err(Problem::at(&shown, 1, 1, message));
    }
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(&shown, &error))?;
    let below = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Ok(Source { path: below, text })
}

fn not_utf8(file: &str, error: &std::string::FromUtf8Error) -> Problem {
    let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
    let line = good.matches('\n').count() + 1;
    let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Problem::at(file, line, column, "is not UTF-8 from here on; save the file as UTF-8")
}

/// A relative link, seen from the page it stands on; `None` for other links.
fn beside(page: &str, link: &str) -> Option<String> {
    if !link.ends_with(".md") || link.contains("://") || link.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &[(&str, &[u8])]) -> Catalog {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder below");
            fs::write(path, text).expect("a file");
        }
        Catalog::load(folder.path()).expect("a folder that is there")
    }

    #[test]
    fn lessons_stand_in_order_and_know_their_neighbours() {
        let catalog = load(&[
            ("pods/b.md", b"---\nweight: 2\n---\n# B\n"),
            ("a.md", b"---\nweight: 1\n---\n# A\n"),
            ("README.md", b"# no lesson\n"),
            ("images/web/notes.md", b"# no lesson\n"),
            ("later.md", b"---\ndraft: true\n---\n# Draft\n"),
        ]);
        let titles: Vec<_> = catalog.lessons().iter().map(|lesson| lesson.title.as_str()).collect();
        assert_eq!(titles, ["A", "B"]);
        let (before, after) = catalog.neighbours("b");
        assert_eq!((before.map(|lesson| lesson.id.as_str()), after), (Some("a"), None));
    }

    #[test]
    fn relative_links_lead_from_page_to_page() {
        let catalog = load(&[("pods/a.md", b"[b](../b.md#x)\n"), ("b.md", b"---\nid: bee\n---\n")]);
        assert!(catalog.get("a").expect("lesson a").intro.contains("/lessons/bee#x"));
    }

    #[test]
    fn a_broken_page_leaves_the_others_alone() {
        let catalog = load(&[("a.md", b"# A\n"), ("b.md", b"# B\n\xff\n"), ("c.md", b"---\nid: a\n---\n")]);
        assert_eq!(catalog.lessons().len(), 1);
        let problems: Vec<_> = catalog.problems().iter().map(ToString::to_string).collect();
        assert!(problems[0].ends_with("b.md:2:1: is not UTF-8 from here on; save the file as UTF-8"), "{problems:?}");
        assert!(problems[1].contains("c.md:1:1: the id \"a\" belongs to another lesson already"));
    }

    #[test]
    fn our_own_lessons_have_no_problems() {
        let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("content");
        let catalog = Catalog::load(&content).expect("our content");
        assert_eq!(catalog.problems(), []);
        assert!(catalog.get("from-containers-to-pods").is_some() && catalog.get("anatomy-of-a-pod-manifest").is_some());
    }
}
