//! `podyard plan`: what a workshop will need of the machine that it is held on.

use anyhow::Context as _;

use super::say;
use crate::{
    config::{PlanTask, SandboxKind},
    lessons::{Catalog, model::Lesson},
    workshops::estimate::{Kind, Needs, estimate},
};

/// Prints what is needed; exits with 1 if there is no such lesson.
pub(super) fn run(task: &PlanTask) -> anyhow::Result<u8> {
    let catalog = Catalog::load(&task.content)?;
    let lessons = chosen(&catalog, &task.lessons)?;
    let kind = match task.sandbox {
        SandboxKind::Embedded => Kind::Embedded,
        SandboxKind::Kind => Kind::Kind,
        SandboxKind::Kubernetes => Kind::Kubernetes,
    };
    let learners = u64::try_from(task.learners)?;
    say(&table(task, lessons.len(), &estimate(learners, &lessons, kind)))?;
    Ok(0)
}

fn chosen<'c>(catalog: &'c Catalog, ids: &[String]) -> anyhow::Result<Vec<&'c Lesson>> {
    if ids.is_empty() {
        return Ok(catalog.lessons().iter().collect());
    }
    let known = || catalog.lessons().iter().map(|lesson| lesson.id.as_str()).collect::<Vec<_>>().join(", ");
    ids.iter()
        .map(|id| {
            catalog.get(id).with_context(|| format!("--lessons '{id}': there is no such lesson; there are {}", known()))
        })
        .collect()
}

fn table(task: &PlanTask, lessons: usize, needs: &Needs) -> String {
    let Needs { memory, processors, disk, pods, images, advice } = needs;
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let images = if images.is_empty() { "none".to_owned() } else { images.join(", ") };
    let mut lines = vec![
        format!("{}, {}, --sandbox {}", plural(task.learners, "learner"), plural(lessons, "lesson"), task.sandbox),
        format!("memory      {}", size(*memory)),
        format!("processors  {processors}"),
        format!("disk        {}", size(*disk)),
        format!("Pods        {pods} per learner, at most"),
        format!("images      {images}"),
    ];
    lines.extend(advice.iter().map(|advice| format!("also        {advice}")));
    lines.join("\n")
}

/// MiB as people say it.
fn size(mebibytes: u64) -> String {
    if mebibytes < 1024 { format!("{mebibytes} MiB") } else { format!("{:.1} GiB", mebibytes as f64 / 1024.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workshops::testing;

    fn plan(learners: usize, sandbox: SandboxKind, kind: Kind) -> String {
        let text = "## Go\n\n```bash\nkubectl run x --image=busybox -- true\n```\n";
        let lesson = testing::lesson_with("one", text);
        let task = PlanTask { learners, lessons: Vec::new(), sandbox, content: "content".into() };
        table(&task, 1, &estimate(learners as u64, &[&lesson], kind))
    }

    #[test]
    fn a_plan_is_a_short_table() {
        insta::assert_snapshot!(plan(60, SandboxKind::Embedded, Kind::Embedded), @"
        60 learners, 1 lesson, --sandbox embedded
        memory      930 MiB
        processors  3
        disk        1.0 GiB
        Pods        1 per learner, at most
        images      busybox
        ");
    }

    #[test]
    fn a_plan_for_kind_says_what_else_is_to_be_done() {
        insta::assert_snapshot!(plan(8, SandboxKind::Kind, Kind::Kind), @"
        8 learners, 1 lesson, --sandbox kind
        memory      3.7 GiB
        processors  2
        disk        5.7 GiB
        Pods        1 per learner, at most
        images      busybox
        also        sysctl fs.inotify.max_user_instances=280: a kind cluster takes 27 of them
        also        --kind-pool 8: a cluster takes 20 seconds to make, and learners come all at once
        ");
    }

    #[test]
    fn a_lesson_that_is_not_there_is_named_with_those_that_are() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("one.md"), "---\nid: one\ntitle: One\n---\n\n## Go\n").unwrap();
        let catalog = Catalog::load(folder.path()).unwrap();
        let wrong = chosen(&catalog, &["two".to_owned()]).unwrap_err();
        assert_eq!(wrong.to_string(), "--lessons 'two': there is no such lesson; there are one");
        assert_eq!(chosen(&catalog, &[]).unwrap().len(), 1);
    }
}
