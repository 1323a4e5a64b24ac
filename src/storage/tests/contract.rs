use jiff::Timestamp;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

/// Runs each contract on both databases.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                let (storage, _folder) = super::sqlite().await;
                super::$name(storage).await;
            })*
        }
        mod on_postgresql {
            $(#[tokio::test]
            async fn $name() {
                let location = super::Location::Postgres(super::postgres::new_database());
                super::$name(super::Storage::open(&location).await.unwrap()).await;
            })*
        }
    };
}

on_both! {
    learners_are_known_by_their_devices_and_by_their_code
    a_session_is_stored_piece_by_piece_and_read_back
    frames_get_new_numbers_all_at_once
    a_step_that_is_done_stays_done
    what_is_stored_for_a_learner_goes_with_them
    a_workshop_has_a_code_of_its_own_and_so_many_seats
    who_comes_at_once_shares_no_seat
    who_changes_a_workshop_at_once_undoes_nothing
    notes_are_for_one_or_for_all
    deeds_stay_in_order
    many_write_at_once
}

async fn learner(storage: &Storage, name: &str) -> LearnerId {
    let id = LearnerId::new(name);
    storage.add_learner(&id, &KeyHash::of(name), at(0)).await.unwrap();
    id
}

fn saving(learner: &LearnerId) -> Saving {
    testing::saving(learner, at(0), at(1))
}

fn frame(seq: u64) -> StoredFrame {
    StoredFrame { seq, what: format!("{{\"n\":{seq}}}") }
}

fn file(name: &str, text: Option<&str>) -> StoredFile {
    StoredFile { lesson: "one".into(), name: name.into(), text: text.map(str::to_owned) }
}

fn step(name: &str, done: Option<Timestamp>, attempts: u64) -> StepProgress {
    StepProgress {
        lesson: "one".into(),
        step: name.into(),
        opened: at(0),
        visited: at(attempts.cast_signed()),
        done,
        attempts,
        spent: Duration::from_millis(1500),
    }
}

fn workshop(name: &str, code: &str, capacity: u64) -> Workshop {
    Workshop {
        id: WorkshopId::new(name),
        code: code.into(),
        instructor: "grace".into(),
        plan: Plan {
            title: "Pods <b>for</b> everybody".into(),
            lessons: vec!["one".into(), "two".into()],
            language: "en".into(),
            capacity,
            prewarm: 2,
            starts: Some(at(0)),
            ends: None,
        },
        sandbox: "embedded".into(),
        state: WorkshopState::Open,
        hold: None,
        created: at(0),
    }
}

async fn learners_are_known_by_their_devices_and_by_their_code(storage: Storage) {
    let ada = learner(&storage, "ada").await;
    storage.add_learner(&ada, &KeyHash::of("ada"), at(9)).await.unwrap();
    storage.add_device(&ada, &KeyHash::of("phone"), at(1)).await.unwrap();
    storage.name_learner(&ada, "Ada 'L' ☕").await.unwrap();
    let expected = Learner { id: ada.clone(), name: "Ada 'L' ☕".into(), since: at(0) };
    for device in ["ada", "phone"] {
        assert_eq!(storage.learner_of_device(&KeyHash::of(device)).await.unwrap(), Some(expected.clone()));
    }
    assert_eq!(storage.learner_of_device(&KeyHash::of("other")).await.unwrap(), None);
    storage.set_return_code(&ada, &KeyHash::of("code")).await.unwrap();
    storage.set_return_code(&ada, &KeyHash::of("newer")).await.unwrap();
    assert_eq!(storage.learner_of_code(&KeyHash::of("code")).await.unwrap(), None);
    assert_eq!(storage.learner_of_code(&KeyHash::of("newer")).await.unwrap(), Some(expected.clone()));
    assert_eq!(storage.learner(&ada).await.unwrap(), Some(expected));
    assert_eq!(storage.kube_salt(&ada).await.unwrap(), "");
    storage.set_kube_salt(&ada, "salt").await.unwrap();
    assert_eq!(storage.kube_salt(&ada).await.unwrap(), "salt");
    assert!(storage.add_device(&LearnerId::new("nobody"), &KeyHash::of("x"), at(0)).await.is_err());
    // A device that goes on as somebody else is theirs from then on.
    let bob = learner(&storage, "bob").await;
    storage.add_device(&bob, &KeyHash::of("phone"), at(2)).await.unwrap();
    assert_eq!(storage.learner_of_device(&KeyHash::of("phone")).await.unwrap().unwrap().id, bob);
}

