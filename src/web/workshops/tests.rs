//! The instructor's and the entrance's routes, as a browser asks for them.

use axum::{Router, body::Body};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::{
    storage::{Plan, WorkshopId},
    web::{router, state::AppState, testing},
};

const HOST: &str = "127.0.0.1:8080";

struct Server {
    app: AppState,
    router: Router,
}

impl Server {
    async fn new() -> Self {
        let app = testing::state(testing::scripted(), 2).await;
        Self { router: router::router(app.clone()), app }
    }

    /// The answer: its status, where it leads, and its text.
    async fn ask(&self, request: http::request::Builder, body: &'static str) -> (StatusCode, String, String) {
        let request = request.header(header::HOST, HOST).body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let leads = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let status = response.status();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        (status, leads.unwrap_or_default(), String::from_utf8(text.to_vec()).unwrap())
    }

    async fn get(&self, path: &str, cookie: &str) -> (StatusCode, String, String) {
        self.ask(Request::get(path).header(header::COOKIE, cookie), "").await
    }

    async fn post(&self, path: &str, body: &'static str) -> (StatusCode, String, String) {
        self.ask(Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"), body).await
    }

    /// What the browser of an instructor who has signed in sends.
    fn cookie(&self, instructor: &str) -> String {
        let workshops = &self.app.workshops;
        format!("podyard-instructor={}", workshops.accounts().cookie(instructor, workshops.now()))
    }

    async fn workshop(&self, instructor: &str) -> WorkshopId {
        let (title, lessons, language) = ("Pods".to_owned(), vec!["one".to_owned()], "en".to_owned());
        let plan = Plan { title, lessons, language, capacity: 2, prewarm: 0, starts: None, ends: None };
        self.app.workshops.create(instructor, plan).await.unwrap().id
    }
}

#[tokio::test]
async fn an_instructors_pages_lead_those_who_are_none_to_where_one_signs_in() {
    let server = Server::new().await;
    let id = server.workshop("ada").await;
    for path in [format!("/workshops/{id}"), format!("/workshops/{id}/results.csv"), "/workshops/new".to_owned()] {
        let (status, leads, _) = server.get(&path, "podyard-instructor=forged").await;
        assert_eq!((status, leads.as_str()), (StatusCode::SEE_OTHER, "/workshops"), "{path}");
    }
    let (status, _, text) = server.get("/workshops", "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("action=\"/workshops/sign-in\""), "{text}");
}

#[tokio::test]
async fn a_workshop_is_its_instructors_only() {
    let server = Server::new().await;
    let id = server.workshop("ada").await;
    for path in [
        "",
        "/projector",
        "/projector/live",
        "/qr.svg",
        "/results.csv",
        "/results.json",
        "/audit",
        "/live",
        "/learners/x/live",
    ] {
        let (status, _, text) = server.get(&format!("/workshops/{id}{path}"), &server.cookie("grace")).await;
        assert_eq!((status, text.as_str()), (StatusCode::NOT_FOUND, "You have no such workshop."), "{path}");
    }
    let (status, _, text) = server.get(&format!("/workshops/{id}"), &server.cookie("ada")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("Nobody has joined yet"), "{text}");
    assert!(text.contains("All images of these lessons are on this server"), "{text}");
}

#[tokio::test]
async fn a_wrong_password_is_forbidden_and_the_right_one_leads_on() {
    let server = Server::new().await;
    let (status, _, text) = server.post("/workshops/sign-in", "name=ada&password=correct+house").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text.contains("do not belong together"), "{text}");
    let (status, leads, _) = server.post("/workshops/sign-in", "name=ada&password=correct+horse").await;
    assert_eq!((status, leads.as_str()), (StatusCode::SEE_OTHER, "/workshops"));
}

#[tokio::test]
async fn a_wrong_code_is_not_found_and_says_what_a_code_looks_like() {
    let server = Server::new().await;
    let (status, _, text) = server.post("/join", "code=KX4-7PM-QRT&name=Mira").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text.contains("No workshop has this code."), "{text}");
    assert!(text.contains("value=\"Mira\""), "what was filled in is kept: {text}");
}

#[tokio::test]
async fn another_sites_form_does_nothing() {
    let server = Server::new().await;
    let id = server.workshop("ada").await;
    let act = Request::post(format!("/workshops/{id}/do"))
        .header(header::COOKIE, server.cookie("ada"))
        .header(header::ORIGIN, "http://evil.example")
        .header(header::CONTENT_TYPE, "application/json");
    let (status, ..) = server.ask(act, r#"{"op":"end"}"#).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let room = server.app.workshops.owned("ada", &id, &server.app.catalog()).await.unwrap();
    assert_eq!(room.workshop().state.as_str(), "open");
}
