//! What a learner does, in a real browser: both lessons by clicking only.

mod chromium;
mod learner;

use self::{chromium::Driver, learner::Learner};
use crate::program::Program;

const FIRST: &str = "from-containers-to-pods";
const SECOND: &str = "anatomy-of-a-pod-manifest";

fn serve() -> Program {
    let content = concat!(env!("CARGO_MANIFEST_DIR"), "/content");
    Program::start(&["serve", "--listen", "127.0.0.1:0", "--content", content])
}

#[tokio::test]
async fn the_first_lesson_is_done_by_clicking_only() {
    let (server, driver) = (serve(), Driver::start());
    let learner = Learner::arrive(&driver, &server).await;
    learner.click_link("From containers to Pods").await;
    let commands = learner.commands().await;
    assert!(commands.len() >= 8, "{commands:?}");
    for (number, command) in commands.iter().enumerate() {
        assert_eq!(learner.run_block(number).await, 0, "{command}\n{}", learner.console().await);
    }
    let console = learner.console().await;
    for said in ["pod/busybox created", "Hello World", "Completed", "pod \"busybox\" deleted from default namespace"] {
        assert!(console.contains(said), "{said:?} is not in the console:\n{console}");
    }
}

#[tokio::test]
async fn the_second_lesson_is_done_by_clicking_only() {
    let (server, driver) = (serve(), Driver::start());
    let learner = Learner::arrive(&driver, &server).await;
    learner.open_lesson(SECOND).await;
    learner.press("Apply").await;
    learner.see_pod("pythonapp", "Running").await;
    let forward = learner.number_of("kubectl port-forward pod/pythonapp 5000:5000").await;
    learner.start_block(forward).await;
    let page = learner.preview().await;
    assert!(page.to_lowercase().contains("pod"), "the preview shows: {page}");
    let delete = learner.number_of("kubectl delete pod pythonapp").await;
    assert_eq!(learner.run_block(delete).await, 0);
    learner.see_no_pods().await;
}

#[tokio::test]
async fn a_reload_finds_everything_as_it_was_and_a_stranger_sees_nothing_of_it() {
    let (server, driver) = (serve(), Driver::start());
    let learner = Learner::arrive(&driver, &server).await;
    learner.open_lesson(SECOND).await;
    learner.press("Apply").await;
    learner.see_pod("pythonapp", "Running").await;
    learner.type_command("kubectl get pods").await;
    learner.console_says("1/1").await;
    learner.reload().await;
    learner.see_pod("pythonapp", "Running").await;
    learner.console_says("pod/pythonapp created").await;

    let stranger = Learner::arrive(&driver, &server).await;
    stranger.open_lesson(SECOND).await;
    stranger.see_no_pods().await;
    stranger.type_command("kubectl get pods").await;
    stranger.console_says("No resources found in default namespace.").await;
}

#[tokio::test]
async fn a_wrong_manifest_is_answered_in_words_with_its_place_and_nothing_is_lost() {
    let (server, driver) = (serve(), Driver::start());
    let learner = Learner::arrive(&driver, &server).await;
    learner.open_lesson(FIRST).await;
    learner
        .write_manifest(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: a\n    imag: busybox\n",
        )
        .await;
    learner.press("Apply").await;
    learner.console_says("unknown field \"spec.containers[0].imag\"").await;
    learner.verdict_says("8:5").await;
    learner.write_manifest("apiVersion: v1\nkind: Pod\nmetadata:\n name: web\n  labels: {}\n").await;
    learner.press("Apply").await;
    learner.console_says("error converting YAML to JSON: yaml: line").await;
    learner.reload().await;
    learner.manifest_says("labels: {}").await;
}
