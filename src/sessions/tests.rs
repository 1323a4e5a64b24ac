use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};

use k8s_openapi::api::core::v1::ConfigMap;

use super::{state::Sandbox, *};
use crate::{sandbox::testing::provider, storage::testing::storage as testing_storage};

const IDLE: Duration = Duration::from_secs(600);

/// A clock that is set by hand, in seconds.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let seconds = self.0.clone();
        Arc::new(move || Timestamp::from_second(1_790_000_000 + seconds.load(Ordering::SeqCst)).unwrap())
    }
}

async fn sessions(places: usize) -> (Sessions, Hand, TaskTracker) {
    sessions_in(testing_storage().await, places)
}

/// A server's sessions on a database that has been there before.
fn sessions_in(storage: Storage, places: usize) -> (Sessions, Hand, TaskTracker) {
    let (hand, tasks) = (Hand::default(), TaskTracker::new());
    let limits = Limits { idle: IDLE, total: Duration::from_secs(24 * 3600) };
    let rules = Rules { limits, ..testing::rules(places) };
    (Sessions::with_clock(provider(), storage, rules, tasks.clone(), hand.clock()), hand, tasks)
}

async fn ready(session: &Session) -> session::Hold {
    let mut status = session.status();
    let status = status.wait_for(|s| s.sandbox == Sandbox::Ready).await.unwrap();
    status.hold.clone().expect("a ready sandbox can be held")
}

#[tokio::test]
async fn a_sandbox_is_made_with_the_first_page_and_in_milliseconds() {
    let (sessions, ..) = sessions(10).await;
    let session = sessions.open(None).await.unwrap().session;
    assert_eq!(session.status().borrow().sandbox, Sandbox::None);
    let _page = session.attach();
    let hold = ready(&session).await;
    assert_eq!(hold.namespace, "default");
    assert!(session.kubeconfig("http://x/kube/t").unwrap().contains("http://x/kube/t"));
}

#[tokio::test]
async fn an_idle_session_is_warned_ends_and_leaves_nothing() {
    let (sessions, hand, tasks) = sessions(10).await;
    let session = sessions.open(None).await.unwrap().session;
    let page = session.attach();
    let hold = ready(&session).await;
    let cancel = session.begin("1", "kubectl get pods -w", false).unwrap();
    hand.set(500);
    sessions.tick();
    assert_eq!(*session.warning().borrow(), Some((Duration::from_secs(100), state::Ending::Idle)));
    session.touch();
    assert_eq!(*session.warning().borrow(), None);
    hand.set(1100);
    sessions.tick();
    assert!(session.over().is_cancelled() && hold.ended.is_cancelled() && cancel.cancel().is_cancelled());
    assert!(sessions.is_empty() && sessions.by_kube_token(&session.kube_token()).is_none());
    assert!(sessions.of_learner(session.learner()).is_none());
    drop((page, cancel, session, hold));
    tasks.close();
    tasks.wait().await;
}

#[tokio::test]
async fn a_cookie_that_was_given_out_begins_its_session_once() {
    let (sessions, ..) = sessions(10).await;
    let cookie = sessions.issue();
    let first = sessions.open(Some(cookie.clone())).await.unwrap();
    let second = sessions.open(Some(cookie)).await.unwrap();
    assert!(first.cookie.is_none() && second.cookie.is_none());
    assert!(Arc::ptr_eq(&first.session, &second.session));
}

#[tokio::test]
async fn places_are_limited_and_become_free() {
    let (sessions, hand, _) = sessions(2).await;
    let (_a, b) = (sessions.open(None).await.unwrap(), sessions.open(None).await.unwrap());
    let refused = sessions.open(None).await.unwrap_err().to_string();
    assert_eq!((refused.as_str(), sessions.places()), ("All 2 places are taken.", (2, 0)));
    hand.set(400);
    b.session.touch();
    hand.set(700);
    sessions.tick();
    assert_eq!(sessions.len(), 1);
    assert!(sessions.open(None).await.is_ok());
    sessions.close();
    assert_eq!(sessions.open(None).await.unwrap_err(), NoSession::Closing);
}

#[tokio::test]
async fn a_reset_changes_the_sandbox_and_keeps_the_files() {
    let (sessions, ..) = sessions(10).await;
    let session = sessions.open(None).await.unwrap().session;
    let _page = session.attach();
    let before = ready(&session).await;
    let desk = session.desk("one", [("a.yaml", "kind: Pod")]);
    desk.store("a.yaml", "kind: Job".into(), desk::Author(1)).unwrap();
    session.reset();
    assert!(before.ended.is_cancelled());
    let after = ready(&session).await;
    assert!(!after.ended.is_cancelled());
    assert_eq!(session.desk("one", []).sheets()[0].text.as_deref(), Some("kind: Job"));
}

