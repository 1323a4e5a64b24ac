//! `podyard lessons test`: every lesson as a learner would do it, in a fresh sandbox each.

mod rehearsal;
mod report;
mod shell;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::{sync::Semaphore, task::JoinSet};

use self::{
    rehearsal::Rehearsal,
    report::{Outcome, StepOutcome},
};
use super::{
    super::{say, signals},
    Chosen, lacking,
};
use crate::{
    app,
    config::LessonsTest,
    lessons::{
        model::{Lesson, Work},
        problem::Problem,
    },
    sandbox::{Order, Progress, Provider},
};

/// How long sandboxes that a run has left behind are let live.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Runs the lessons and says how each went; exits with 1 if anything is wrong.
pub(super) async fn run(task: LessonsTest) -> anyhow::Result<u8> {
    let closing = signals::closing()?;
    let Chosen { lessons, problems } = Chosen::load(&task.path)?;
    let provider = app::provider(&task.sandboxes, &task.content, PATIENCE).await?;
    for caveat in provider.caveats() {
        say(&format!("note: {caveat}"))?;
    }
    let outcomes = tokio::select! {
        outcomes = all(&lessons, &provider, task.jobs) => outcomes,
        () = closing.cancelled() => Vec::new(),
    };
    provider.shutdown().await;
    if closing.is_cancelled() {
        return Ok(130);
    }
    for line in report::plain(&problems, &outcomes) {
        say(&line)?;
    }
    if let Some(path) = &task.junit {
        std::fs::write(path, report::junit(&problems, &outcomes))
            .with_context(|| format!("writing {}", path.display()))?;
    }
    let good = problems.is_empty() && outcomes.iter().all(|outcome| outcome.problems().next().is_none());
    Ok(u8::from(!good))
}

/// Runs the lessons side by side, `jobs` at once; gives their outcomes in the lessons' order.
async fn all(lessons: &[Lesson], provider: &Provider, jobs: usize) -> Vec<Outcome> {
    let places = Arc::new(Semaphore::new(jobs));
    let mut running = JoinSet::new();
    for (number, lesson) in lessons.iter().enumerate() {
        let earlier = lessons[..number].iter().find(|earlier| earlier.id == lesson.id);
        if earlier.is_some_and(|original| same_work(original, lesson)) {
            continue;
        }
        let (places, provider, lesson) = (places.clone(), provider.clone(), lesson.clone());
        running.spawn(async move {
            let _place = places.acquire_owned().await.expect("nobody closes it");
            let outcome = one(&lesson, &provider).await;
            told(&[outcome.line()]);
            (number, outcome)
        });
    }
    let mut outcomes = Vec::new();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Whether a translation has its reader do exactly what its original does: then it need not be run again.
fn same_work(original: &Lesson, translation: &Lesson) -> bool {
    let same = |(one, other): (&Work, &Work)| match (one, other) {
        (Work::Run(one), Work::Run(other)) => {
            let text =
                |command: &crate::lessons::model::Command| command.expected.as_ref().map(|shown| shown.text.clone());
            one.line == other.line && one.runnable == other.runnable && text(one) == text(other)
        }
        (Work::Write(one), Work::Write(other)) => one.file == other.file,
        _ => false,
    };
    original.work().count() == translation.work().count() && original.work().zip(translation.work()).all(same)
}

/// Says at once how far the run is. Whoever reads it has gone when it can't be said; the sum at the end tells of that.
fn told(lines: &[String]) {
    for line in lines {
        let _ = say(line);
    }
}

async fn one(lesson: &Lesson, provider: &Provider) -> Outcome {
    let began = Instant::now();
    let skipped = lacking(lesson, &provider.capabilities());
    if skipped.is_some() {
        return Outcome { source: lesson.source.clone(), steps: Vec::new(), took: Duration::ZERO, skipped };
    }
    let name = format!("lesson-{}-{}", lesson.id, lesson.language);
    let steps = match provider.provision(Order::new(name, Progress::unheard())).await {
        Ok(lease) => {
            let tell = |step: &StepOutcome| told(&report::step(&lesson.source, step));
            let steps = Rehearsal::new(lesson, lease.client.clone(), lease.namespace.clone()).run(tell).await;
            lease.release().await;
            steps
        }
        Err(error) => {
            let problem = Problem::at(&lesson.source, 1, 1, format!("there is no sandbox: {error}"));
            vec![StepOutcome { title: lesson.title.clone(), problems: vec![problem], ..StepOutcome::default() }]
        }
    };
    Outcome { source: lesson.source.clone(), steps, took: began.elapsed(), skipped: None }
}
