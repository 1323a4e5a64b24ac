//! Many learners in one workshop at once, each clicking through a lesson, with a restart of the server in the middle.
//!
//! As a test a handful do it as fast as they can, so that it can't rot; what it holds is that nothing is lost and nobody
//! is disconnected. `make bench-load` has hundreds do it at the pace of people and prints how long things took: with
//! `PODYARD_LOAD=50,100` so many learners at a time, with `PODYARD_LOAD_DATABASES=sqlite` on this database only.

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
/// So long it takes until all of a class have come in.
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

/// What `make bench-load` shows. A run that lost something is told and fails at the end.
async fn measure() {
    let sizes = std::env::var("PODYARD_LOAD").unwrap();
    let sizes: Vec<usize> = sizes.split(',').map(|size| size.trim().parse().expect("numbers of learners")).collect();
    let databases = std::env::var("PODYARD_LOAD_DATABASES").unwrap_or_else(|_| "sqlite,postgresql".to_owned());
    let mut reports: Vec<Report> = Vec::new();
    for name in databases.split(',') {
        for &learners in &sizes {
            let database = (name == "postgresql").then(postgres::new_database);
            let plan = Plan { learners, database, thinking: THINKING, coming: COMING };
            let report = crowd::run(plan, &Script::of(LESSON, usize::MAX)).await;
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
