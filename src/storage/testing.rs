//! A database for tests of what uses one.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::{Storage, db::Db, migrations};

/// An empty SQLite database in memory: it lives in its one connection.
pub async fn storage() -> Storage {
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
    let db = Db::Sqlite(pool.connect_with(options).await.unwrap());
    migrations::run(&db).await.unwrap();
    Storage(db)
}
