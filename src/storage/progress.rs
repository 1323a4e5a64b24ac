//! How far learners are: a row for every step that somebody has looked at.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    LearnerId, Storage, StorageError,
    db::{millis, on, time, uncount},
};

/// One learner and one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepProgress {
    /// The lesson's id.
    pub lesson: String,
    /// The step's id.
    pub step: String,
    /// When it was first looked at.
    pub opened: Timestamp,
    /// When it was last worked on: the newest of all is where to go on.
    pub visited: Timestamp,
    /// When it was done; stays, whatever comes after.
    pub done: Option<Timestamp>,
    /// How many commands were run for it, and manifests applied.
    pub attempts: u64,
    /// How long it was worked on, without pauses.
    pub spent: Duration,
}

type Row = (String, String, i64, i64, Option<i64>, i64, i64);

impl From<Row> for StepProgress {
    fn from((lesson, step, opened, visited, done, attempts, spent): Row) -> Self {
        Self {
            lesson,
            step,
            opened: time(opened),
            visited: time(visited),
            done: done.map(time),
            attempts: uncount(attempts),
            spent: Duration::from_millis(uncount(spent)),
        }
    }
}

/// Stores a step; one that is done stays done since it was done first.
pub(super) const SAVE: &str = "\
    INSERT INTO progress (learner, lesson, step, opened, visited, done, attempts, spent) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
    ON CONFLICT (learner, lesson, step) DO UPDATE SET visited = excluded.visited, \
    done = COALESCE(progress.done, excluded.done), attempts = excluded.attempts, spent = excluded.spent";

impl Storage {
    /// Everything that a learner has looked at, in the order in which they did.
    ///
    /// # Errors
    /// The database.
    pub async fn progress(&self, learner: &LearnerId) -> Result<Vec<StepProgress>, StorageError> {
        let sql = "SELECT lesson, step, opened, visited, done, attempts, spent FROM progress \
                   WHERE learner = $1 ORDER BY opened, lesson, step";
        let rows = on!(&self.0, pool => sqlx::query_as::<_, Row>(sql).bind(learner.as_str()).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(StepProgress::from).collect())
    }

    /// How far everybody in a workshop is, by learner.
    ///
    /// # Errors
    /// The database.
    pub async fn workshop_progress(
        &self,
        workshop: &super::WorkshopId,
    ) -> Result<Vec<(LearnerId, StepProgress)>, StorageError> {
        let sql = "SELECT p.learner, p.lesson, p.step, p.opened, p.visited, p.done, p.attempts, p.spent \
                   FROM progress p JOIN members m ON m.learner = p.learner \
                   WHERE m.workshop = $1 ORDER BY p.learner, p.opened, p.lesson, p.step";
        type Whose = (String, String, String, i64, i64, Option<i64>, i64, i64);
        let rows = on!(&self.0, pool => sqlx::query_as::<_, Whose>(sql).bind(workshop.as_str()).fetch_all(pool).await)?;
        let split = |(learner, lesson, step, opened, visited, done, attempts, spent): Whose| {
            (LearnerId::new(learner), (lesson, step, opened, visited, done, attempts, spent).into())
        };
        Ok(rows.into_iter().map(split).collect())
    }
}

impl StepProgress {
    /// The columns after the learner's, in the order of [`SAVE`].
    pub(super) fn times(&self) -> (i64, i64, Option<i64>) {
        (millis(self.opened), millis(self.visited), self.done.map(millis))
    }
}
