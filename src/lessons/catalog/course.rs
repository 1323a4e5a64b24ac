//! Courses: the lessons of a folder, and what its `_meta.yaml` says about them.

use std::collections::BTreeMap;

use serde_yaml::{Mapping, Value};

use super::folder::{Folder, said};
use crate::lessons::model::Lesson;

/// The lessons of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// The folder's path; empty for the lessons that are in none.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// One or two sentences for the catalogue.
    pub description: String,
    /// Its title and description in other languages, from `_meta.de.yaml`.
    pub translations: BTreeMap<String, (String, String)>,
    /// The ids of its lessons, in order.
    pub lessons: Vec<String>,
    position: i64,
}

/// Puts lessons, each with its page's path, into their courses, and all of them into order.
pub fn arrange(lessons: Vec<(Lesson, &str)>, folder: &Folder) -> (Vec<Course>, Vec<Lesson>) {
    let mut courses: BTreeMap<&str, (Course, Vec<Lesson>)> = BTreeMap::new();
    for (lesson, path) in lessons {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let (_, members) = courses.entry(parent).or_insert_with(|| (course(parent, folder), Vec::new()));
        members.push(lesson);
    }
    let mut courses: Vec<(Course, Vec<Lesson>)> = courses.into_values().collect();
    courses.sort_by(|(one, _), (other, _)| (one.position, &one.id).cmp(&(other.position, &other.id)));
    for (course, members) in &mut courses {
        members.sort_by(|one, other| (one.position, &one.title).cmp(&(other.position, &other.title)));
        course.lessons = members.iter().map(|lesson| lesson.id.clone()).collect();
    }
    let (courses, lessons): (Vec<Course>, Vec<Vec<Lesson>>) = courses.into_iter().unzip();
    (courses, lessons.into_iter().flatten().collect())
}

fn course(id: &str, folder: &Folder) -> Course {
    let name = id.rsplit('/').next().unwrap_or_default();
    let leading: String = name.chars().take_while(char::is_ascii_digit).collect();
    let plain =
        name.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-').replace(['-', '_'], " ");
    let mut letters = plain.chars();
    let own_title = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    let nothing = Mapping::new();
    let meta = folder.about(id).unwrap_or(&nothing);
    let number = |key: &str| meta.get(key).and_then(Value::as_i64);
    let words =
        |meta: &Mapping| (said(meta, "title").unwrap_or_default(), said(meta, "description").unwrap_or_default());
    Course {
        id: id.to_owned(),
        title: said(meta, "title").unwrap_or(own_title),
        description: said(meta, "description").unwrap_or_default(),
        translations: folder.about_in(id).map(|(language, meta)| (language.to_owned(), words(meta))).collect(),
        lessons: Vec::new(),
        position: number("sidebar_position").or_else(|| number("weight")).or(leading.parse().ok()).unwrap_or(i64::MAX),
    }
}
