//! A folder of lessons: its courses, their lessons, and the translations beside them.

mod course;
mod folder;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

pub use self::course::Course;
pub use self::folder::{Drafts, LoadError, beside};
use self::folder::{Folder, Source};
use crate::lessons::lint;
use crate::lessons::model::Lesson;
use crate::lessons::page::{self, Around, Painter, identity};
use crate::lessons::problem::Problem;

/// All lessons of a folder, in the order of the courses, and what is wrong with their texts.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    courses: Vec<Course>,
    lessons: Vec<Lesson>,
    /// By id; each in a language of its own.
    translations: HashMap<String, Vec<Lesson>>,
    problems: Vec<Problem>,
    folder: PathBuf,
}

impl Catalog {
    /// Reads every page below a folder, except `README.md`, drafts and what lies below `images`. A page that is broken
    /// is shown as far as it can be and leaves the others alone.
    ///
    /// # Errors
    /// When the folder itself can't be read.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        Self::load_with(folder, Drafts::Hidden)
    }

    /// The same, with the drafts too if they are asked for.
    ///
    /// # Errors
    /// When the folder itself can't be read.
    pub fn load_with(folder: &Path, drafts: Drafts) -> Result<Self, LoadError> {
        Ok(Builder::new(&Folder::read(folder)?, drafts).build())
    }

    /// The lessons, in order, in the language of their originals.
    pub fn lessons(&self) -> &[Lesson] {
        &self.lessons
    }

    /// The courses, in order.
    pub fn courses(&self) -> &[Course] {
        &self.courses
    }

    /// A lesson by its id.
    pub fn get(&self, id: &str) -> Option<&Lesson> {
        self.lessons.iter().find(|lesson| lesson.id == id)
    }

    /// A lesson in the first of these languages that it is written in, else as its original.
    pub fn get_in<'l>(&self, id: &str, languages: impl IntoIterator<Item = &'l str>) -> Option<&Lesson> {
        let original = self.get(id)?;
        let chosen = languages
            .into_iter()
            .find_map(|language| self.versions(id).find(|lesson| same_language(&lesson.language, language)));
        Some(chosen.unwrap_or(original))
    }

    /// A lesson in all its languages, the original first.
    pub fn versions(&self, id: &str) -> impl Iterator<Item = &Lesson> {
        self.get(id).into_iter().chain(self.translations.get(id).into_iter().flatten())
    }

    /// Every lesson in every language.
    pub fn all(&self) -> impl Iterator<Item = &Lesson> {
        self.lessons.iter().flat_map(|lesson| self.versions(&lesson.id))
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

    /// Where an image of the lessons lies, by its path below the folder.
    pub fn image(&self, path: &str) -> Option<PathBuf> {
        folder::image(&self.folder, path)
    }
}

/// `de-AT` wants what is written in `de`, and the other way round.
fn same_language(one: &str, other: &str) -> bool {
    let main = |tag: &str| tag.split('-').next().unwrap_or_default().to_lowercase();
    main(one) == main(other)
}

/// The pages' ids by their paths. Of two files of one name in different folders, as documentation has them, the second is
/// told apart by its folder's name; an id that a page says itself is never changed.
fn ids(folder: &Folder) -> HashMap<&str, String> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut ids = HashMap::new();
    for page in &folder.pages {
        let (id, own) = page::id_of(&page.path, &page.text);
        let parents: Vec<&str> = page.path.split('/').rev().skip(1).collect();
        let mut unlike = id.clone();
        for parent in parents.iter().filter(|_| !own) {
            if !taken.contains(&unlike) {
                break;
            }
            unlike = identity::name(&format!("{parent}-{unlike}"));
        }
        if folder.original_of(page).is_none() {
            taken.insert(unlike.clone());
        }
        ids.insert(page.path.as_str(), unlike);
    }
    ids
}

/// Makes a catalogue of what a folder holds.
struct Builder<'f> {
    folder: &'f Folder,
    drafts: Drafts,
    /// By the path of their page.
    ids: HashMap<&'f str, String>,
    painter: Painter,
    problems: Vec<Problem>,
}

impl<'f> Builder<'f> {
    fn new(folder: &'f Folder, drafts: Drafts) -> Self {
        let mut ids = ids(folder);
        // A link to a translation leads to its lesson: readers get it in their own language.
        for page in &folder.pages {
            if let Some(original) = folder.original_of(page).and_then(|original| ids.get(original)).cloned() {
                ids.insert(&page.path, original);
            }
        }
        Self { folder, drafts, ids, painter: Painter::default(), problems: folder.problems.clone() }
    }

    fn build(mut self) -> Catalog {
        let folder = self.folder;
        let mut lessons: Vec<(Lesson, &str)> = Vec::new();
        for page in folder.pages.iter().filter(|page| folder.original_of(page).is_none()) {
            let language = identity::language_of(&page.path).unwrap_or("en");
            let lesson = self.read(page, language, None);
            if lesson.draft && self.drafts == Drafts::Hidden {
                continue;
            }
            if lessons.iter().any(|(other, _)| other.id == lesson.id) {
                let message = format!("the id {:?} belongs to another lesson already; this one is left out", lesson.id);
                self.problems.push(Problem::at(&lesson.source, 1, 1, message));
            } else {
                lessons.push((lesson, &page.path));
            }
        }
        let translations = self.translations(&lessons);
        let (courses, lessons) = course::arrange(lessons, folder);
        self.problems.sort();
        self.problems.dedup();
        Catalog { courses, lessons, translations, problems: self.problems, folder: folder.root.clone() }
    }

    fn translations(&mut self, lessons: &[(Lesson, &str)]) -> HashMap<String, Vec<Lesson>> {
        let mut translations: HashMap<String, Vec<Lesson>> = HashMap::new();
        for page in &self.folder.pages {
            let Some(original) = self.folder.original_of(page) else { continue };
            let Some((original, _)) = lessons.iter().find(|(_, path)| *path == original) else { continue };
            let language = identity::language_of(&page.path).unwrap_or_default();
            let lesson = self.read(page, language, Some(original));
            if lesson.draft && self.drafts == Drafts::Hidden {
                continue;
            }
            self.problems.extend(lint::drift(original, &lesson));
            translations.entry(lesson.id.clone()).or_default().push(lesson);
        }
        translations
    }

    fn read(&mut self, page: &Source, language: &str, original: Option<&Lesson>) -> Lesson {
        let folder = self.folder;
        let links = |path: &str| {
            let page = beside(&page.path, path)?;
            self.ids.get(page.as_str()).map(|id| format!("/lessons/{id}"))
        };
        let images = |path: &str| folder.image_beside(&page.path, path);
        let include = |path: &str| folder.include(&page.path, path);
        let steps: Vec<String> =
            original.iter().flat_map(|original| &original.steps).map(|step| step.id.clone()).collect();
        let around = Around {
            file: &folder.shown(&page.path),
            id: self.ids.get(page.path.as_str()).map(String::as_str),
            links: &links,
            images: &images,
            include: &include,
            inherited: &folder.meta(&page.path),
            language,
            steps: &steps,
            strict_anchors: true,
        };
        let (lesson, found) = page::read(&around, &page.text, &mut self.painter);
        self.problems.extend(found);
        lesson
    }
}

#[cfg(test)]
mod tests;
