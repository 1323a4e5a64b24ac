//! Learners' files: those of the editor that differ from the lesson's, and those that commands made.

use super::{LearnerId, Storage, StorageError, db::on};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// The lesson on whose desk it lies.
    pub lesson: String,
    /// `10-pod.yaml`
    pub name: String,
    /// Its text; `None` when the learner has removed a file of the lesson's.
    pub text: Option<String>,
}

pub(super) const SAVE: &str = "\
    INSERT INTO files (learner, lesson, name, text) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (learner, lesson, name) DO UPDATE SET text = excluded.text";

impl Storage {
    /// All files of a learner, by lesson and name.
    ///
    /// # Errors
    /// The database.
    pub async fn files(&self, learner: &LearnerId) -> Result<Vec<StoredFile>, StorageError> {
        let sql = "SELECT lesson, name, text FROM files WHERE learner = $1 ORDER BY lesson, name";
        type Row = (String, String, Option<String>);
        let rows = on!(&self.0, pool => sqlx::query_as::<_, Row>(sql).bind(learner.as_str()).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(lesson, name, text)| StoredFile { lesson, name, text }).collect())
    }
}
