//! What a learner's session has to store, and storing that of many in one transaction.

use super::{
    LearnerId, StepProgress, Storage, StorageError, StoredFile, StoredFrame, StoredSession,
    db::{count, on},
    files, progress, sessions,
};

/// What changed in one session since it was last stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saving {
    /// The session itself; its learner must be known.
    pub session: StoredSession,
    /// Files that changed; those that are the lesson's again are in `restored`.
    pub files: Vec<StoredFile>,
    /// Files that need no longer be kept, as lesson and name.
    pub restored: Vec<(String, String)>,
    /// New frames of the console.
    pub frames: Vec<StoredFrame>,
    /// Frames before this number are no longer shown.
    pub oldest_frame: u64,
    /// Steps that were worked on.
    pub progress: Vec<StepProgress>,
}

impl Saving {
    /// Whose it is.
    pub fn learner(&self) -> &LearnerId {
        &self.session.learner
    }
}

impl Storage {
    /// Stores all of it, or nothing. Learners who have been forgotten meanwhile are passed over.
    ///
    /// # Errors
    /// The database.
    pub async fn save(&self, savings: &[Saving]) -> Result<(), StorageError> {
        // The first statement writes, so that SQLite makes this the one writer from the start.
        const LOCK: &str = "UPDATE learners SET since = since WHERE id = $1";
        on!(&self.0, pool => {
            let mut all = pool.begin().await?;
            for saving in savings {
                let learner = saving.learner().as_str();
                if sqlx::query(LOCK).bind(learner).execute(&mut *all).await?.rows_affected() == 0 {
                    continue;
                }
                let StoredSession { lesson, variables, orderly, .. } = &saving.session;
                let (began, active) = saving.session.times();
                sqlx::query(sessions::SAVE)
                    .bind(learner).bind(lesson).bind(began).bind(active).bind(variables).bind(*orderly)
                    .execute(&mut *all).await?;
                for StoredFile { lesson, name, text } in &saving.files {
                    // PostgreSQL has no NUL in texts, and no manifest has one.
                    let text = text.as_ref().map(|text| text.replace('\0', "\u{fffd}"));
                    sqlx::query(files::SAVE)
                        .bind(learner).bind(lesson).bind(name).bind(text)
                        .execute(&mut *all).await?;
                }
                for (lesson, name) in &saving.restored {
                    sqlx::query("DELETE FROM files WHERE learner = $1 AND lesson = $2 AND name = $3")
                        .bind(learner).bind(lesson).bind(name)
                        .execute(&mut *all).await?;
                }
                for StoredFrame { seq, what } in &saving.frames {
                    sqlx::query(sessions::ADD_FRAME)
                        .bind(learner).bind(count(*seq)).bind(what)
                        .execute(&mut *all).await?;
                }
                sqlx::query(sessions::FORGET_FRAMES)
                    .bind(learner).bind(count(saving.oldest_frame))
                    .execute(&mut *all).await?;
                for step in &saving.progress {
                    let (opened, visited, done) = step.times();
                    let spent = i64::try_from(step.spent.as_millis()).unwrap_or(i64::MAX);
                    sqlx::query(progress::SAVE)
                        .bind(learner).bind(&step.lesson).bind(&step.step).bind(opened).bind(visited).bind(done)
                        .bind(count(step.attempts)).bind(spent)
                        .execute(&mut *all).await?;
                }
            }
            all.commit().await?;
        });
        Ok(())
    }
}
