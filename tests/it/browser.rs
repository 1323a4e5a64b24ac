//! What a learner does, in a real browser. The clicks are in `browser/*.test.mjs` (Playwright, which finds things by the
//! names that a screen reader reads out); here the server is started, and each file is one test.

use std::process::Command;

use crate::{program::Program, providers::standin::Standin};

/// Plays one file against a server of its own.
fn play(file: &str) {
    play_with(file, &[], "");
}

/// The same on a server with these flags; `short` is 1 where a part of the file is enough.
fn play_with(file: &str, flags: &[&str], short: &str) {
    play_on(file, concat!(env!("CARGO_MANIFEST_DIR"), "/content"), flags, short);
}

/// The same with these lessons.
fn play_on(file: &str, content: &str, flags: &[&str], short: &str) {
    let instructor = ["--instructor", "ada:correct-horse"];
    let serve = ["serve", "--listen", "127.0.0.1:0", "--content", content];
    let server = Program::start(&[&serve[..], &instructor[..], flags].concat());
    click(file, &server.url(), &[("PODYARD_SHORT", short), ("PODYARD_CONTENT", content)], &[]);
}

/// Plays a file, or what `arguments` choose of it, against a server that runs.
fn click(file: &str, url: &str, env: &[(&str, &str)], arguments: &[&str]) {
    let root = env!("CARGO_MANIFEST_DIR");
    let played = Command::new("node")
        .args(["--test", "--test-reporter=spec"])
        .args(arguments)
        .arg(format!("tests/it/browser/{file}.test.mjs"))
        .current_dir(root)
        .env("PODYARD_URL", url)
        .envs(env.iter().copied())
        .output()
        .expect("node is there: the page was built with it");
    let said = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{said}\n{}", String::from_utf8_lossy(&played.stderr));
    println!("{said}");
}

#[test]
fn both_lessons_are_done_by_clicking_only() {
    play("lessons");
}

/// The page is the same where a cluster takes a while and is somebody else's.
#[test]
fn a_lesson_is_done_on_a_kind_cluster() {
    let standin = Standin::new();
    let server = standin.setup(&[]).start();
    let url = format!("http://{}", server.authority);
    click("lessons", &url, &[], &["--test-name-pattern=the second lesson"]);
    assert_eq!(standin.clusters().len(), 1, "the cluster that the lesson was done on");
}

#[test]
fn a_session_is_kept_and_kept_apart() {
    play("sessions");
}

#[test]
fn a_wrong_manifest_is_answered_at_its_place() {
    play("mistakes");
}

#[test]
fn a_command_in_a_container_has_a_real_terminal() {
    play("terminal");
}

#[test]
fn each_view_shows_what_it_promises() {
    play("views");
}

#[test]
fn the_console_is_a_comfort() {
    play("comfort");
}

#[test]
fn everybody_can_use_it_at_every_size() {
    play("access");
}

#[test]
fn the_german_page_is_german() {
    play("language");
}

#[test]
fn the_page_is_light_and_stays_quick() {
    play("weight");
}

#[test]
fn commands_that_edit_have_an_editor() {
    play("edit");
}

#[test]
fn each_failure_is_explained_in_place() {
    play("failures");
}

#[test]
fn a_lessons_checks_and_questions_answer_by_themselves() {
    play("steps");
}

#[test]
fn an_open_page_follows_its_author() {
    let content = tempfile::tempdir().unwrap();
    std::fs::write(content.path().join("page.md"), "# A page\n\n## One\n\nText.\n\n## Two\n\nMore.\n").unwrap();
    play_on("authoring", content.path().to_str().unwrap(), &[], "");
}

#[test]
fn a_workshop_is_held_with_five_learners() {
    play("workshop");
}

#[test]
fn a_workshop_is_held_on_postgresql_too() {
    let url = crate::storage::postgres::new_database();
    play_with("workshop", &["--database", &url], "1");
}
