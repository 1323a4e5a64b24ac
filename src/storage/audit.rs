//! What instructors did, for whoever has to know later. Nothing here is ever changed.

use jiff::Timestamp;

use super::{
    Storage, StorageError, WorkshopId,
    db::{millis, on, time},
};

/// One thing that an instructor did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub instructor: String,
    /// In which workshop, if in one.
    pub workshop: Option<WorkshopId>,
    /// What, as one word: `signed-in`, `created`, `looked`, `typed`, `pushed`, …
    pub action: String,
    /// To whom or what; may be empty.
    pub about: String,
}

impl Storage {
    /// Writes down what an instructor did.
    ///
    /// # Errors
    /// The database.
    pub async fn record(&self, deed: &Deed) -> Result<(), StorageError> {
        let sql = "INSERT INTO audit (id, at, instructor, workshop, action, about) VALUES ($1, $2, $3, $4, $5, $6)";
        // Ids that grow with time keep the order of what happened in the same millisecond.
        let id = uuid::Uuid::now_v7().to_string();
        let workshop = deed.workshop.as_ref().map(WorkshopId::as_str);
        on!(&self.0, pool => {
            sqlx::query(sql)
                .bind(id).bind(millis(deed.at)).bind(&deed.instructor).bind(workshop)
                .bind(&deed.action).bind(&deed.about)
                .execute(pool).await.map(drop)
        })?;
        Ok(())
    }

    /// What was done in a workshop, oldest first, and when its instructor signed in and out since it was made.
    ///
    /// # Errors
    /// The database.
    pub async fn deeds(&self, workshop: &WorkshopId) -> Result<Vec<Deed>, StorageError> {
        let sql = "SELECT at, instructor, workshop, action, about FROM audit WHERE workshop = $1 OR (workshop IS NULL \
                   AND instructor = (SELECT instructor FROM workshops WHERE id = $1) \
                   AND at >= (SELECT created FROM workshops WHERE id = $1)) ORDER BY at, id";
        type Row = (i64, String, Option<String>, String, String);
        let rows = on!(&self.0, pool => sqlx::query_as::<_, Row>(sql).bind(workshop.as_str()).fetch_all(pool).await)?;
        let deed = |(at, instructor, workshop, action, about): Row| Deed {
            at: time(at),
            instructor,
            workshop: workshop.map(WorkshopId::new),
            action,
            about,
        };
        Ok(rows.into_iter().map(deed).collect())
    }
}
