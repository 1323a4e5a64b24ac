//! The two databases behind one name, and the two ways in which time is written.

use jiff::Timestamp;
use sqlx::{PgPool, SqlitePool};

/// One of them. Clones share the connections.
#[derive(Clone)]
pub(super) enum Db {
    /// In a file of ours.
    Sqlite(SqlitePool),
    /// Somebody's server.
    Postgres(PgPool),
}

impl Db {
    /// For people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

/// The same expression on whichever database it is: its types differ, its text does not.
macro_rules! on {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            crate::storage::db::Db::Sqlite($pool) => $body,
            crate::storage::db::Db::Postgres($pool) => $body,
        }
    };
}
pub(super) use on;

/// A time as it is stored.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A stored time; one that no calendar knows, which we never wrote, is the epoch.
pub(super) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A count as it is stored.
pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A stored count.
pub(super) fn uncount(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
