//! How the tables came to be what they are. A migration that has been released is never changed: a new one follows it.

use sqlx::{
    SqlSafeStr as _,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::db::{Db, on};

/// Version, name, statements. Both databases read the same text.
pub(super) const ALL: &[(i64, &str, &str)] = &[
    (1, "learners", include_str!("migrations/0001_learners.sql")),
    (2, "workshops", include_str!("migrations/0002_workshops.sql")),
    (3, "notes", include_str!("migrations/0003_notes.sql")),
    (4, "kube", include_str!("migrations/0004_kube.sql")),
];

/// Applies what is missing.
pub(super) async fn run(db: &Db) -> Result<(), MigrateError> {
    on!(db, pool => migrator().run(pool).await)
}

pub(super) fn migrator() -> Migrator {
    let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, (*sql).into_sql_str(), false)
    };
    Migrator::with_migrations(ALL.iter().map(migration).collect())
}
