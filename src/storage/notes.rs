//! What instructors told their learners, so that a reload and a restart show it again.

use jiff::Timestamp;

use super::{
    LearnerId, Storage, StorageError, WorkshopId,
    db::{millis, on, time},
};

/// A message of an instructor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Grows with time.
    pub id: String,
    /// To whom; `None` is everybody.
    pub learner: Option<LearnerId>,
    /// When.
    pub at: Timestamp,
    /// The message.
    pub text: String,
    /// A command that the learner may run with one press; may be empty.
    pub command: String,
}

impl Storage {
    /// Keeps a message.
    ///
    /// # Errors
    /// The database; also when there is no such workshop or learner.
    pub async fn add_note(&self, workshop: &WorkshopId, note: &Note) -> Result<(), StorageError> {
        let sql = "INSERT INTO notes (id, workshop, learner, at, text, command) VALUES ($1, $2, $3, $4, $5, $6)";
        let learner = note.learner.as_ref().map(LearnerId::as_str);
        on!(&self.0, pool => {
            sqlx::query(sql)
                .bind(&note.id).bind(workshop.as_str()).bind(learner).bind(millis(note.at))
                .bind(&note.text).bind(&note.command)
                .execute(pool).await.map(drop)
        })?;
        Ok(())
    }

    /// A workshop's messages, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn notes(&self, workshop: &WorkshopId) -> Result<Vec<Note>, StorageError> {
        let sql = "SELECT id, learner, at, text, command FROM notes WHERE workshop = $1 ORDER BY at, id";
        type Row = (String, Option<String>, i64, String, String);
        let rows = on!(&self.0, pool => sqlx::query_as::<_, Row>(sql).bind(workshop.as_str()).fetch_all(pool).await)?;
        let note = |(id, learner, at, text, command): Row| Note {
            id,
            learner: learner.map(LearnerId::new),
            at: time(at),
            text,
            command,
        };
        Ok(rows.into_iter().map(note).collect())
    }
}