#[tokio::test]
async fn what_a_page_gave_out_is_bounded() {
    let (sessions, ..) = sessions(10).await;
    for _ in 0..MAX_ISSUED + 10 {
        sessions.issue();
    }
    let book = sessions.book();
    assert_eq!((book.issued.len(), book.order.len()), (MAX_ISSUED, MAX_ISSUED));
}

#[tokio::test]
async fn a_command_whose_task_breaks_off_has_ended() {
    let (sessions, ..) = sessions(10).await;
    let session = sessions.open(None).await.unwrap().session;
    drop(session.begin("1", "x", false).unwrap());
    let frames = session.frames_after(1, 10).frames;
    assert!(matches!(frames[0].what, scrollback::What::Exit { code: 255, .. }));
    assert_eq!(session.begin("1", "x", false).unwrap_err(), commands::NotBegun::Seen);
}

#[tokio::test]
async fn who_waits_gets_a_place_in_their_turn_and_an_unseen_session_gives_its_own() {
    let (sessions, hand, _) = sessions(1).await;
    let first = sessions.open(None).await.unwrap().session;
    let (ada, bob) = (sessions.visitor(None).await.unwrap().learner, sessions.visitor(None).await.unwrap().learner);
    let (front, mut back) = (sessions.stand_in_line(), sessions.stand_in_line());
    assert_eq!(sessions.session_of(&ada, Some(&front)).await.unwrap_err(), NoSession::Full(1));
    hand.set(130);
    sessions.tick();
    assert!(first.over().is_cancelled(), "nobody has looked at it for two minutes, and others wait");
    assert_eq!(sessions.session_of(&bob, Some(&back)).await.unwrap_err(), NoSession::Full(1));
    assert_eq!(sessions.open(None).await.unwrap_err(), NoSession::Full(1));
    assert!(sessions.session_of(&ada, Some(&front)).await.is_ok());
    drop(front);
    back.moved().await;
    assert_eq!(back.before(), 0);
}

/// What a page would show of the console: `op text`.
fn shown(session: &Session) -> Vec<String> {
    let frames = session.frames_after(0, 100).frames;
    let words = |what: &scrollback::What| match what {
        scrollback::What::Started { line, .. } => format!("$ {line}"),
        scrollback::What::Output { text, .. } => text.trim().to_owned(),
        scrollback::What::Exit { code, .. } => format!("exit {code}"),
        scrollback::What::Clear => "clear".to_owned(),
    };
    frames.iter().map(|frame| words(&frame.what)).collect()
}

fn say(session: &Session, id: &str, text: &str) {
    session.show(scrollback::What::Output { id: id.into(), errors: false, text: text.into() });
}

/// Somebody works for a while: a command that ended, one that runs, files, a variable, a step.
async fn work(sessions: &Sessions) -> (Token, Arc<Session>, session::Running) {
    let cookie = sessions.issue();
    let session = sessions.open(Some(cookie.clone())).await.unwrap().session;
    let steps = vec![("go".to_owned(), vec!["kubectl run".to_owned(), "kubectl get".to_owned()])];
    session.open_lesson(progress::Outline { lesson: "one".into(), steps, checked: HashSet::new() });
    let desk = session.desk("one", [("a.yaml", "kind: Pod")]);
    desk.store("a.yaml", "kind: Job".into(), desk::Author(1)).unwrap();
    desk.store("b.yaml", "x".into(), desk::Author(1)).unwrap();
    let first = session.begin("1", "kubectl run", false).unwrap();
    say(&session, "1", "pod/hello created");
    first.ended(0, Vec::new());
    session.track(|tracker, now| tracker.ran("one", "kubectl run", 0, now));
    session.variables().set("NAME", "ada".into()).unwrap();
    let second = session.begin("2", "kubectl get pods -w", false).unwrap();
    (cookie, session, second)
}

async fn assert_all_is_back(sessions: &Sessions, cookie: &Token) -> Arc<Session> {
    let opened = sessions.open(Some(cookie.clone())).await.unwrap();
    assert_eq!(opened.cookie, None, "it is the same learner");
    let session = opened.session;
    let desk = session.desk("one", [("a.yaml", "kind: Pod")]);
    let files: Vec<_> = desk.sheets().into_iter().map(|sheet| (sheet.name, sheet.text.unwrap())).collect();
    assert_eq!(files, [("a.yaml".into(), "kind: Job".into()), ("b.yaml".into(), "x".to_owned())]);
    assert_eq!(session.variables().get("NAME"), "ada");
    assert_eq!(shown(&session)[..3], ["$ kubectl run", "pod/hello created", "exit 0"]);
    for id in ["1", "2"] {
        assert_eq!(session.begin(id, "x", false).unwrap_err(), commands::NotBegun::Seen);
    }
    let steps = vec![("go".to_owned(), vec!["kubectl run".to_owned(), "kubectl get".to_owned()])];
    session.open_lesson(progress::Outline { lesson: "one".into(), steps, checked: HashSet::new() });
    session.track(|tracker, now| tracker.ran("one", "kubectl get", 0, now));
    assert_eq!(session.done_steps("one"), ["go"]);
    session
}

