use std::sync::atomic::{AtomicI64, Ordering};

use super::{state::Sandbox, *};
use crate::sandbox::testing::provider;

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

fn sessions(max: usize) -> (Sessions, Hand, TaskTracker) {
    let (hand, tasks) = (Hand::default(), TaskTracker::new());
    (Sessions::with_clock(provider(), IDLE, max, tasks.clone(), hand.clock()), hand, tasks)
}

async fn ready(session: &Session) -> session::Hold {
    let mut status = session.status();
    let status = status.wait_for(|s| s.sandbox == Sandbox::Ready).await.unwrap();
    status.hold.clone().expect("a ready sandbox can be held")
}

#[tokio::test]
async fn a_sandbox_is_made_with_the_first_page_and_in_milliseconds() {
    let (sessions, ..) = sessions(10);
    let session = sessions.open(None).unwrap().session;
    assert_eq!(session.status().borrow().sandbox, Sandbox::None);
    let _page = session.attach();
    let hold = ready(&session).await;
    assert_eq!(hold.namespace, "default");
    assert!(session.kubeconfig("http://x/kube/t").unwrap().contains("http://x/kube/t"));
}

#[tokio::test]
async fn an_idle_session_is_warned_ends_and_leaves_nothing() {
    let (sessions, hand, tasks) = sessions(10);
    let session = sessions.open(None).unwrap().session;
    let page = session.attach();
    let hold = ready(&session).await;
    let cancel = session.begin("1", "kubectl get pods -w", false).unwrap();
    hand.set(500);
    sessions.tick();
    assert_eq!(*session.warning().borrow(), Some(Duration::from_secs(100)));
    session.touch();
    assert_eq!(*session.warning().borrow(), None);
    hand.set(1100);
    sessions.tick();
    assert!(session.over().is_cancelled() && hold.ended.is_cancelled() && cancel.cancel().is_cancelled());
    assert!(sessions.is_empty() && sessions.by_kube_token(session.kube_token()).is_none());
    assert!(sessions.get(session.id()).is_none());
    drop((page, cancel, session, hold));
    tasks.close();
    tasks.wait().await;
}

#[tokio::test]
async fn a_cookie_that_was_given_out_begins_its_session_once() {
    let (sessions, ..) = sessions(10);
    let cookie = sessions.issue();
    let first = sessions.open(Some(cookie.clone())).unwrap();
    let second = sessions.open(Some(cookie)).unwrap();
    assert!(first.cookie.is_none() && second.cookie.is_none());
    assert!(Arc::ptr_eq(&first.session, &second.session));
}

#[tokio::test]
async fn places_are_limited_and_become_free() {
    let (sessions, hand, _) = sessions(2);
    let (_a, b) = (sessions.open(None).unwrap(), sessions.open(None).unwrap());
    let refused = sessions.open(None).unwrap_err().to_string();
    assert_eq!(
        refused,
        "All 2 places are taken. One becomes free when somebody's session has been idle for 10m; try again later."
    );
    hand.set(400);
    b.session.touch();
    hand.set(700);
    sessions.tick();
    assert_eq!(sessions.len(), 1);
    assert!(sessions.open(None).is_ok());
    sessions.close();
    assert_eq!(sessions.open(None).unwrap_err(), NoSession::Closing);
}

#[tokio::test]
async fn a_reset_changes_the_sandbox_and_keeps_the_files() {
    let (sessions, ..) = sessions(10);
    let session = sessions.open(None).unwrap().session;
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
    let (sessions, ..) = sessions(10);
    for _ in 0..MAX_ISSUED + 10 {
        sessions.issue();
    }
    let book = sessions.book();
    assert_eq!((book.issued.len(), book.order.len()), (MAX_ISSUED, MAX_ISSUED));
}

#[tokio::test]
async fn a_command_whose_task_breaks_off_has_ended() {
    let (sessions, ..) = sessions(10);
    let session = sessions.open(None).unwrap().session;
    drop(session.begin("1", "x", false).unwrap());
    let frames = session.frames_after(1, 10).frames;
    assert!(matches!(frames[0].what, scrollback::What::Exit { code: 255, .. }));
    assert_eq!(session.begin("1", "x", false).unwrap_err(), commands::NotBegun::Seen);
}
