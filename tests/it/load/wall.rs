//! The instructor of a run: makes the workshop, and sees on the wall who has done what.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
    time::{Duration, Instant},
};

use http_body_util::BodyExt as _;
use hyper::header;
use serde_json::Value;

use super::http::{ask, cookie, text};

/// What the server is started with.
pub const ACCOUNT: &str = "ada:correct-horse";

/// An instructor with a workshop.
#[derive(Debug, Clone)]
pub struct Instructor {
    pub cookie: String,
    /// `/workshops/ID`
    pub workshop: String,
    pub code: String,
}

impl Instructor {
    /// Signs in and makes a workshop of one lesson.
    pub async fn arrive(authority: &str, lesson: &str, capacity: usize) -> Self {
        let form = "name=ada&password=correct-horse";
        let cookie = cookie(ask(authority, "/workshops/sign-in", "", Some(form)).await).await;
        let form = format!("title=Load&lesson={lesson}&capacity={capacity}");
        let made = ask(authority, "/workshops", &cookie, Some(&form)).await;
        let workshop = made.headers()[header::LOCATION].to_str().unwrap().to_owned();
        let page = text(ask(authority, &workshop, &cookie, None).await).await;
        let code = page.split("id=\"code\">").nth(1).expect("the code is shown").split('<').next().unwrap().to_owned();
        Self { cookie, workshop, code }
    }

    /// The results of everybody, as a program gets them: the names with how many steps they have done.
    pub async fn results(&self, authority: &str) -> HashMap<String, usize> {
        let path = format!("{}/results.json", self.workshop);
        let results: Value =
            serde_json::from_str(&text(ask(authority, &path, &self.cookie, None).await).await).unwrap();
        let mut done = HashMap::new();
        for row in results["results"].as_array().unwrap() {
            *done.entry(row["name"].as_str().unwrap().to_owned()).or_default() += usize::from(row["done"].is_string());
        }
        done
    }

    /// Watches the wall until the stream ends.
    pub async fn watch(&self, authority: &str, seen: &Wall) {
        let mut stream = ask(authority, &format!("{}/live", self.workshop), &self.cookie, None).await.into_body();
        let mut rest = Vec::new();
        while let Some(Ok(frame)) = stream.frame().await {
            rest.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            while let Some(end) = rest.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = rest.drain(..end + 2).collect();
                if let Some(data) = event.strip_prefix(b"data: ") {
                    seen.take(&serde_json::from_slice(data).unwrap());
                }
            }
        }
    }
}

/// What the wall has shown, and when learners' own pages were told of it.
#[derive(Debug, Default)]
pub struct Wall(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When a learner was told that so many of their steps are done.
    told: HashMap<(String, usize), Instant>,
    /// How many of a learner's steps the wall has shown as done.
    shown: HashMap<String, usize>,
    seen: HashSet<(String, usize)>,
    took: Vec<Duration>,
}

impl Wall {
    /// A learner's page says that so many steps are done.
    pub fn told(&self, name: &str, done: usize) {
        let mut state = self.0.lock().unwrap();
        let shown = state.shown.get(name).copied().unwrap_or(0);
        if shown >= done {
            // The wall was first, or as quick.
            if state.seen.insert((name.to_owned(), done)) {
                state.took.push(Duration::ZERO);
            }
        } else {
            state.told.entry((name.to_owned(), done)).or_insert_with(Instant::now);
        }
    }

    fn take(&self, change: &Value) {
        let now = Instant::now();
        let mut state = self.0.lock().unwrap();
        for row in change["rows"].as_array().into_iter().flatten() {
            let name = row[1]["name"].as_str().unwrap().to_owned();
            let done = row[1]["cells"].as_array().unwrap().iter().filter(|cell| cell["is"] == "done").count();
            for known in 1..=done {
                if let Some(told) = state.told.remove(&(name.clone(), known))
                    && state.seen.insert((name.clone(), known))
                {
                    state.took.push(now - told);
                }
            }
            state.shown.insert(name, done);
        }
    }

    /// How long it took each time.
    pub fn took(&self) -> Vec<Duration> {
        self.0.lock().unwrap().took.clone()
    }
}
