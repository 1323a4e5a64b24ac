//! Who learns here: nobody has to say their name, so a learner is whoever has one of their devices' cookies.

use jiff::Timestamp;

use super::{
    KeyHash, LearnerId, Storage, StorageError,
    db::{millis, on, time},
};

/// One learner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learner {
    /// Who.
    pub id: LearnerId,
    /// As they gave it; may be empty, and is never to be trusted as HTML.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
}

type Row = (String, String, i64);

impl From<Row> for Learner {
    fn from((id, name, since): Row) -> Self {
        Self { id: LearnerId::new(id), name, since: time(since) }
    }
}

impl Storage {
    /// A learner who comes for the first time, with the digest of their device's cookie. Once more is no error.
    ///
    /// # Errors
    /// The database.
    pub async fn add_learner(&self, id: &LearnerId, device: &KeyHash, now: Timestamp) -> Result<(), StorageError> {
        on!(&self.0, pool => {
            let mut all = pool.begin().await?;
            sqlx::query("INSERT INTO learners (id, name, since) VALUES ($1, '', $2) ON CONFLICT (id) DO NOTHING")
                .bind(id.as_str())
                .bind(millis(now))
                .execute(&mut *all)
                .await?;
            sqlx::query("INSERT INTO devices (key, learner, since) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING")
                .bind(device.as_str())
                .bind(id.as_str())
                .bind(millis(now))
                .execute(&mut *all)
                .await?;
            all.commit().await?;
        });
        Ok(())
    }

    /// Another device of a learner who is known.
    ///
    /// # Errors
    /// The database; also when there is no such learner.
    pub async fn add_device(&self, id: &LearnerId, device: &KeyHash, now: Timestamp) -> Result<(), StorageError> {
        let sql = "INSERT INTO devices (key, learner, since) VALUES ($1, $2, $3) \
                   ON CONFLICT (key) DO UPDATE SET learner = excluded.learner";
        let (key, id, now) = (device.as_str(), id.as_str(), millis(now));
        on!(&self.0, pool => sqlx::query(sql).bind(key).bind(id).bind(now).execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Whose device has a cookie with this digest.
    ///
    /// # Errors
    /// The database.
    pub async fn learner_of_device(&self, device: &KeyHash) -> Result<Option<Learner>, StorageError> {
        let sql = "SELECT l.id, l.name, l.since FROM learners l JOIN devices d ON d.learner = l.id WHERE d.key = $1";
        self.one_learner(sql, device.as_str()).await
    }

    /// Who comes back with the code that has this digest.
    ///
    /// # Errors
    /// The database.
    pub async fn learner_of_code(&self, code: &KeyHash) -> Result<Option<Learner>, StorageError> {
        self.one_learner("SELECT id, name, since FROM learners WHERE return_key = $1", code.as_str()).await
    }

    /// A learner.
    ///
    /// # Errors
    /// The database.
    pub async fn learner(&self, id: &LearnerId) -> Result<Option<Learner>, StorageError> {
        self.one_learner("SELECT id, name, since FROM learners WHERE id = $1", id.as_str()).await
    }

    async fn one_learner(&self, sql: &'static str, key: &str) -> Result<Option<Learner>, StorageError> {
        let found = on!(&self.0, pool => sqlx::query_as::<_, Row>(sql).bind(key).fetch_optional(pool).await)?;
        Ok(found.map(Learner::from))
    }

    /// With which code a learner comes back; the one before no longer holds.
    ///
    /// # Errors
    /// The database.
    pub async fn set_return_code(&self, id: &LearnerId, code: &KeyHash) -> Result<(), StorageError> {
        self.update_learner("UPDATE learners SET return_key = $1 WHERE id = $2", code.as_str(), id).await
    }

    /// What the address of a learner's own kubectl is made from; empty for the first.
    ///
    /// # Errors
    /// The database.
    pub async fn kube_salt(&self, id: &LearnerId) -> Result<String, StorageError> {
        let sql = "SELECT kube_salt FROM learners WHERE id = $1";
        let found = on!(
            &self.0,
            pool => sqlx::query_as::<_, (String,)>(sql).bind(id.as_str()).fetch_optional(pool).await
        )?;
        Ok(found.map(|(salt,)| salt).unwrap_or_default())
    }

    /// Gives a learner's own kubectl another address.
    ///
    /// # Errors
    /// The database.
    pub async fn set_kube_salt(&self, id: &LearnerId, salt: &str) -> Result<(), StorageError> {
        self.update_learner("UPDATE learners SET kube_salt = $1 WHERE id = $2", salt, id).await
    }

    /// What a learner wants to be called.
    ///
    /// # Errors
    /// The database.
    pub async fn name_learner(&self, id: &LearnerId, name: &str) -> Result<(), StorageError> {
        self.update_learner("UPDATE learners SET name = $1 WHERE id = $2", name, id).await
    }

    async fn update_learner(&self, sql: &'static str, value: &str, id: &LearnerId) -> Result<(), StorageError> {
        on!(&self.0, pool => sqlx::query(sql).bind(value).bind(id.as_str()).execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Forgets a learner and everything that is kept about them.
    ///
    /// # Errors
    /// The database.
    pub async fn forget_learner(&self, id: &LearnerId) -> Result<(), StorageError> {
        let sql = "DELETE FROM learners WHERE id = $1";
        on!(&self.0, pool => sqlx::query(sql).bind(id.as_str()).execute(pool).await.map(drop))?;
        Ok(())
    }
}