async fn a_session_is_stored_piece_by_piece_and_read_back(storage: Storage) {
    let ada = learner(&storage, "ada").await;
    assert_eq!(storage.session(&ada).await.unwrap(), None);
    let files = vec![file("a.yaml", Some("kind: Pod\n")), file("b.yaml", None), file("nul", Some("a\0b"))];
    let first = Saving { frames: (1..=5).map(frame).collect(), files, ..saving(&ada) };
    storage.save(&[first]).await.unwrap();
    let mut second = saving(&ada);
    second.session.orderly = true;
    second.session.variables = r#"{"X":"1"}"#.into();
    second.frames = vec![frame(5), frame(6)];
    second.oldest_frame = 4;
    second.files = vec![file("a.yaml", Some("kind: Job\n"))];
    second.restored = vec![("one".into(), "b.yaml".into())];
    storage.save(&[second.clone()]).await.unwrap();
    assert_eq!(storage.session(&ada).await.unwrap(), Some(second.session));
    assert_eq!(storage.frames(&ada).await.unwrap(), [frame(4), frame(5), frame(6)]);
    let files = storage.files(&ada).await.unwrap();
    assert_eq!(files, [file("a.yaml", Some("kind: Job\n")), file("nul", Some("a\u{fffd}b"))]);
    // Who has been forgotten is passed over; the others are stored.
    let nobody = saving(&LearnerId::new("nobody"));
    storage.save(&[nobody, Saving { frames: vec![frame(7)], ..saving(&ada) }]).await.unwrap();
    assert_eq!(storage.frames(&ada).await.unwrap().len(), 4);
    assert_eq!(storage.active_since(at(1)).await.unwrap(), [ada]);
    assert_eq!(storage.active_since(at(2)).await.unwrap(), []);
}

async fn frames_get_new_numbers_all_at_once(storage: Storage) {
    let ada = learner(&storage, "ada").await;
    storage.save(&[Saving { frames: (1..=300).map(frame).collect(), ..saving(&ada) }]).await.unwrap();
    storage.renumber_frames(&ada, 1000).await.unwrap();
    let frames = storage.frames(&ada).await.unwrap();
    assert_eq!((frames[0].seq, frames[299].seq, frames.len()), (1001, 1300, 300));
}

async fn a_step_that_is_done_stays_done(storage: Storage) {
    let ada = learner(&storage, "ada").await;
    for (done, attempts) in [(None, 1), (Some(at(5)), 2), (None, 3), (Some(at(9)), 4)] {
        storage.save(&[Saving { progress: vec![step("go", done, attempts)], ..saving(&ada) }]).await.unwrap();
    }
    assert_eq!(storage.progress(&ada).await.unwrap(), [step("go", Some(at(5)), 4)]);
}

async fn what_is_stored_for_a_learner_goes_with_them(storage: Storage) {
    let ada = learner(&storage, "ada").await;
    let everything = Saving {
        files: vec![file("a.yaml", Some("x"))],
        frames: vec![frame(1)],
        progress: vec![step("go", None, 1)],
        ..saving(&ada)
    };
    storage.save(&[everything]).await.unwrap();
    let pods = workshop("w", "CODE", 5);
    storage.save_workshop(&pods).await.unwrap();
    storage.join_workshop(&pods.id, &ada, "Ada", at(0)).await.unwrap();
    storage.forget_learner(&ada).await.unwrap();
    assert_eq!(storage.learner(&ada).await.unwrap(), None);
    assert_eq!(storage.learner_of_device(&KeyHash::of("ada")).await.unwrap(), None);
    assert_eq!(storage.session(&ada).await.unwrap(), None);
    assert!(storage.files(&ada).await.unwrap().is_empty() && storage.frames(&ada).await.unwrap().is_empty());
    assert!(storage.progress(&ada).await.unwrap().is_empty());
    assert!(storage.members(&pods.id).await.unwrap().is_empty());
}

