//! The contract: what holds on SQLite and on PostgreSQL alike.

mod contract;
mod migrations;
pub mod postgres;

use super::*;

/// An empty SQLite database; its folder must be kept.
async fn sqlite() -> (Storage, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::open(&Location::File(folder.path().join("podyard.db"))).await.unwrap();
    (storage, folder)
}

#[test]
fn a_password_is_not_shown() {
    let shown = format!("{:?}", Location::Postgres("postgres://ada:secret@db/podyard".into()));
    assert_eq!(shown, "Postgres(…)");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    let error = Storage::open(&Location::File("/nowhere/at/all/podyard.db".into())).await.unwrap_err().to_string();
    assert!(error.starts_with("the database /nowhere/at/all/podyard.db can't be opened: "), "{error}");
    let error = Storage::open(&Location::Postgres("mysql://x".into())).await.unwrap_err().to_string();
    assert!(error.starts_with("the database PostgreSQL can't be opened: "), "{error}");
}
