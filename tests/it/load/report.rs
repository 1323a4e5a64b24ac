//! What a run has shown.

use std::time::Duration;

/// The table's head.
pub const HEAD: &str = "\
| learners | database | in and ready | Apply to visible | Apply to Running | Run to first frame | done to wall | memory each | processor each | commands | lost | disconnected |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |";

/// How long things took.
#[derive(Debug, Clone, Default)]
pub struct Times {
    /// From the join form to a sandbox.
    pub ready: Vec<Duration>,
    /// From Apply to the Pod's row.
    pub visible: Vec<Duration>,
    /// From Apply to its `Running`.
    pub running: Vec<Duration>,
    /// From Run to the frame that says that it has begun.
    pub frame: Vec<Duration>,
    /// From the learner's page being told of a step that is done to the instructor's.
    pub wall: Vec<Duration>,
}

impl Times {
    /// Takes over another's.
    pub fn add(&mut self, other: Self) {
        let Self { ready, visible, running, frame, wall } = other;
        self.ready.extend(ready);
        self.visible.extend(visible);
        self.running.extend(running);
        self.frame.extend(frame);
        self.wall.extend(wall);
    }
}

/// One run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub learners: usize,
    pub database: &'static str,
    pub times: Times,
    /// MiB for each learner.
    pub memory: f64,
    /// Of one processor, for each learner.
    pub processor: f64,
    pub commands: usize,
    /// What was shown once and was not there later, as sentences.
    pub lost: Vec<String>,
    /// How often a page lost its connection, the restart apart.
    pub disconnected: usize,
}

impl Report {
    /// Its row of the table.
    pub fn row(&self) -> String {
        let Times { ready, visible, running, frame, wall } = &self.times;
        let times = [ready, visible, running, frame, wall].map(|times| spread(times));
        format!(
            "| {} | {} | {} | {:.1} MiB | {:.1} % | {} | {} | {} |",
            self.learners,
            self.database,
            times.join(" | "),
            self.memory,
            self.processor * 100.0,
            self.commands,
            self.lost.len(),
            self.disconnected
        )
    }

    /// The same for who watches, with what was lost.
    pub fn told(&self) -> String {
        format!("{}\n{}\n{}", HEAD, self.row(), self.lost.iter().take(20).cloned().collect::<Vec<_>>().join("\n"))
    }
}

/// The median, what 99 of 100 are within, and the longest, in milliseconds.
fn spread(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort();
    let at = |part: f64| sorted.get(((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1)));
    let shown = [0.5, 0.99, 1.0].map(|part| at(part).map_or("-".to_owned(), |time| time.as_millis().to_string()));
    format!("{} ms", shown.join(" / "))
}

#[test]
fn a_spread_is_the_median_the_hundredth_and_the_longest() {
    let times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
    assert_eq!(spread(&times), "101 / 199 / 200 ms");
    assert_eq!(spread(&[]), "- / - / - ms");
}