async fn a_workshop_has_a_code_of_its_own_and_so_many_seats(storage: Storage) {
    let mut pods = workshop("w", "CODE", 2);
    assert!(storage.save_workshop(&pods).await.unwrap());
    assert!(!storage.save_workshop(&workshop("other", "CODE", 2)).await.unwrap(), "its code is taken");
    pods.state = WorkshopState::Paused;
    pods.plan.ends = Some(at(60));
    pods.hold = Some(("one".into(), "b".into()));
    assert!(storage.save_workshop(&pods).await.unwrap());
    assert_eq!(storage.workshop(&pods.id).await.unwrap(), Some(pods.clone()));
    assert_eq!(storage.workshop_by_code("CODE").await.unwrap(), Some(pods.clone()));
    assert_eq!(storage.workshops_of("grace").await.unwrap(), [pods.clone()]);
    assert!(storage.workshops_of("mallory").await.unwrap().is_empty());
    assert_eq!(storage.workshops_with_prewarm().await.unwrap(), [pods.clone()]);

    let (ada, bob, cyd) =
        (learner(&storage, "ada").await, learner(&storage, "bob").await, learner(&storage, "cyd").await);
    assert!(storage.join_workshop(&pods.id, &ada, "Ada", at(1)).await.unwrap());
    assert!(storage.join_workshop(&pods.id, &bob, "Bob", at(2)).await.unwrap());
    assert!(!storage.join_workshop(&pods.id, &cyd, "Cyd", at(3)).await.unwrap(), "it is full");
    assert!(storage.join_workshop(&pods.id, &ada, "Ada L", at(4)).await.unwrap(), "who is in it stays");
    storage.set_hand(&pods.id, &bob, Some(at(5)), "why?").await.unwrap();
    storage.set_shares(&pods.id, &bob, true).await.unwrap();
    let members = storage.members(&pods.id).await.unwrap();
    let ada_in = Member {
        learner: ada.clone(),
        name: "Ada L".into(),
        joined: at(1),
        hand: None,
        question: String::new(),
        shares: false,
    };
    let bob_in = Member {
        learner: bob,
        name: "Bob".into(),
        joined: at(2),
        hand: Some(at(5)),
        question: "why?".into(),
        shares: true,
    };
    assert_eq!(members, [ada_in, bob_in]);
    assert_eq!(storage.workshops_with(&ada).await.unwrap(), [pods.clone()]);
    let memberships = storage.memberships(&ada).await.unwrap();
    let titles: Vec<_> = memberships.iter().map(|(title, member)| (title.as_str(), member.name.as_str())).collect();
    assert_eq!(titles, [(pods.plan.title.as_str(), "Ada L")]);
    assert!(storage.workshops_with(&cyd).await.unwrap().is_empty());
    storage.save(&[Saving { progress: vec![step("go", None, 1)], ..saving(&ada) }]).await.unwrap();
    assert_eq!(storage.workshop_progress(&pods.id).await.unwrap(), [(ada, step("go", None, 1))]);
}

async fn who_comes_at_once_shares_no_seat(storage: Storage) {
    let pods = workshop("w", "CODE", 3);
    storage.save_workshop(&pods).await.unwrap();
    let mut coming = Vec::new();
    for n in 0..8 {
        let id = learner(&storage, &format!("learner{n}")).await;
        let (storage, workshop) = (storage.clone(), pods.id.clone());
        coming.push(tokio::spawn(async move { storage.join_workshop(&workshop, &id, "x", at(0)).await.unwrap() }));
    }
    let joined = futures::future::join_all(coming).await.into_iter().filter(|joined| *joined.as_ref().unwrap());
    assert_eq!((joined.count(), storage.members(&pods.id).await.unwrap().len()), (3, 3));
}

