//! What a learner does with a lesson: what stands in it, and in every step one Pod of their own.

use std::path::Path;

use podyard::lessons::{
    Catalog,
    commands::manner::{self, Manner},
    model::Work,
};

/// One thing that a learner does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Click {
    /// Reads a step.
    Step(String),
    /// Presses Apply on the manifest of a Pod of this name, and waits until it runs.
    Apply(String),
    /// Presses Run. Whoever is too early with a command that only looks does so again.
    Run { line: String, looks: bool },
}

/// The whole lesson.
#[derive(Debug, Clone)]
pub struct Script {
    pub lesson: String,
    pub clicks: Vec<Click>,
}

impl Script {
    /// Of the first steps of a lesson. What never ends by itself is left out.
    pub fn of(lesson: &str, steps: usize) -> Self {
        let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("content");
        let catalog = Catalog::load(&content).unwrap();
        let lesson = catalog.get(lesson).unwrap();
        let steps = &lesson.steps[..steps.min(lesson.steps.len())];
        let mut clicks = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            let own = format!("own-{number}");
            clicks.push(Click::Step(step.id.clone()));
            clicks.push(Click::Apply(own.clone()));
            let lines = step.work.iter().filter_map(Work::command).filter(|command| command.runnable);
            clicks.extend(lines.filter_map(|command| run(&command.line)));
            clicks.push(Click::Run { line: format!("kubectl delete pod {own} --now --wait=false"), looks: false });
        }
        Self { lesson: lesson.id.clone(), clicks }
    }
}

fn run(line: &str) -> Option<Click> {
    match manner::of(line) {
        Manner::Does => Some(Click::Run { line: line.to_owned(), looks: false }),
        Manner::Looks => Some(Click::Run { line: line.to_owned(), looks: true }),
        Manner::Streams | Manner::Forwards => None,
    }
}

/// A small Pod.
pub fn manifest(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n  - name: main\n    image: busybox\n    \
         command: [sleep, \"3600\"]\n"
    )
}