#[tokio::test]
async fn everything_comes_back_after_a_restart_in_order() {
    let storage = testing_storage().await;
    let (before, ..) = sessions_in(storage.clone(), 10);
    let (cookie, session, running) = work(&before).await;
    before.close();
    drop(running);
    before.put_away().await;
    let newest = *session.newest().borrow();

    let (after, ..) = sessions_in(storage, 10);
    let session = assert_all_is_back(&after, &cookie).await;
    assert_eq!(shown(&session)[3..], ["$ kubectl get pods -w", "exit 255"]);
    assert!(!session.frames_after(newest, 10).gap, "a page goes on where it stopped");
}

#[tokio::test]
async fn after_a_crash_numbers_that_a_page_may_have_seen_do_not_come_again() {
    let storage = testing_storage().await;
    let (before, ..) = sessions_in(storage.clone(), 10);
    let (cookie, session, _running) = work(&before).await;
    before.store().await;
    say(&session, "2", "this is never stored");
    let seen = *session.newest().borrow();

    let (after, ..) = sessions_in(storage, 10);
    let session = assert_all_is_back(&after, &cookie).await;
    let ended = ["$ kubectl get pods -w", "[the server was restarted, and ended this command]", "exit 255"];
    assert_eq!(shown(&session)[3..], ended);
    let missed = session.frames_after(seen, 10);
    assert!(missed.gap && missed.frames[0].seq > seen, "the page begins anew with everything there is");
}

#[tokio::test]
async fn a_session_that_was_freed_is_taken_up_again() {
    let (sessions, hand, _) = sessions(10).await;
    let (cookie, session, running) = work(&sessions).await;
    hand.set(700);
    sessions.tick();
    assert!(session.over().is_cancelled() && sessions.is_empty());
    drop(running);
    let again = assert_all_is_back(&sessions, &cookie).await;
    assert!(!Arc::ptr_eq(&session, &again) && again.kube_token() == session.kube_token());
    sessions.store().await;
    assert_eq!(sessions.book().leaving.len(), 0);
}

#[tokio::test]
async fn what_can_not_be_stored_is_tried_again() {
    let storage = testing_storage().await;
    let (sessions, ..) = sessions_in(storage.clone(), 10);
    let (_, session, running) = work(&sessions).await;
    running.ended(0, Vec::new());
    session.step_done("one", "go");
    // Whoever wanted to store it has failed, or was dropped in the middle as the server ended.
    drop(session.unsaved(false).unwrap());
    sessions.store().await;
    assert_eq!(storage.progress(session.learner()).await.unwrap().len(), 1);
    assert_eq!(storage.frames(session.learner()).await.unwrap().len(), 5);
    assert!(session.unsaved(false).is_none(), "what is stored is not stored again");
    session.show(scrollback::What::Clear);
    sessions.store().await;
    assert_eq!(storage.frames(session.learner()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_objects_of_a_sandbox_come_back_and_a_reset_forgets_them() {
    let (storage, data) = (testing_storage().await, tempfile::tempdir().unwrap());
    let start = || {
        let tasks = TaskTracker::new();
        let provider = crate::sandbox::testing::provider_in(data.path());
        (Sessions::new(provider, storage.clone(), testing::rules(10), tasks.clone()), tasks)
    };
    let objects = |hold: session::Hold| kube::Api::<ConfigMap>::namespaced(hold.client, &hold.namespace);
    let (before, tasks) = start();
    let cookie = before.issue();
    let session = before.open(Some(cookie.clone())).await.unwrap().session;
    let page = session.attach();
    let mine = serde_json::from_value(serde_json::json!({"metadata": {"name": "mine"}})).unwrap();
    objects(ready(&session).await).create(&kube::api::PostParams::default(), &mine).await.unwrap();
    drop(page);
    before.close();
    tasks.close();
    tasks.wait().await;
    before.put_away().await;

    let (after, _tasks) = start();
    let session = after.open(Some(cookie)).await.unwrap().session;
    let _page = session.attach();
    assert!(objects(ready(&session).await).get("mine").await.is_ok());
    session.reset();
    assert!(objects(ready(&session).await).get("mine").await.is_err());
}

#[tokio::test]
async fn who_has_been_idle_for_too_long_has_no_sandbox_left_at_the_next_start() {
    let storage = testing_storage().await;
    let (sessions, hand, _tasks) = sessions_in(storage.clone(), 10);
    let early = sessions.open(None).await.unwrap().session;
    hand.set(1000);
    let late = sessions.open(None).await.unwrap().session;
    sessions.store().await;
    let names = [&early, &late].map(|session| session::sandbox_name(session.learner()));
    let (next, hand, _tasks) = sessions_in(storage, 10);
    hand.set(1100);
    let living = next.living_sandboxes().await.unwrap();
    assert_eq!(names.map(|name| living.contains(&name)), [false, true]);
}
