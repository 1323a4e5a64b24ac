//! How much one address may ask for. What is too much is answered in words, with what to do.

mod tries;

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
    sync::{Mutex, MutexGuard},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::{HeaderValue, header};
use ipnet::IpNet;

pub use self::tries::Tries;
use super::{address::Address, errors::PageError, state::AppState, texts::Texts};
use crate::{sessions::Sessions, storage::LearnerId};

/// What passes at once, in seconds of what passes steadily: a class that opens a page together.
const BURST: NonZeroU32 = NonZeroU32::new(10).expect("it is not 0");
/// When so many addresses are known, those that have rested are forgotten.
const KNOWN: usize = 10_000;

/// What is allowed; each has a flag.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// Sessions of one address, those of workshops' learners apart: they were let in by a code.
    pub sessions: usize,
    /// Requests a second of one address.
    pub requests: NonZeroU32,
    /// Wrong codes a minute of one address.
    pub joins: NonZeroU32,
    /// Wrong passwords a minute of one address.
    pub sign_ins: NonZeroU32,
    /// The largest request and the longest message of a page, in bytes.
    pub body: usize,
    /// Pages that one learner may have open.
    pub pages: usize,
    /// Messages a second of one page.
    pub messages: NonZeroU32,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpNet>,
}

/// The same, with what has been asked for.
#[derive(Debug)]
pub struct Limits {
    /// What is allowed.
    pub allowed: Allowed,
    /// Wrong codes.
    pub joins: Tries,
    /// Wrong passwords.
    pub sign_ins: Tries,
    requests: DefaultKeyedRateLimiter<Address>,
    sessions: Mutex<HashMap<Address, HashSet<LearnerId>>>,
}

impl Limits {
    /// Nobody has asked for anything.
    pub fn new(allowed: Allowed) -> Self {
        let steady = Quota::per_second(allowed.requests);
        let requests = RateLimiter::keyed(steady.allow_burst(allowed.requests.saturating_mul(BURST)));
        let (joins, sign_ins) = (Tries::new(allowed.joins), Tries::new(allowed.sign_ins));
        Self { allowed, joins, sign_ins, requests, sessions: Mutex::default() }
    }

    fn may_ask(&self, address: Address) -> bool {
        if self.requests.len() > KNOWN {
            self.requests.retain_recent();
        }
        self.requests.check_key(&address).is_ok()
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<Address, HashSet<LearnerId>>> {
        self.sessions.lock().expect("nothing panics while it holds who comes from where")
    }

    /// Counts a learner for their address; false when others of it have all its sessions.
    fn takes(&self, address: Address, learner: &LearnerId, lives: impl Fn(&LearnerId) -> bool) -> bool {
        let mut sessions = self.sessions();
        for learners in sessions.values_mut() {
            learners.retain(|other| other == learner || lives(other));
        }
        sessions.retain(|_, learners| !learners.is_empty());
        let here = sessions.entry(address).or_default();
        let takes = here.contains(learner) || here.len() < self.allowed.sessions;
        if takes {
            here.insert(learner.clone());
        }
        takes
    }
}

/// Why a learner gets no session from where they are; a sentence for them.
pub async fn too_many_here(app: &AppState, address: Address, learner: &LearnerId, t: &Texts) -> Option<String> {
    let sessions: &Sessions = &app.sessions;
    let lives = |other: &LearnerId| sessions.of_learner(other).is_some();
    if lives(learner) || app.limits.takes(address, learner, lives) || app.workshops.has(learner).await {
        return None;
    }
    Some(t.with("socket.tooManyHere", "most", app.limits.allowed.sessions))
}

/// Notes from where a request comes, and refuses what is too much.
pub async fn measure(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let address = Address::of(&parts, &app.limits.allowed.proxies);
    parts.extensions.insert(address);
    // Whoever looks after the server must be able to.
    let watches = matches!(parts.uri.path(), "/healthz" | "/readyz" | "/metrics");
    if !watches && !app.limits.may_ask(address) {
        return too_often(PageError::TooMany);
    }
    let length =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > app.limits.allowed.body) {
        return PageError::TooLarge.into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

/// A refusal with when to come again.
fn too_often(error: PageError) -> Response {
    let mut response = error.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

#[cfg(test)]
pub mod tests;
