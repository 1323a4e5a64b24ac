//! Many learners in one workshop at once, each clicking through a lesson, with a restart of the server in the middle.
//!
//! As a test a handful do it as fast as they can, so that it can't rot; what it holds is that nothing is lost and nobody
//! is disconnected. `make bench-load` has hundreds do it at the pace of people and prints how long things took: with
//! `PODYARD_LOAD=50,100` so many learners at a time, with `PODYARD_LOAD_DATABASES=sqlite` on this database only, with
//! `PODYARD_LOAD_MINUTES=1` about a minute of clicks for each.

mod cost;
mod crowd;
mod http;
mod learner;
mod report;
mod script;
mod wall;

use std::time::Duration;

use self::{crowd::Plan, report::Report, script::Script};
use crate::storage::postgres;

/// The lesson that they click through.
const LESSON: &str = "a-pod-that-stays";
/// Between two clicks of a person, on average half of it more.
const THINKING: Duration = Duration::from_secs(8);
/// So long it takes until all of a class have come in, at most.
const COMING: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn learners_of_a_workshop_lose_nothing_by_a_restart() {
    if std::env::var_os("PODYARD_LOAD").is_some() {
        return measure().await;
    }
    for (learners, database) in [(5, None), (2, Some(postgres::new_database()))] {
        let plan = Plan { learners, database, thinking: Duration::ZERO, coming: Duration::ZERO };
        let report = crowd::run(plan, &Script::of(LESSON, 2)).await;
        assert_eq!((report.lost.as_slice(), report.disconnected), ([].as_slice(), 0));
        println!("{}\n{}", report::HEAD, report.row());
    }
}

/// How long a person thinks before each click, and within which time all come: so that one run has about so many minutes
/// of clicks, if that is said.
fn pace(minutes: Option<&str>, clicks: usize) -> (Duration, Duration) {
    let Some(minutes) = minutes.filter(|minutes| !minutes.is_empty()) else { return (THINKING, COMING) };
    let whole = Duration::from_secs(60).mul_f64(minutes.parse().expect("PODYARD_LOAD_MINUTES is a number"));
    // Thinking takes a quarter more than is said, on average.
    (THINKING.min(whole.div_f64(1.25 * clicks as f64)), COMING.min(whole / 4))
}

#[test]
fn a_run_takes_as_many_minutes_as_are_said_and_nobody_thinks_longer_than_people_do() {
    assert_eq!(pace(None, 40), (THINKING, COMING));
    assert_eq!(pace(Some("1"), 48), (Duration::from_secs(1), Duration::from_secs(15)));
    assert_eq!(pace(Some("600"), 40), (THINKING, COMING));
}

/// What `make bench-load` shows. A run that lost something is told and fails at the end.
async fn measure() {
    let sizes = std::env::var("PODYARD_LOAD").unwrap();
    let sizes: Vec<usize> = sizes.split(',').map(|size| size.trim().parse().expect("numbers of learners")).collect();
    let databases = std::env::var("PODYARD_LOAD_DATABASES").unwrap_or_else(|_| "sqlite,postgresql".to_owned());
    let script = Script::of(LESSON, usize::MAX);
    let (thinking, coming) = pace(std::env::var("PODYARD_LOAD_MINUTES").ok().as_deref(), script.clicks.len());
    let mut reports: Vec<Report> = Vec::new();
    for name in databases.split(',') {
        for &learners in &sizes {
            let database = (name == "postgresql").then(postgres::new_database);
            let plan = Plan { learners, database, thinking, coming };
            let report = crowd::run(plan, &script).await;
            eprintln!("{}", report.told());
            reports.push(report);
        }
    }
    let rows: Vec<String> = reports.iter().map(Report::row).collect();
    let table = format!("{}\n{}\n", report::HEAD, rows.join("\n"));
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/target/load-table.md"), &table).unwrap();
    println!("{table}");
    assert!(reports.iter().all(|report| report.lost.is_empty() && report.disconnected == 0), "see above");
}
