use super::{seat::SeatRequest, *};
use crate::{lessons::Catalog, storage::KeyHash};

pub(super) async fn storage() -> Storage {
    crate::storage::testing::storage().await
}

pub(super) fn catalog() -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.md"), "---\nid: one\ntitle: One\n---\n\n## Go\n\n## Stay\n").unwrap();
    Catalog::load(folder.path()).unwrap()
}

pub(super) fn plan() -> Plan {
    Plan {
        title: "Pods".into(),
        lessons: vec!["one".into()],
        language: "en".into(),
        capacity: 2,
        prewarm: 0,
        starts: None,
        ends: None,
    }
}

pub(super) async fn learner(storage: &Storage, name: &str) -> LearnerId {
    let id = LearnerId::new(name);
    storage.add_learner(&id, &KeyHash::of(name), Timestamp::now()).await.unwrap();
    id
}

#[tokio::test]
async fn learners_come_in_by_code_and_name_until_it_is_full() {
    let storage = storage().await;
    let workshops = testing::workshops(storage.clone());
    let workshop = workshops.create("ada", plan()).await.unwrap();
    let mut ids = Vec::new();
    for name in ["mira", "tariq", "uma"] {
        ids.push(learner(&storage, name).await);
    }
    let join = |typed: String, name: &'static str, id: LearnerId| {
        let workshops = workshops.clone();
        async move { workshops.join(&typed, name, &id, &catalog()).await.map(drop) }
    };
    let typed = workshop.code.to_lowercase().replace('-', " ");
    assert!(matches!(join("nonsense".into(), "Mira", ids[0].clone()).await, Err(NoEntry::NoSuchCode)));
    assert!(matches!(join(typed.clone(), " \n ", ids[0].clone()).await, Err(NoEntry::NoName)));
    join(typed.clone(), "Mira\tPetrova", ids[0].clone()).await.unwrap();
    join(typed.clone(), "Tariq", ids[1].clone()).await.unwrap();
    join(typed.clone(), "Mira", ids[0].clone()).await.unwrap();
    assert!(matches!(join(typed.clone(), "Uma", ids[2].clone()).await, Err(NoEntry::Full(2))));
    let room = workshops.owned("ada", &workshop.id, &catalog()).await.unwrap();
    let wall = room.wall(workshops.now());
    assert_eq!(wall.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["Mira", "Tariq"]);
    workshops.set_state(&room, WorkshopState::Closed).await.unwrap();
    assert!(matches!(join(typed.clone(), "Uma", ids[2].clone()).await, Err(NoEntry::Closed)));
    join(typed, "Mira", ids[0].clone()).await.unwrap();
}

#[tokio::test]
async fn an_instructor_has_only_their_own_workshops() {
    let workshops = testing::workshops(storage().await);
    let workshop = workshops.create("ada", plan()).await.unwrap();
    assert!(matches!(workshops.owned("grace", &workshop.id, &catalog()).await, Err(Refused::NotYours)));
    assert!(matches!(workshops.owned("ada", &WorkshopId::new("x"), &catalog()).await, Err(Refused::NotYours)));
    assert_eq!(workshops.of("grace").await.unwrap(), []);
}

#[tokio::test]
async fn nothing_of_a_learner_is_seen_before_they_allow_it() {
    let storage = storage().await;
    let workshops = testing::workshops(storage.clone());
    let workshop = workshops.create("ada", plan()).await.unwrap();
    let mira = learner(&storage, "mira").await;
    let room = workshops.join(&workshop.code, "Mira", &mira, &catalog()).await.unwrap();
    assert!(matches!(workshops.look(&room, &mira).await, Err(Refused::NotAllowed(name)) if name == "Mira"));
    workshops.ask(&room, &mira, Sharing::Look).await;
    let mut view = room.view(&mira).unwrap();
    assert_eq!(view.borrow_and_update().asks, Some(Sharing::Look));
    let seat = Seat { workshops: workshops.clone(), room: room.clone(), learner: mira.clone(), view };
    seat.act(SeatRequest::Share { level: Sharing::Look }).await.unwrap();
    let look = workshops.look(&room, &mira).await.unwrap();
    let shown = room.view(&mira).unwrap().borrow().clone();
    assert_eq!((shown.asks, shown.shares, shown.watched), (None, Sharing::Look, true));
    assert!(workshops.hands_on(&room, &mira, "kubectl get pods").await.is_err(), "looking is not typing");
    drop(look);
    assert!(!room.view(&mira).unwrap().borrow().watched);
    seat.act(SeatRequest::Share { level: Sharing::Nothing }).await.unwrap();
    assert!(workshops.look(&room, &mira).await.is_err());
}

