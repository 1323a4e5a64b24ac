use std::sync::Arc;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{DeleteParams, PostParams},
};
use tokio_util::task::TaskTracker;

use super::StepState;
use crate::{
    lessons::page::{self, Around, Painter},
    sandbox::testing::provider,
    sessions::{Session, Sessions, state::Sandbox, testing::rules},
    storage::testing::storage,
};

const LESSON: &str =
    "## Make it\n\n```yaml lab=check\nconfigmap: a\nhint: Make one.\n```\n\n## Run it\n\n```bash\necho a\n```\n";

fn lesson() -> crate::lessons::model::Lesson {
    page::read(&Around::alone("one.md"), LESSON, &mut Painter::default()).0
}

async fn sessions() -> Sessions {
    Sessions::new(provider(), storage().await, rules(10), TaskTracker::new())
}

async fn config_maps(session: &Arc<Session>) -> Api<ConfigMap> {
    let mut status = session.status();
    let status = status.wait_for(|s| s.sandbox == Sandbox::Ready).await.unwrap();
    let hold = status.hold.clone().unwrap();
    Api::namespaced(hold.client, &hold.namespace)
}

fn config_map(name: &str) -> ConfigMap {
    serde_json::from_value(serde_json::json!({"metadata": {"name": name}})).unwrap()
}

fn done(steps: &[StepState]) -> Vec<bool> {
    steps.iter().map(|step| step.done).collect()
}

#[tokio::test]
async fn a_check_turns_green_by_itself_and_its_step_stays_done() {
    let sessions = sessions().await;
    let session = sessions.open(None).await.unwrap().session;
    let _page = session.attach();
    let mut states = session.checks(&lesson());
    let because = |steps: &Arc<Vec<StepState>>| steps[0].checks[0].verdict.because.clone();
    let told = states.changes().wait_for(|steps| !because(steps).is_empty()).await.unwrap().clone();
    assert_eq!(because(&told), "there is no ConfigMap a");
    assert_eq!((told[0].checks[0].hint.as_deref(), done(&told)), (Some("Make one."), vec![false, false]));

    let api = config_maps(&session).await;
    api.create(&PostParams::default(), &config_map("a")).await.unwrap();
    states.changes().wait_for(|steps| steps[0].checks[0].verdict.holds && steps[0].done).await.unwrap();
    assert_eq!(session.done_steps("one"), ["make-it"]);

    api.delete("a", &DeleteParams::default()).await.unwrap();
    let gone = states.changes().wait_for(|steps| !steps[0].checks[0].verdict.holds).await.unwrap().clone();
    assert!(gone[0].done, "what has been done stays done");
}

#[tokio::test]
async fn a_step_that_is_done_in_another_way_is_told_as_well() {
    let sessions = sessions().await;
    let session = sessions.open(None).await.unwrap().session;
    let mut states = session.checks(&lesson());
    session.step_done("one", "run-it");
    let now = states.changes().wait_for(|steps| steps[1].done).await.unwrap().clone();
    assert_eq!(done(&now), [false, true]);
    assert_eq!(done(&session.checks(&lesson()).now()), [false, true], "whoever comes later is told at once");
}

#[tokio::test]
async fn a_lesson_that_two_pages_have_open_is_watched_once_until_both_are_closed() {
    let sessions = sessions().await;
    let session = sessions.open(None).await.unwrap().session;
    let (mut first, mut second) = (session.checks(&lesson()), session.checks(&lesson()));
    assert!(first.changes().same_channel(second.changes()));
    drop(first);
    let mut third = session.checks(&lesson());
    assert!(third.changes().same_channel(second.changes()), "one page still has it open");
    let mut changes = third.changes().clone();
    drop((second, third));
    while changes.changed().await.is_ok() {}
    assert_eq!(done(&session.checks(&lesson()).now()), [false, false], "and begins anew");
}

/// A Pod is made, then thrown away: that it is gone at the end says nothing at the beginning.
const CLEANED: &str = "## Make it\n\n```yaml lab=check\nconfigmap: a\n```\n\n## Clean up\n\n```yaml lab=check\nconfigmap: a\nexists: false\n```\n";

#[tokio::test]
async fn what_holds_where_there_is_nothing_counts_once_the_steps_before_are_done() {
    let sessions = sessions().await;
    let session = sessions.open(None).await.unwrap().session;
    let _page = session.attach();
    let lesson = page::read(&Around::alone("one.md"), CLEANED, &mut Painter::default()).0;
    let mut states = session.checks(&lesson);
    let looked_at = |steps: &Arc<Vec<StepState>>| !steps[0].checks[0].verdict.because.is_empty();
    let empty = states.changes().wait_for(looked_at).await.unwrap().clone();
    assert_eq!(done(&empty), [false, false]);
    assert_eq!(empty[1].checks[0].verdict.because, "This counts once the steps before are done.");
    assert!(!empty[1].checks[0].verdict.holds);

    let api = config_maps(&session).await;
    api.create(&PostParams::default(), &config_map("a")).await.unwrap();
    states.changes().wait_for(|steps| done(steps) == [true, false]).await.unwrap();
    api.delete("a", &DeleteParams::default()).await.unwrap();
    states.changes().wait_for(|steps| done(steps) == [true, true]).await.unwrap();
}
