//! Sessions as they are taken up again: the newest one of each learner, and what its console showed.

use jiff::Timestamp;

use super::{
    LearnerId, Storage, StorageError,
    db::{count, millis, on, time, uncount},
};

/// A session, without its console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Whose.
    pub learner: LearnerId,
    /// The lesson that was open last; may be empty.
    pub lesson: String,
    /// When it began.
    pub began: Timestamp,
    /// When the learner last did something.
    pub active: Timestamp,
    /// The console's variables, as a JSON object.
    pub variables: String,
    /// Whether it was put away in order: then nothing was shown that is not stored.
    pub orderly: bool,
}

/// One thing that a console showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFrame {
    /// Its number.
    pub seq: u64,
    /// What it was, as JSON.
    pub what: String,
}

type Row = (String, String, i64, i64, String, bool);

impl From<Row> for StoredSession {
    fn from((learner, lesson, began, active, variables, orderly): Row) -> Self {
        let (began, active) = (time(began), time(active));
        Self { learner: LearnerId::new(learner), lesson, began, active, variables, orderly }
    }
}

pub(super) const SAVE: &str = "\
    INSERT INTO sessions (learner, lesson, began, active, variables, orderly) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (learner) DO UPDATE SET lesson = excluded.lesson, began = excluded.began, active = excluded.active, \
    variables = excluded.variables, orderly = excluded.orderly";
pub(super) const ADD_FRAME: &str =
    "INSERT INTO frames (learner, seq, what) VALUES ($1, $2, $3) ON CONFLICT (learner, seq) DO NOTHING";
pub(super) const FORGET_FRAMES: &str = "DELETE FROM frames WHERE learner = $1 AND seq < $2";

impl StoredSession {
    pub(super) fn times(&self) -> (i64, i64) {
        (millis(self.began), millis(self.active))
    }
}

impl Storage {
    /// A learner's session.
    ///
    /// # Errors
    /// The database.
    pub async fn session(&self, learner: &LearnerId) -> Result<Option<StoredSession>, StorageError> {
        let sql = "SELECT learner, lesson, began, active, variables, orderly FROM sessions WHERE learner = $1";
        let row =
            on!(&self.0, pool => sqlx::query_as::<_, Row>(sql).bind(learner.as_str()).fetch_optional(pool).await)?;
        Ok(row.map(StoredSession::from))
    }

    /// Who did something at this time or later.
    ///
    /// # Errors
    /// The database.
    pub async fn active_since(&self, time: Timestamp) -> Result<Vec<LearnerId>, StorageError> {
        let sql = "SELECT learner FROM sessions WHERE active >= $1 ORDER BY learner";
        let rows = on!(&self.0, pool => sqlx::query_as::<_, (String,)>(sql).bind(millis(time)).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(learner,)| LearnerId::new(learner)).collect())
    }

    /// What a learner's console showed, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn frames(&self, learner: &LearnerId) -> Result<Vec<StoredFrame>, StorageError> {
        let sql = "SELECT seq, what FROM frames WHERE learner = $1 ORDER BY seq";
        let rows = on!(
            &self.0,
            pool => sqlx::query_as::<_, (i64, String)>(sql).bind(learner.as_str()).fetch_all(pool).await
        )?;
        Ok(rows.into_iter().map(|(seq, what)| StoredFrame { seq: uncount(seq), what }).collect())
    }

    /// Gives all frames of a console numbers that are higher by `by`, which must be more than there are frames: a page
    /// may have seen numbers that were never stored, and they must not come twice.
    ///
    /// # Errors
    /// The database.
    pub async fn renumber_frames(&self, learner: &LearnerId, by: u64) -> Result<(), StorageError> {
        let sql = "UPDATE frames SET seq = seq + $1 WHERE learner = $2";
        on!(&self.0, pool => sqlx::query(sql).bind(count(by)).bind(learner.as_str()).execute(pool).await.map(drop))?;
        Ok(())
    }
}
