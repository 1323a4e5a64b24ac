//! How far a learner is: which steps were worked on, for how long, and which are done. Pure.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    lessons::model::{Lesson, Step as LessonStep, Work},
    storage::StepProgress,
};

/// A pause that is longer is none that the learner spent on the step.
const PAUSE: Duration = Duration::from_secs(2 * 60);

/// What is to be run in each step of a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The lesson's id; empty for none.
    pub lesson: String,
    /// Each step's id and its commands.
    pub steps: Vec<(String, Vec<String>)>,
    /// The steps that are done when their checks hold, not when their commands have run.
    pub checked: HashSet<String>,
}

impl Outline {
    /// Of this lesson.
    pub fn of(lesson: &Lesson) -> Self {
        let commands = |step: &LessonStep| {
            let commands = step.work.iter().filter_map(Work::command).filter(|command| command.runnable);
            commands.map(|command| command.line.clone()).collect()
        };
        let steps = lesson.steps.iter().map(|step| (step.id.clone(), commands(step))).collect();
        let checked = lesson.steps.iter().filter(|step| !step.checks.is_empty()).map(|step| step.id.clone()).collect();
        Self { lesson: lesson.id.clone(), steps, checked }
    }
}

type Step = (String, String);

/// All steps that a learner has worked on.
#[derive(Debug, Default)]
pub struct Tracker {
    steps: BTreeMap<Step, StepProgress>,
    outlines: HashMap<String, Outline>,
    /// Lines that have run to a good end, by lesson; of those before a restart the lesson is not known.
    ran: HashMap<String, HashSet<String>>,
    ran_before: HashSet<String>,
    /// The step that is being worked on, and when that was last seen.
    here: Option<(Step, Timestamp)>,
    /// Steps that changed since they were last stored.
    changed: HashSet<Step>,
    version: u64,
}

