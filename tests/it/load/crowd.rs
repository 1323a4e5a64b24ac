//! A whole run: the server, the instructor, the learners, and the restart when half of the work is done.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinSet, time::sleep};

use super::{
    cost,
    learner::{Around, Learner},
    report::Report,
    script::Script,
    wall::{self, Instructor, Wall},
};
use crate::served::Server;

/// What a run is of.
#[derive(Debug, Clone)]
pub struct Plan {
    pub learners: usize,
    /// PostgreSQL's URL.
    pub database: Option<String>,
    /// Before every click.
    pub thinking: Duration,
    /// Within this all learners come.
    pub coming: Duration,
}

/// How often it is looked how far the learners are.
const LOOK: Duration = Duration::from_millis(20);

/// Plays it.
pub async fn run(plan: Plan, script: &Script) -> Report {
    let places = (plan.learners + 1).to_string();
    let mut flags = vec!["--instructor", wall::ACCOUNT, "--max-sessions", &places, "--commands-per-minute", "6000"];
    flags.extend(plan.database.iter().flat_map(|url| ["--database", url]));
    let mut server = Server::start(&flags);
    let before = cost::of(server.child.id());
    let authority = server.authority.clone();
    let instructor = Instructor::arrive(&authority, &script.lesson, plan.learners).await;
    let (starts, started) = watch::channel(0);
    let around = Arc::new(Around {
        authority: authority.clone(),
        code: instructor.code.clone(),
        script: script.clone(),
        thinking: plan.thinking,
        starts: started,
        wall: Wall::default(),
        clicks: 0.into(),
        commands: 0.into(),
        disconnected: 0.into(),
    });
    let watching = tokio::spawn(watch_wall(instructor.clone(), around.clone()));
    let began = Instant::now();
    let mut learners = JoinSet::new();
    for number in 1..=plan.learners {
        learners.spawn(one(around.clone(), number, plan.coming.mul_f64(number as f64 / plan.learners as f64)));
    }
    while around.clicks.load(Ordering::Relaxed) < plan.learners * script.clicks.len() / 2 {
        assert!(!learners.is_empty());
        if let Some(ended) = learners.try_join_next() {
            panic!("a learner ended early: {:?}", ended.err());
        }
        sleep(LOOK).await;
    }
    let (after, took) = (cost::of(server.child.id()), began.elapsed());

    starts.send_replace(1);
    server.signal("-TERM");
    assert!(server.wait().success(), "the server ends in order");
    flags.extend(["--listen", &authority]);
    let server = Server::start_in(server.data.clone(), &flags);
    starts.send_replace(2);

    let mut report = Report {
        learners: plan.learners,
        database: if plan.database.is_some() { "PostgreSQL" } else { "SQLite" },
        memory: (after.memory - before.memory) / plan.learners as f64,
        processor: (after.processor - before.processor) / took.as_secs_f64() / plan.learners as f64,
        ..Report::default()
    };
    let results = finish(&mut report, learners, &instructor, &server.authority).await;
    watching.abort();
    report.lost.extend(results);
    report.times.wall = around.wall.took();
    report.commands = around.commands.load(Ordering::Relaxed);
    report.disconnected = around.disconnected.load(Ordering::Relaxed);
    report
}

/// Waits for the learners; gives what the workshop's results do not have of what they did.
async fn finish(
    report: &mut Report,
    mut learners: JoinSet<Learner>,
    instructor: &Instructor,
    authority: &str,
) -> Vec<String> {
    let mut done = Vec::new();
    while let Some(learner) = learners.join_next().await {
        let Learner { name, done: steps, times, lost, .. } = learner.unwrap();
        report.times.add(times);
        report.lost.extend(lost);
        done.push((name, steps));
    }
    let results = instructor.results(authority).await;
    // Checks are judged on: a step may be done after the learner's page has heard its last message.
    let missing = done.into_iter().filter(|(name, steps)| results.get(name) < Some(steps));
    missing
        .map(|(name, steps)| format!("{name}: {steps} steps are done, the results say {:?}", results.get(&name)))
        .collect()
}

async fn one(around: Arc<Around>, number: usize, after: Duration) -> Learner {
    sleep(after).await;
    let mut learner = Learner::arrive(around, number).await;
    learner.work().await;
    learner.look_back().await;
    learner
}

async fn watch_wall(instructor: Instructor, around: Arc<Around>) {
    let mut starts = around.starts.clone();
    loop {
        if starts.wait_for(|count| count % 2 == 0).await.is_err() {
            return;
        }
        instructor.watch(&around.authority, &around.wall).await;
        sleep(LOOK).await;
    }
}