/// As two replicas do: one pauses, one holds, others make room, and none has read what the others write.
async fn who_changes_a_workshop_at_once_undoes_nothing(storage: Storage) {
    let pods = workshop("w", "CODE", 3);
    storage.save_workshop(&pods).await.unwrap();
    let change = |change: fn(&mut Workshop)| {
        let (storage, id) = (storage.clone(), pods.id.clone());
        tokio::spawn(async move { storage.change_workshop(&id, change).await.unwrap().unwrap() })
    };
    let mut changes = vec![
        change(|workshop| workshop.state = WorkshopState::Paused),
        change(|workshop| workshop.hold = Some(("one".into(), "b".into()))),
    ];
    changes.extend((0..8).map(|_| change(|workshop| workshop.plan.capacity += 1)));
    for changed in futures::future::join_all(changes).await {
        assert_eq!(changed.unwrap().id, pods.id);
    }
    let mut expected = pods.clone();
    (expected.state, expected.plan.capacity) = (WorkshopState::Paused, 11);
    expected.hold = Some(("one".into(), "b".into()));
    assert_eq!(storage.workshop(&pods.id).await.unwrap(), Some(expected));
    assert_eq!(storage.change_workshop(&WorkshopId::new("none"), |_| {}).await.unwrap(), None);
}

async fn notes_are_for_one_or_for_all(storage: Storage) {
    let pods = workshop("w", "CODE", 3);
    storage.save_workshop(&pods).await.unwrap();
    let ada = learner(&storage, "ada").await;
    let note = |id: &str, learner: Option<&LearnerId>, second: i64| Note {
        id: id.into(),
        learner: learner.cloned(),
        at: at(second),
        text: "Look at <b>line 3</b>.".into(),
        command: "kubectl get pods".into(),
    };
    let (second, first) = (note("2", Some(&ada), 2), note("1", None, 1));
    storage.add_note(&pods.id, &second).await.unwrap();
    storage.add_note(&pods.id, &first).await.unwrap();
    assert_eq!(storage.notes(&pods.id).await.unwrap(), [first.clone(), second]);
    storage.forget_learner(&ada).await.unwrap();
    assert_eq!(storage.notes(&pods.id).await.unwrap(), [first]);
}

async fn deeds_stay_in_order(storage: Storage) {
    let id = WorkshopId::new("w");
    let deed = |action: &str, second: i64, workshop: Option<&WorkshopId>| Deed {
        at: at(second),
        instructor: "grace".into(),
        workshop: workshop.cloned(),
        action: action.into(),
        about: "<script>".into(),
    };
    let mut made = workshop("w", "CODE", 3);
    made.created = at(1);
    storage.save_workshop(&made).await.unwrap();
    let all = [
        deed("created", 0, Some(&id)),
        deed("looked", 1, Some(&id)),
        deed("typed", 1, Some(&id)),
        deed("signed-out", 2, None),
    ];
    storage.record(&deed("signed-in", 0, None)).await.unwrap();
    storage.record(&Deed { instructor: "ada".into(), ..deed("signed-in", 3, None) }).await.unwrap();
    for deed in &all {
        storage.record(deed).await.unwrap();
    }
    assert_eq!(storage.deeds(&id).await.unwrap(), all);
}

async fn many_write_at_once(storage: Storage) {
    let mut writers = Vec::new();
    for n in 0..20 {
        let storage = storage.clone();
        writers.push(tokio::spawn(async move {
            let id = learner(&storage, &format!("writer{n}")).await;
            for seq in 1..=10 {
                storage.save(&[Saving { frames: vec![frame(seq)], ..saving(&id) }]).await.unwrap();
            }
            storage.frames(&id).await.unwrap().len()
        }));
    }
    for written in futures::future::join_all(writers).await {
        assert_eq!(written.unwrap(), 10);
    }
    storage.ping().await.unwrap();
    storage.close().await;
    assert!(storage.ping().await.is_err());
}
