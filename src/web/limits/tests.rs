//! Limits as a browser meets them; and those that the other tests have.

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::web::{router::router, testing};

/// What no test asks for.
pub fn limits() -> Limits {
    Limits::new(allowed())
}

fn allowed() -> Allowed {
    let plenty = NonZeroU32::new(10_000).unwrap();
    Allowed {
        sessions: 100,
        requests: plenty,
        joins: plenty,
        sign_ins: plenty,
        body: 3 << 20,
        pages: 20,
        messages: plenty,
        proxies: vec!["127.0.0.0/8".parse().unwrap()],
    }
}

async fn state(allowed: Allowed) -> AppState {
    let limits = std::sync::Arc::new(Limits::new(allowed));
    AppState { limits, ..testing::state(testing::scripted(), 10).await }
}

fn few(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

async fn answer(router: &Router, path: &str, from: &str, form: Option<&'static str>) -> (StatusCode, String) {
    let request = Request::builder().uri(path).header("host", "127.0.0.1:8080").header("x-forwarded-for", from);
    let request = match form {
        Some(form) => request
            .method("POST")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::CONTENT_LENGTH, form.len())
            .body(Body::from(form)),
        None => request.body(Body::empty()),
    };
    let response = router.clone().oneshot(request.unwrap()).await.unwrap();
    let status = response.status();
    let text = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test]
async fn who_asks_too_often_is_told_and_others_are_not_troubled() {
    let router = router(state(Allowed { requests: few(1), ..allowed() }).await);
    let mut told = None;
    for _ in 0..=BURST.get() * 3 {
        told = Some(answer(&router, "/", "203.0.113.7", None).await).filter(|(status, _)| status.as_u16() == 429);
        if told.is_some() {
            break;
        }
    }
    let (_, text) = told.expect("the limit is reached");
    assert!(text.contains("Wait a moment and reload the page"), "{text}");
    assert_eq!(answer(&router, "/", "203.0.113.8", None).await.0, StatusCode::OK);
    assert_eq!(answer(&router, "/healthz", "203.0.113.7", None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn codes_and_passwords_are_not_guessed() {
    let router = router(state(Allowed { joins: few(2), sign_ins: few(1), ..allowed() }).await);
    let code = Some("code=KX4-7PM-QRT&name=Mira");
    let password = Some("name=ada&password=correct+house");
    let mut statuses = Vec::new();
    for (path, form) in [("/join", code), ("/join/KX4-7PM-QRT", None), ("/join", code), ("/join/KX4-7PM-QRT", None)] {
        statuses.push(answer(&router, path, "203.0.113.7", form).await.0.as_u16());
    }
    assert_eq!(statuses, [404, 404, 429, 429]);
    assert_eq!(answer(&router, "/workshops/sign-in", "203.0.113.7", password).await.0, StatusCode::FORBIDDEN);
    let (status, text) = answer(&router, "/workshops/sign-in", "203.0.113.7", password).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(text.contains("Too many wrong tries"), "{text}");
    assert_eq!(answer(&router, "/join", "203.0.113.8", code).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_too_large_is_refused_in_words() {
    let router = router(state(Allowed { body: 8, ..allowed() }).await);
    let (status, text) = answer(&router, "/join", "203.0.113.7", Some("code=KX4-7PM-QRT")).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(text.contains("--max-body"), "{text}");
}

#[tokio::test]
async fn an_address_has_so_many_sessions_and_a_workshops_learners_do_not_count() {
    let app = state(Allowed { sessions: 1, ..allowed() }).await;
    let here = std::net::IpAddr::from([203, 0, 113, 7]).into();
    let mut learners = Vec::new();
    for _ in 0..2 {
        learners.push(app.sessions.visitor(None).await.unwrap().learner);
    }
    assert_eq!(too_many_here(&app, here, &learners[0], Texts::english()).await, None);
    let _session = app.sessions.session_of(&learners[0], None).await.unwrap();
    assert_eq!(too_many_here(&app, here, &learners[0], Texts::english()).await, None, "who is in stays in");
    let why = too_many_here(&app, here, &learners[1], Texts::english()).await.unwrap();
    assert!(why.starts_with("1 people learn from your address already"), "{why}");
    let there = std::net::IpAddr::from([203, 0, 113, 8]).into();
    assert_eq!(too_many_here(&app, there, &learners[1], Texts::english()).await, None);

    let third = app.sessions.visitor(None).await.unwrap().learner;
    let plan = crate::storage::Plan {
        title: "Pods".into(),
        lessons: vec!["one".into()],
        language: "en".into(),
        capacity: 5,
        prewarm: 0,
        starts: None,
        ends: None,
    };
    let code = app.workshops.create("ada", plan).await.unwrap().code;
    app.workshops.join(&code, "Mira", &third, &app.catalog()).await.unwrap();
    assert_eq!(too_many_here(&app, here, &third, Texts::english()).await, None);
}
