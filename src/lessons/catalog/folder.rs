//! What a folder of lessons holds, read from disk.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde_yaml::{Mapping, Value};

use crate::lessons::{
    front_matter::{self, FrontMatter},
    page::{self, identity},
    problem::Problem,
};

/// Whether drafts are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Drafts {
    /// They are left out.
    #[default]
    Hidden,
    /// They are there like any lesson.
    Shown,
}

/// A folder that cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the lessons in {folder}", folder = folder.display())]
pub struct LoadError {
    folder: PathBuf,
    #[source]
    cause: io::Error,
}

/// A page as it was read.
#[derive(Debug)]
pub struct Source {
    /// Below the folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Folder {
    /// Where it is.
    pub root: PathBuf,
    /// By their paths, in order.
    pub pages: Vec<Source>,
    /// `_meta.yaml`, or the front matter of `_index.md`, by the folder below this one.
    metas: BTreeMap<String, Mapping>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// What pages may show.
const IMAGES: [&str; 7] = ["png", "jpg", "jpeg", "gif", "webp", "avif", "svg"];

/// The largest file that a page may include.
const LARGEST_INCLUDE: u64 = 512 * 1024;

/// Below so many folders nothing is looked for: links may lead in circles.
const DEEPEST: usize = 16;

impl Folder {
    /// Reads every page and every `_meta.yaml`.
    pub fn read(root: &Path) -> Result<Self, LoadError> {
        let mut paths = Vec::new();
        collect(root, DEEPEST, &mut paths).map_err(|cause| LoadError { folder: root.to_owned(), cause })?;
        paths.sort();
        let mut folder = Self { root: root.to_owned(), ..Self::default() };
        for path in paths {
            match read(root, &path) {
                Ok(source) => folder.take(source),
                Err(problem) => folder.problems.push(problem),
            }
        }
        Ok(folder)
    }

    fn take(&mut self, source: Source) {
        let (parent, name) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
        let parent = parent.to_owned();
        if name == "_index.md" {
            let (FrontMatter { values, .. }, ..) = front_matter::split(&source.text.replace("\r\n", "\n"));
            self.metas.entry(parent).or_insert(values);
        } else if let Some(rest) = name.strip_prefix("_meta") {
            let key = if rest == ".yaml" || rest == ".yml" { parent } else { format!("{parent}:{rest}") };
            match front_matter::meta(&source.text) {
                Ok(values) => drop(self.metas.insert(key, values)),
                Err(bad) => {
                    let shown = self.shown(&source.path);
                    self.problems.push(Problem::at(&shown, bad.line, bad.column, bad.message));
                }
            }
        } else {
            self.pages.push(source);
        }
    }

    /// A page's path as findings name it.
    pub fn shown(&self, path: &str) -> String {
        let root = self.root.to_string_lossy();
        let root = root.trim_end_matches('/');
        if root == "." || root.is_empty() { path.to_owned() } else { format!("{root}/{path}") }
    }

    /// The page that this one is a translation of.
    pub fn original_of(&self, page: &Source) -> Option<&str> {
        let language = identity::language_of(&page.path)?;
        let stem = page.path.strip_suffix(".md")?.strip_suffix(language)?;
        let original = format!("{stem}md");
        self.pages.iter().find(|other| other.path == original).map(|other| other.path.as_str())
    }

    /// What the folders of a page say, the nearest first.
    pub fn meta(&self, page: &str) -> Mapping {
        let mut all = FrontMatter::default();
        let mut folder = page;
        while let Some((parent, _)) = folder.rsplit_once('/') {
            self.metas.get(parent).into_iter().for_each(|meta| all.inherit(meta));
            folder = parent;
        }
        self.metas.get("").into_iter().for_each(|meta| all.inherit(meta));
        all.values
    }

    /// What one folder says about itself.
    pub fn about(&self, folder: &str) -> Option<&Mapping> {
        self.metas.get(folder)
    }

    /// What it says in other languages, by `de`.
    pub fn about_in<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a Mapping)> {
        self.metas.iter().filter_map(move |(key, meta)| {
            let language = key.strip_prefix(folder)?.strip_prefix(":.")?;
            Some((language.trim_end_matches(".yaml").trim_end_matches(".yml"), meta))
        })
    }

    /// The text of a file that a page includes: beside it, or in an `examples` or `includes` folder above it.
    pub fn include(&self, page: &str, path: &str) -> Option<String> {
        let mut folder = page;
        let mut places = Vec::new();
        while let Some((parent, _)) = folder.rsplit_once('/') {
            places.push(format!("{parent}/"));
            folder = parent;
        }
        places.push(String::new());
        let places =
            places.iter().flat_map(|place| ["", "examples/", "includes/"].map(|sub| format!("{place}{sub}{path}")));
        let found = places.filter_map(|place| inside(&self.root, &place)).find(|path| path.is_file())?;
        let small = fs::metadata(&found).is_ok_and(|about| about.len() <= LARGEST_INCLUDE);
        small.then(|| fs::read_to_string(found).ok()).flatten().map(|text| text.replace("\r\n", "\n"))
    }

    /// The address of an image beside a page.
    pub fn image_beside(&self, page: &str, path: &str) -> Option<String> {
        let below = beside(page, path)?;
        image(&self.root, &below).map(|_| format!("/content/{below}"))
    }
}

/// Where an image below a folder lies.
pub fn image(root: &Path, path: &str) -> Option<PathBuf> {
    let end = path.rsplit_once('.')?.1.to_lowercase();
    inside(root, path).filter(|found| IMAGES.contains(&end.as_str()) && found.is_file())
}

/// A path below a folder; `None` for one that leaves it.
fn inside(root: &Path, path: &str) -> Option<PathBuf> {
    let found = root.join(path).canonicalize().ok()?;
    found.starts_with(root.canonicalize().ok()?).then_some(found)
}

fn collect(folder: &Path, deep: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "images" && !name.starts_with('.') && deep > 0 {
                // A folder below that can't be read has no lessons to show; the others have.
                let _ = collect(&path, deep - 1, found);
            }
        } else if is_page(&name) || is_meta(&name) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_page(name: &str) -> bool {
    (name.ends_with(".md") || name.ends_with(".mdx")) && !name.starts_with("README")
}

fn is_meta(name: &str) -> bool {
    name.starts_with("_meta.") && (name.ends_with(".yaml") || name.ends_with(".yml"))
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
pub fn beside(page: &str, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with('/') || link.is_empty() {
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

/// A key of a folder's meta as text.
pub fn said(meta: &Mapping, key: &str) -> Option<String> {
    meta.get(key).and_then(Value::as_str).map(str::to_owned)
}
