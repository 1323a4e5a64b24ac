//! Migrations meet tables with something in them, as they do in life.

use super::{super::migrations::ALL, *};

/// What there is before a migration: one file of statements for each, put in after it has been applied.
const DATA: &[&str] =
    &[include_str!("0001.sql"), include_str!("0002.sql"), include_str!("0003.sql"), include_str!("0004.sql")];

async fn migrate_step_by_step(db: Db) -> Storage {
    assert_eq!(DATA.len(), ALL.len(), "each migration needs data that the following ones meet");
    for ((version, ..), data) in ALL.iter().zip(DATA) {
        db::on!(&db, pool => {
            crate::storage::migrations::migrator().run_to(*version, pool).await.unwrap();
            sqlx::raw_sql(*data).execute(pool).await.unwrap();
        });
    }
    Storage(db)
}

async fn nothing_is_lost(storage: Storage) {
    let ada = LearnerId::new("ada");
    assert_eq!(storage.learner_of_device(&KeyHash::of("cookie")).await.unwrap().unwrap().id, ada);
    assert_eq!(storage.files(&ada).await.unwrap()[0].text.as_deref(), Some("kind: Pod"));
    assert_eq!(storage.kube_salt(&ada).await.unwrap(), "salt");
    assert_eq!(storage.progress(&ada).await.unwrap()[0].attempts, 3);
    assert!(storage.session(&ada).await.unwrap().unwrap().orderly);
    assert_eq!(storage.frames(&ada).await.unwrap().len(), 2);
    let workshop = storage.workshop_by_code("KX47PMQ").await.unwrap().unwrap();
    assert_eq!(workshop.plan.lessons, ["first-pod", "manifests"]);
    assert_eq!(workshop.hold, None);
    assert_eq!(storage.members(&workshop.id).await.unwrap()[0].name, "Ada");
    assert_eq!(storage.notes(&workshop.id).await.unwrap()[0].text, "Look at line 3.");
    assert_eq!(storage.deeds(&workshop.id).await.unwrap()[0].action, "created");
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let db = connect(&Location::File(folder.path().join("podyard.db"))).await.unwrap();
    nothing_is_lost(migrate_step_by_step(db).await).await;
}

#[tokio::test]
async fn on_postgresql() {
    let db = connect(&Location::Postgres(postgres::new_database())).await.unwrap();
    nothing_is_lost(migrate_step_by_step(db).await).await;
}

#[tokio::test]
async fn a_database_of_a_newer_podyard_is_left_alone() {
    let (storage, _folder) = sqlite().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', TRUE, x'00', 0)";
    db::on!(&storage.0, pool => sqlx::query(newer).execute(pool).await.map(drop)).unwrap();
    let error = crate::storage::migrations::run(&storage.0).await.unwrap_err().to_string();
    assert!(error.contains("9999"), "{error}");
}