#[tokio::test]
async fn what_an_instructor_does_outlives_a_restart_and_is_written_down() {
    let storage = storage().await;
    let workshops = testing::workshops(storage.clone());
    let workshop = workshops.create("ada", plan()).await.unwrap();
    let mira = learner(&storage, "mira").await;
    let room = workshops.join(&workshop.code, "Mira", &mira, &catalog()).await.unwrap();
    workshops.hold(&room, Some(("one".into(), "go".into()))).await.unwrap();
    assert!(workshops.hold(&room, Some(("one".into(), "gone".into()))).await.is_err());
    workshops.tell(&room, None, "Hello <b>all</b>", "").await.unwrap();
    workshops.tell(&room, Some(mira.clone()), "", "kubectl get pods").await.unwrap();
    assert!(workshops.tell(&room, None, " ", "").await.is_err());
    workshops.lower(&room, &mira).await.unwrap();
    workshops.set_state(&room, WorkshopState::Paused).await.unwrap();
    assert_eq!(room.refuses(None), Some(hold::Waits::Paused));

    let after = testing::workshops(storage.clone());
    let room = after.owned("ada", &workshop.id, &catalog()).await.unwrap();
    let view = room.view(&mira).unwrap().borrow().clone();
    assert!(view.paused);
    assert_eq!(view.hold.map(|hold| hold.title).as_deref(), Some("Go"));
    assert_eq!(view.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>(), ["Hello <b>all</b>", ""]);
    let audit = after.audit(&room).await.unwrap();
    let deeds: Vec<_> =
        audit.iter().map(|entry| (entry.action.as_str(), entry.name.as_deref().unwrap_or("-"))).collect();
    let expected =
        [("created", "-"), ("held", "-"), ("told", "-"), ("pushed", "Mira"), ("lowered", "Mira"), ("paused", "-")];
    assert_eq!(deeds, expected);
}

#[tokio::test]
async fn who_had_themselves_deleted_is_on_no_wall() {
    let storage = storage().await;
    let workshops = testing::workshops(storage.clone());
    let workshop = workshops.create("ada", plan()).await.unwrap();
    let (mira, tariq) = (learner(&storage, "mira").await, learner(&storage, "tariq").await);
    let room = workshops.join(&workshop.code, "Mira", &mira, &catalog()).await.unwrap();
    workshops.join(&workshop.code, "Tariq", &tariq, &catalog()).await.unwrap();
    workshops.tell(&room, Some(mira.clone()), "for Mira only", "").await.unwrap();
    storage.forget_learner(&mira).await.unwrap();
    workshops.forget(&mira).await;
    let names: Vec<String> = room.wall(workshops.now()).rows.into_iter().map(|row| row.name).collect();
    assert_eq!(
        (names, room.name(&mira), room.name(&tariq)),
        (vec!["Tariq".to_owned()], None, Some("Tariq".to_owned()))
    );
    room.set_hand(&tariq, Some(workshops.now()), "after Mira");
    assert_eq!(room.wall(workshops.now()).hands.len(), 1, "those who came later are found where they stand now");
}

#[tokio::test]
async fn what_is_over_stays_over() {
    let workshops = testing::workshops(storage().await);
    let workshop = workshops.create("ada", plan()).await.unwrap();
    let room = workshops.owned("ada", &workshop.id, &catalog()).await.unwrap();
    workshops.set_state(&room, WorkshopState::Ended).await.unwrap();
    assert!(workshops.set_state(&room, WorkshopState::Open).await.is_err());
}

#[test]
fn plans_that_cannot_be_are_refused_in_words() {
    let wrong = |change: fn(&mut Plan)| {
        let mut plan = plan();
        change(&mut plan);
        check(&plan).unwrap_err()
    };
    assert_eq!(wrong(|plan| plan.title.clear()), PlanMistake::Title);
    assert_eq!(wrong(|plan| plan.lessons.clear()), PlanMistake::NoLessons);
    assert_eq!(wrong(|plan| plan.capacity = 0), PlanMistake::Capacity);
    assert_eq!(wrong(|plan| plan.prewarm = 3), PlanMistake::Prewarm);
    let backwards = |plan: &mut Plan| (plan.starts, plan.ends) = (Some(Timestamp::MAX), Some(Timestamp::MIN));
    assert_eq!(wrong(backwards), PlanMistake::EndsFirst);
}
