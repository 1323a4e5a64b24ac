//! A database for tests of what uses one.

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::{LearnerId, Saving, Storage, StoredSession, db::Db, migrations};

/// An empty SQLite database in memory: it lives in its one connection.
pub async fn storage() -> Storage {
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
    let db = Db::Sqlite(pool.connect_with(options).await.unwrap());
    migrations::run(&db).await.unwrap();
    Storage(db)
}

/// A session of a learner's, with nothing done in it yet.
pub fn saving(learner: &LearnerId, began: Timestamp, active: Timestamp) -> Saving {
    Saving {
        session: StoredSession {
            learner: learner.clone(),
            lesson: "one".into(),
            began,
            active,
            variables: "{}".into(),
            orderly: false,
        },
        files: Vec::new(),
        restored: Vec::new(),
        frames: Vec::new(),
        oldest_frame: 0,
        progress: Vec::new(),
    }
}
