//! What outlives a start: learners, their progress and files, sessions, workshops, and what instructors did.
//!
//! SQLite in the data directory, or PostgreSQL by URL: two typed pools behind one enum, and one SQL text that both read.
//! Times are milliseconds since the epoch, lists are JSON; secrets that let somebody in are stored as digests only.
//! What holds here is said by `tests`, a contract that both databases are held to.

mod audit;
mod db;
mod files;
mod keys;
mod learners;
mod migrations;
mod notes;
mod progress;
mod saving;
mod sessions;
mod workshops;

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

use std::{fmt, path::PathBuf, time::Duration};

use sqlx::{
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use self::db::Db;
pub use self::{
    audit::Deed,
    files::StoredFile,
    keys::{KeyHash, LearnerId, WorkshopId},
    learners::Learner,
    notes::Note,
    progress::StepProgress,
    saving::Saving,
    sessions::{StoredFrame, StoredSession},
    workshops::{Member, Plan, Workshop, WorkshopState},
};

/// How many connections there are to one database: SQLite has one writer at a time, whoever waits.
const CONNECTIONS: u32 = 8;
/// How long a writer waits for another one, and how long anybody for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which database.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// SQLite in this file; it is made when it is missing.
    File(PathBuf),
    /// PostgreSQL: `postgres://user:password@host/database`.
    Postgres(String),
}

/// Without the password.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

/// Why something could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database can't be opened.
    #[error("the database {name} can't be opened: {source}")]
    Open {
        /// A file, or the word PostgreSQL.
        name: String,
        /// Why.
        source: sqlx::Error,
    },
    /// Its tables can't be brought up to date.
    #[error("the database's tables can't be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("the database does not do what it is asked: {0}")]
    Query(#[from] sqlx::Error),
    /// Something in the database is not what we put there.
    #[error("{what} in the database can't be read: {source}")]
    Unreadable {
        /// Which value.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
}

/// The database. Clones share its connections.
#[derive(Clone)]
pub struct Storage(Db);

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Storage").field(&self.0.name()).finish()
    }
}

impl Storage {
    /// Opens it and brings its tables up to date.
    ///
    /// # Errors
    /// When it can't be reached, or was written by a newer Podyard.
    pub async fn open(location: &Location) -> Result<Self, StorageError> {
        let db = connect(location).await?;
        migrations::run(&db).await?;
        Ok(Self(db))
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StorageError> {
        db::on!(&self.0, pool => sqlx::query("SELECT 1").execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Whether other servers may be using it too.
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Db::Postgres(_))
    }

    /// Ends all connections; SQLite's log is written into its file.
    pub async fn close(&self) {
        db::on!(&self.0, pool => pool.close().await);
    }
}

async fn connect(location: &Location) -> Result<Db, StorageError> {
    let open = |name: String| move |source| StorageError::Open { name, source };
    match location {
        Location::File(path) => {
            // What is committed survives the end of the program; only a power cut may take the newest transactions.
            let options = SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .foreign_keys(true)
                .busy_timeout(PATIENCE);
            let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
            let pool = pool.connect_with(options).await.map_err(open(path.display().to_string()))?;
            Ok(Db::Sqlite(pool))
        }
        Location::Postgres(url) => {
            let open = open("PostgreSQL".to_owned());
            let options: PgConnectOptions = match url.parse() {
                Ok(options) => options,
                Err(source) => return Err(open(source)),
            };
            let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
            Ok(Db::Postgres(pool.connect_with(options).await.map_err(open)?))
        }
    }
}
