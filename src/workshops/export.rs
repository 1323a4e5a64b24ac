//! A workshop's results for a spreadsheet or a program.

use serde::Serialize;

use super::{audit::Entry, parts::Part};
use crate::storage::{Member, StepProgress, Workshop};

/// One learner and one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Result {
    /// The learner's id: names may be the same.
    pub learner: String,
    /// Their name.
    pub name: String,
    /// The lesson's id.
    pub lesson: String,
    /// The step's id.
    pub step: String,
    /// When it was first looked at.
    pub opened: Option<String>,
    /// When it was done.
    pub done: Option<String>,
    /// Commands run for it.
    pub attempts: u64,
    /// Seconds worked on it.
    pub seconds: u64,
}

/// A row for each learner and step, also for those that were not begun.
pub fn results(parts: &[Part], everybody: &[(Member, Vec<StepProgress>)]) -> Vec<Result> {
    let mut results = Vec::new();
    for (member, progress) in everybody {
        for part in parts {
            for (step, _) in &part.steps {
                let found = progress.iter().find(|known| known.lesson == part.id && known.step == *step);
                results.push(Result {
                    learner: member.learner.to_string(),
                    name: member.name.clone(),
                    lesson: part.id.clone(),
                    step: step.clone(),
                    opened: found.map(|step| step.opened.to_string()),
                    done: found.and_then(|step| step.done).map(|done| done.to_string()),
                    attempts: found.map_or(0, |step| step.attempts),
                    seconds: found.map_or(0, |step| step.spent.as_secs()),
                });
            }
        }
    }
    results
}

/// As JSON, with what the workshop was and what its instructor did.
pub fn json(workshop: &Workshop, results: &[Result], audit: &[Entry]) -> serde_json::Value {
    serde_json::json!({
        "title": workshop.plan.title,
        "instructor": workshop.instructor,
        "created": workshop.created.to_string(),
        "state": workshop.state.as_str(),
        "results": results,
        "audit": audit,
    })
}

/// As CSV (RFC 4180).
pub fn csv(results: &[Result]) -> String {
    let mut text = "learner,name,lesson,step,opened,done,attempts,seconds\r\n".to_owned();
    for row in results {
        let (opened, done) = (row.opened.as_deref().unwrap_or_default(), row.done.as_deref().unwrap_or_default());
        let (attempts, seconds) = (row.attempts.to_string(), row.seconds.to_string());
        let cells = [&row.learner, &row.name, &row.lesson, &row.step, opened, done, &attempts, &seconds];
        text.push_str(&cells.map(cell).join(","));
        text.push_str("\r\n");
    }
    text
}

/// One cell. A text that a spreadsheet would take for a formula is one no longer.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::storage::LearnerId;

    #[test]
    fn every_learner_has_a_row_for_every_step_and_no_name_is_a_formula() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let steps = ["a", "b"].map(|id| (id.to_owned(), id.to_uppercase())).to_vec();
        let parts = [Part { id: "one".into(), title: "One".into(), steps }];
        let member = Member {
            learner: LearnerId::new("l1"),
            name: "=cmd(\"x\"), Ada".into(),
            joined: at(0),
            hand: None,
            question: String::new(),
            shares: false,
        };
        let step = StepProgress {
            lesson: "one".into(),
            step: "a".into(),
            opened: at(60),
            visited: at(90),
            done: Some(at(90)),
            attempts: 2,
            spent: Duration::from_secs(30),
        };
        insta::assert_snapshot!(csv(&results(&parts, &[(member, vec![step])])).replace("\r\n", "\n"), @r#"
        learner,name,lesson,step,opened,done,attempts,seconds
        l1,"'=cmd(""x""), Ada",one,a,1970-01-01T00:01:00Z,1970-01-01T00:01:30Z,2,30
        l1,"'=cmd(""x""), Ada",one,b,,,0,0
        "#);
    }
}
