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

    fn line(&self) -> String {
        let commands: usize = self.steps.iter().map(|step| step.commands).sum();
        let checks: usize = self.steps.iter().map(|step| step.checks).sum();
        let word = if self.failures() == 0 { "ok  " } else { "FAIL" };
        let took = self.took.as_secs_f64();
        format!("{word} {}: {commands} commands, {checks} checks, {took:.1} s", self.source)
    }
}

/// Findings first, then a line for each lesson.
pub(super) fn plain(problems: &[Problem], outcomes: &[Outcome]) -> Vec<String> {
    let found = problems.iter().chain(outcomes.iter().flat_map(Outcome::problems)).map(ToString::to_string);
    let wrong = problems.len() + outcomes.iter().flat_map(Outcome::problems).count();
    let sum = match wrong {
        0 => format!("{} lessons, nothing wrong", outcomes.len()),
        1 => "1 finding".to_owned(),
        more => format!("{more} findings"),
    };
    found.chain(outcomes.iter().map(Outcome::line)).chain([sum]).collect()
}

#[derive(Template)]
#[template(path = "junit.xml", escape = "html")]
struct Junit<'a> {
    outcomes: &'a [Outcome],
}

/// A suite for each lesson, a case for each step.
pub(super) fn junit(outcomes: &[Outcome]) -> String {
    Junit { outcomes }.render().expect("rendering to a string fails only when a value's Display does, and none does")
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
        vec![Outcome { source: "a.md".into(), steps, took: Duration::from_millis(1200) }]
    }

    #[test]
    fn findings_come_before_the_sum() {
        insta::assert_snapshot!(plain(&[], &outcomes()).join("\n"), @r#"
        a.md:3:1: `x` prints "<b>"
        FAIL a.md: 4 commands, 2 checks, 1.2 s
        1 finding
        "#);
        assert_eq!(plain(&[], &[]), ["0 lessons, nothing wrong"]);
    }

    #[test]
    fn junit_has_a_case_for_each_step() {
        insta::assert_snapshot!(junit(&outcomes()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite name="a.md" tests="2" failures="1" time="1.200">
            <testcase classname="a.md" name="One" time="0.000"/>
            <testcase classname="a.md" name="Two &#38; three" time="0.000">
              <failure message="a.md:3:1: `x` prints &#34;&#60;b&#62;&#34;"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
