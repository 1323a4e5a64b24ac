//! `kill -9` at random moments, while several learners work: only the newest is lost, and nothing is ever torn.
//!
//! What was stored is asked of the database and of the journals themselves, before the server is killed: however slow the
//! machine is, what they had must be there again. `PODYARD_KILLS` and `PODYARD_KILL_SEED` make more of it.

use std::{collections::BTreeSet, env, path::Path, sync::Arc, time::Duration};

use futures::future::join_all;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
use tokio::{sync::watch, task::JoinHandle};

use super::{greet, run, until_kept, until_stored};
use crate::served::{Server, say};

const LEARNERS: usize = 3;
const LESSON: &str = "x";
/// So many commands of a round at most: a sandbox takes a thousand objects, and scrollback has an end.
const MOST: u64 = 200;
/// They are quicker than people.
const BUSY: [&str; 2] = ["--commands-per-minute", "100000"];

/// A learner at work: their cookie, and how many of their commands have been answered.
struct Worker {
    part: Part,
    cookie: String,
    answered: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_a_server_has_all_that_was_stored_and_nothing_torn() {
    let given = |name: &str, otherwise: u64| env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let (kills, seed) = (given("PODYARD_KILLS", 3), given("PODYARD_KILL_SEED", 9));
    println!("PODYARD_KILLS={kills} PODYARD_KILL_SEED={seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let mut server = Server::start(&BUSY);
    let mut cookies = vec![String::new(); LEARNERS];
    for round in 0..kills {
        let (ends, ended) = watch::channel(false);
        let mut workers = Vec::new();
        for (who, cookie) in cookies.iter().enumerate() {
            workers.push(begin(&server, cookie, Part { round, who }, ended.clone()).await);
        }
        let stored = stored(&server, &mut workers, chance.random_range(1..6)).await;
        let more = chance.random_range(0..12);
        for (worker, stored) in workers.iter_mut().zip(&stored) {
            let enough = (stored + more).min(MOST);
            worker.answered.wait_for(|answered| *answered >= enough).await.unwrap();
        }
        tokio::time::sleep(Duration::from_micros(chance.random_range(0..400_000))).await;
        // Nobody says anything more, but what was said is being done.
        ends.send_replace(true);
        server.signal("-KILL");
        server.wait();
        is_whole(server.data.path()).await;
        server = Server::start_in(server.data.clone(), &BUSY);
        cookies.clear();
        for (worker, stored) in workers.into_iter().zip(stored) {
            worker.task.await.unwrap();
            let answered = *worker.answered.borrow();
            let known = known(&server, &worker.cookie, worker.part).await;
            println!("round {round}: {answered} answered, {stored} surely stored, {known} there after the end");
            assert!(known >= stored, "{known} commands are there, and {stored} had been stored");
            cookies.push(worker.cookie);
        }
    }
}

/// One learner's part of a round: what their commands are called.
#[derive(Clone, Copy)]
struct Part {
    round: u64,
    who: usize,
}

impl Part {
    /// The commands' names sort as they are run.
    fn name(self, number: u64) -> String {
        format!("c-{}-{}-{number:05}", self.round, self.who)
    }

    /// What the learner's file says.
    fn file(self) -> String {
        format!("round: {}\n", self.round)
    }

    /// How many of these names there are from the first on.
    fn first<'a>(self, names: impl Iterator<Item = &'a str>) -> u64 {
        let prefix = self.name(0).replace("00000", "");
        let there: BTreeSet<&str> = names.filter(|name| name.starts_with(&prefix)).collect();
        let count = there.len() as u64;
        let wanted: Vec<String> = (1..=count).map(|number| self.name(number)).collect();
        assert_eq!(there.into_iter().collect::<Vec<_>>(), wanted, "one is missing, and a later one is there");
        count
    }
}

/// Somebody takes their place, writes a file, and then runs one command after another, each of which makes an object.
async fn begin(server: &Server, cookie: &str, part: Part, mut ended: watch::Receiver<bool>) -> Worker {
    let (mut socket, set) = server.connect(cookie).await;
    let cookie = set.unwrap_or_else(|| cookie.to_owned());
    greet(&mut socket, LESSON).await;
    say(&mut socket, json!({"op": "save", "file": "mine.yaml", "text": part.file()})).await;
    let (answers, answered) = watch::channel(0);
    let task = tokio::spawn(async move {
        let working = async {
            for number in 1..=MOST {
                let name = part.name(number);
                let line = format!("kubectl create configmap {name}");
                let (said, code) = run(&mut socket, &name, &line).await;
                assert_eq!(code, 0, "{said}");
                answers.send_replace(number);
            }
            std::future::pending().await
        };
        tokio::select! {
            biased;
            _ = ended.wait_for(|ended| *ended) => {}
            () = working => {}
        }
    });
    Worker { part, cookie, answered, task }
}

/// Waits until so many commands of each are in the database and in the journal; gives how many those were.
async fn stored(server: &Server, workers: &mut [Worker], least: u64) -> Vec<u64> {
    let data: Arc<Path> = server.data.path().into();
    let each = workers.iter_mut().map(|worker| {
        let (data, part) = (data.clone(), worker.part);
        async move {
            let number = *worker.answered.wait_for(|answered| *answered >= least).await.unwrap();
            until_stored(&data, &format!("\"exit\",\"id\":\"{}\"", part.name(number))).await;
            tokio::task::spawn_blocking(move || until_kept(&data, &part.name(number))).await.unwrap();
            number
        }
    });
    join_all(each).await
}

/// How many commands of a round a learner finds again. What is missing is the newest: nothing is missing in between, in
/// the console as in the sandbox.
async fn known(server: &Server, cookie: &str, part: Part) -> u64 {
    let (mut socket, set) = server.connect(cookie).await;
    assert_eq!(set, None, "the learner is known");
    let (files, frames) = greet(&mut socket, LESSON).await;
    let mine = |file: &Value| file["name"] == "mine.yaml" && file["text"] == part.file();
    assert!(files.as_array().unwrap().iter().any(mine), "{files}");
    let (listed, code) = run(&mut socket, &format!("look-{}", part.round), "kubectl get configmaps -o name").await;
    assert_eq!(code, 0, "{listed}");
    let ended = frames.iter().filter(|frame| frame["op"] == "exit" && frame["code"] == 0);
    let shown = part.first(ended.filter_map(|frame| frame["id"].as_str()));
    let kept = part.first(listed.lines().filter_map(|line| line.strip_prefix("configmap/")));
    shown.min(kept)
}

/// The database as SQLite itself checks it.
async fn is_whole(data: &Path) {
    let options = SqliteConnectOptions::new().filename(data.join("podyard.db"));
    let mut database = options.connect().await.unwrap();
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut database).await.unwrap();
    assert_eq!(found, ["ok"]);
    let strays: Vec<String> =
        sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check").fetch_all(&mut database).await.unwrap();
    assert_eq!(strays, [""; 0]);
}
