//! How the lessons went, for people and for continuous integration.

use std::time::Duration;

use askama::Template;

use crate::lessons::problem::Problem;

/// How a lesson went.
#[derive(Debug)]
pub(super) struct Outcome {
    pub source: String,
    pub steps: Vec<StepOutcome>,
    pub took: Duration,
    /// What the lesson needs that the sandboxes lack, if it was not run for that.
    pub skipped: Option<String>,
}

/// How a step went.
#[derive(Debug, Default)]
pub(super) struct StepOutcome {
    pub title: String,
    pub commands: usize,
    pub checks: usize,
    pub problems: Vec<Problem>,
    pub took: Duration,
}

impl Outcome {
    /// What went wrong.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.steps.iter().flat_map(|step| &step.problems)
    }

    fn failures(&self) -> usize {
        self.steps.iter().filter(|step| !step.problems.is_empty()).count()
    }

    /// A line about the whole lesson.
    pub fn line(&self) -> String {
        if let Some(lacking) = &self.skipped {
            return format!("skip {}: it needs {lacking}, which these sandboxes don't have", self.source);
        }
        let commands: usize = self.steps.iter().map(|step| step.commands).sum();
        let checks: usize = self.steps.iter().map(|step| step.checks).sum();
        let word = if self.failures() == 0 { "ok  " } else { "FAIL" };
        let took = self.took.as_secs_f64();
        format!("{word} {}: {commands} commands, {checks} checks, {took:.1} s", self.source)
    }
}

/// What is said of a step when it ends: what went wrong, and how it went.
pub(super) fn step(source: &str, step: &StepOutcome) -> Vec<String> {
    let word = if step.problems.is_empty() { "ok  " } else { "FAIL" };
    let (commands, took) = (step.commands, step.took.as_secs_f64());
    let line = format!("  {word} {source} · {}: {commands} commands, {took:.1} s", step.title);
    step.problems.iter().map(ToString::to_string).chain([line]).collect()
}

/// What is wrong with the texts, and the sum. What went wrong in a step, and how each lesson went, has been said already.
pub(super) fn plain(problems: &[Problem], outcomes: &[Outcome]) -> Vec<String> {
    let found = problems.iter().map(ToString::to_string);
    let wrong = problems.len() + outcomes.iter().flat_map(Outcome::problems).count();
    let sum = match wrong {
        0 => format!("{} lessons, nothing wrong", outcomes.len()),
        1 => "1 finding".to_owned(),
        more => format!("{more} findings"),
    };
    found.chain([sum]).collect()
}

#[derive(Template)]
#[template(path = "junit.xml", escape = "html")]
struct Junit<'a> {
    problems: &'a [Problem],
    outcomes: &'a [Outcome],
}

/// What is wrong with the texts; and a suite for each lesson, with a case for each step.
pub(super) fn junit(problems: &[Problem], outcomes: &[Outcome]) -> String {
    Junit { problems, outcomes }
        .render()
        .expect("rendering to a string fails only when a value's Display does, and none does")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes() -> Vec<Outcome> {
        let problem = Problem::at("a.md", 3, 1, "`x` prints \"<b>\"");
        let step = |title: &str, problems| StepOutcome {
            title: title.into(),
            commands: 2,
            checks: 1,
            problems,
            took: Duration::ZERO,
        };
        let steps = vec![step("One", vec![]), step("Two & three", vec![problem])];
        vec![Outcome { source: "a.md".into(), steps, took: Duration::from_millis(1200), skipped: None }]
    }

    #[test]
    fn findings_come_before_the_sum() {
        let outcomes = outcomes();
        let steps = outcomes[0].steps.iter().flat_map(|one| step("a.md", one));
        let said: Vec<String> = steps.chain([outcomes[0].line()]).chain(plain(&[], &outcomes)).collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
          ok   a.md · One: 2 commands, 0.0 s
        a.md:3:1: `x` prints "<b>"
          FAIL a.md · Two & three: 2 commands, 0.0 s
        FAIL a.md: 4 commands, 2 checks, 1.2 s
        1 finding
        "#);
        assert_eq!(plain(&[], &[]), ["0 lessons, nothing wrong"]);
    }

    #[test]
    fn junit_has_a_case_for_each_step() {
        let text = Problem::at("b.md", 1, 2, "there is no page gone.md");
        let skipped = Some("2 nodes".to_owned());
        let skipped = Outcome { source: "c.md".into(), steps: vec![], took: Duration::ZERO, skipped };
        let outcomes: Vec<Outcome> = outcomes().into_iter().chain([skipped]).collect();
        assert_eq!(outcomes[1].line(), "skip c.md: it needs 2 nodes, which these sandboxes don't have");
        insta::assert_snapshot!(junit(&[text], &outcomes), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite name="the texts" tests="1" failures="1">
            <testcase classname="b.md" name="there is no page gone.md">
              <failure message="b.md:1:2: there is no page gone.md"/>
            </testcase>
          </testsuite>
          <testsuite name="a.md" tests="2" failures="1" time="1.200">
            <testcase classname="a.md" name="One" time="0.000"/>
            <testcase classname="a.md" name="Two &#38; three" time="0.000">
              <failure message="a.md:3:1: `x` prints &#34;&#60;b&#62;&#34;"/>
            </testcase>
          </testsuite>
          <testsuite name="c.md" tests="1" failures="0" skipped="1">
            <testcase classname="c.md" name="c.md">
              <skipped message="it needs 2 nodes"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