impl Tracker {
    /// What was stored, and the lines that the console shows as run.
    pub fn restored(steps: Vec<StepProgress>, ran_before: Vec<String>) -> Self {
        let key = |step: StepProgress| ((step.lesson.clone(), step.step.clone()), step);
        Self {
            steps: steps.into_iter().map(key).collect(),
            ran_before: ran_before.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Counts the steps that were done.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// A page opens a lesson.
    pub fn open(&mut self, outline: Outline) {
        self.outlines.insert(outline.lesson.clone(), outline);
    }

    /// The learner reads a step.
    pub fn read(&mut self, lesson: &str, step: &str, now: Timestamp) {
        let known = self.outlines.get(lesson).is_some_and(|outline| outline.steps.iter().any(|(id, _)| id == step));
        if known {
            self.visit((lesson.to_owned(), step.to_owned()), now);
        }
    }

    /// A line of a lesson's page has been run.
    pub fn ran(&mut self, lesson: &str, line: &str, code: i32, now: Timestamp) {
        if code == 0 {
            self.ran.entry(lesson.to_owned()).or_default().insert(line.to_owned());
        }
        let Some(outline) = self.outlines.get(lesson).cloned() else { return };
        let here = self.here.as_ref().map(|(step, _)| step.clone()).filter(|(open, _)| open == lesson);
        let in_step = outline.steps.iter().find(|(_, lines)| lines.iter().any(|other| other == line));
        if let Some(step) = in_step.map(|(id, _)| (lesson.to_owned(), id.clone())).or(here) {
            self.visit(step.clone(), now).attempts += 1;
        }
        for (id, lines) in &outline.steps {
            if code == 0
                && !outline.checked.contains(id)
                && lines.iter().any(|other| other == line)
                && self.all_ran(lesson, lines)
            {
                self.done(lesson, id, now);
            }
        }
    }

    fn all_ran(&self, lesson: &str, lines: &[String]) -> bool {
        let ran = self.ran.get(lesson);
        lines.iter().all(|line| ran.is_some_and(|ran| ran.contains(line)) || self.ran_before.contains(line))
    }

    /// A step is done; it stays so.
    pub fn done(&mut self, lesson: &str, step: &str, now: Timestamp) {
        let known = self.steps.get(&(lesson.to_owned(), step.to_owned()));
        if known.is_some_and(|progress| progress.done.is_some()) {
            return;
        }
        let progress = self.visit((lesson.to_owned(), step.to_owned()), now);
        if progress.done.is_none() {
            progress.done = Some(now);
            self.version += 1;
        }
    }

    /// Counts the time since the last visit for the step that was worked on, and goes on with this one.
    fn visit(&mut self, step: Step, now: Timestamp) -> &mut StepProgress {
        if let Some((before, then)) = self.here.replace((step.clone(), now)) {
            let gap = Duration::try_from(now.duration_since(then)).unwrap_or_default();
            if let Some(progress) = self.steps.get_mut(&before).filter(|_| gap <= PAUSE) {
                progress.spent += gap;
                self.changed.insert(before);
            }
        }
        self.changed.insert(step.clone());
        let (lesson, id) = step.clone();
        let progress = self.steps.entry(step).or_insert_with(|| StepProgress {
            lesson,
            step: id,
            opened: now,
            visited: now,
            done: None,
            attempts: 0,
            spent: Duration::ZERO,
        });
        progress.visited = now;
        progress
    }

    /// The steps of a lesson that are done.
    pub fn done_steps(&self, lesson: &str) -> Vec<String> {
        let done = self.steps.values().filter(|step| step.lesson == lesson && step.done.is_some());
        done.map(|step| step.step.clone()).collect()
    }

    /// Everything that is known.
    pub fn all(&self) -> Vec<StepProgress> {
        self.steps.values().cloned().collect()
    }

    /// What is not stored yet. It stays so until [`Tracker::stored`], whatever becomes of whoever wanted to store it.
    pub fn changed(&self) -> Vec<StepProgress> {
        self.changed.iter().filter_map(|step| self.steps.get(step).cloned()).collect()
    }

    /// This has been stored; what changed meanwhile has not.
    pub fn stored(&mut self, steps: &[StepProgress]) {
        for step in steps {
            let key = (step.lesson.clone(), step.step.clone());
            if self.steps.get(&key) == Some(step) {
                self.changed.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn tracker() -> Tracker {
        let mut tracker = Tracker::default();
        let steps =
            [("start", vec!["kubectl run", "kubectl get pods"]), ("look", vec!["kubectl logs"]), ("end", vec![])];
        let step = |(id, lines): (&str, Vec<&str>)| (id.to_owned(), lines.into_iter().map(str::to_owned).collect());
        tracker.open(Outline {
            lesson: "one".into(),
            steps: steps.into_iter().map(step).collect(),
            checked: HashSet::new(),
        });
        tracker
    }

    #[test]
    fn a_step_is_done_when_all_its_commands_have_succeeded() {
        let mut tracker = tracker();
        tracker.ran("one", "kubectl get pods", 0, at(0));
        tracker.ran("one", "kubectl run", 1, at(10));
        assert_eq!(tracker.done_steps("one"), [""; 0]);
        tracker.ran("one", "kubectl run", 0, at(20));
        assert_eq!((tracker.done_steps("one"), tracker.version()), (vec!["start".to_owned()], 1));
        let start = &tracker.changed()[0];
        assert_eq!((start.attempts, start.spent, start.done), (3, Duration::from_secs(20), Some(at(20))));
        let stored = tracker.changed();
        tracker.ran("one", "kubectl get pods", 0, at(30));
        tracker.stored(&stored);
        assert_eq!(tracker.changed().len(), 1, "what came while it was stored is not");
        tracker.stored(&tracker.changed());
        assert_eq!(tracker.changed(), []);
    }

    #[test]
    fn time_is_counted_for_the_step_that_is_worked_on_and_pauses_are_not() {
        let mut tracker = tracker();
        tracker.read("one", "look", at(0));
        tracker.read("one", "no such step", at(30));
        tracker.read("one", "end", at(60));
        tracker.read("one", "end", at(1000));
        let spent = |step: &str| tracker.all().into_iter().find(|s| s.step == step).unwrap().spent.as_secs();
        assert_eq!((spent("look"), spent("end"), tracker.all().len()), (60, 0, 2));
    }

    #[test]
    fn a_line_that_no_step_has_counts_for_the_step_that_is_read() {
        let mut tracker = tracker();
        tracker.read("one", "look", at(0));
        tracker.ran("one", "kubectl describe pod hello", 0, at(5));
        assert_eq!(tracker.all()[0].attempts, 1);
        tracker.ran("another", "kubectl get pods", 0, at(6));
        assert_eq!(tracker.all().len(), 1);
    }

    #[test]
    fn what_ran_before_a_restart_counts() {
        let mut before = tracker();
        before.ran("one", "kubectl run", 0, at(0));
        let mut after = Tracker::restored(before.changed(), vec!["kubectl run".into()]);
        after.open(before.outlines["one"].clone());
        after.ran("one", "kubectl get pods", 0, at(60));
        assert_eq!(after.done_steps("one"), ["start"]);
        let start = &after.all()[0];
        assert_eq!((start.attempts, start.opened), (2, at(0)));
    }
}
