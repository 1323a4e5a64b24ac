//! The lessons of a workshop, as far as the wall and the pace have to know them.

use crate::lessons::Catalog;

/// One lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The lesson's id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Each step's id and title.
    pub steps: Vec<(String, String)>,
}

/// The lessons with these ids that there are, in this order.
pub fn parts(catalog: &Catalog, lessons: &[String]) -> Vec<Part> {
    let found = lessons.iter().filter_map(|id| catalog.get(id));
    found
        .map(|lesson| Part {
            id: lesson.id.clone(),
            title: lesson.title.clone(),
            steps: lesson.steps.iter().map(|step| (step.id.clone(), step.title.clone())).collect(),
        })
        .collect()
}
