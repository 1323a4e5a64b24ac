//! Answers to a lesson's questions: what is right is known here only.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Json, Router,
    extract::{FromRef, FromRequest as _, Path, Query, Request, State},
    response::{IntoResponse, Response},
    routing::post,
};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};

use super::{
    assets,
    errors::PageError,
    nonce::Nonce,
    texts::{self, Texts},
};
use crate::lessons::{
    Catalog,
    model::Lesson,
    quiz::{Marked, Quiz},
};

/// `/lessons/<id>/questions/<number>`
pub fn routes<S>() -> Router<S>
where
    Arc<Catalog>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/lessons/{id}/questions/{number}", post(answer))
}

/// What was chosen, each by its number from 0.
#[derive(Debug, Deserialize)]
struct Answer {
    choices: Vec<usize>,
}

/// The language of the question.
#[derive(Debug, Deserialize)]
struct Language {
    #[serde(default)]
    lang: Option<String>,
}

/// What is said about an answer.
#[derive(Debug, Serialize)]
struct Verdict {
    right: bool,
    choices: Vec<Explained>,
}

/// A choice that was made.
#[derive(Debug, Serialize)]
struct Explained {
    choice: usize,
    right: bool,
    /// As HTML; empty where the author gives no reason.
    why: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "answer.html")]
struct AnswerPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    lesson: &'a Lesson,
    quiz: &'a Quiz,
    marked: Marked,
    /// The step of the lesson in which the question stands.
    step: Option<&'a str>,
}

/// Scripts ask with JSON and get JSON. Without scripts the form itself is sent, and what comes back is a page.
async fn answer(
    State(catalog): State<Arc<Catalog>>,
    Path((id, number)): Path<(String, usize)>,
    Query(Language { lang }): Query<Language>,
    request: Request,
) -> Response {
    let lesson = catalog.get_in(&id, lang.as_deref());
    let Some((lesson, quiz)) = lesson.and_then(|lesson| Some((lesson, lesson.quizzes.get(number)?))) else {
        return PageError::NotFound.into_response();
    };
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return answer_by_page(lesson, quiz, request).await;
    }
    let Ok(Json(Answer { choices })) = Json::from_request(request, &()).await else {
        let text = "An answer is JSON: {\"choices\": [0]}\n";
        return (StatusCode::UNPROCESSABLE_ENTITY, text).into_response();
    };
    let Marked { right, choices } = quiz.mark(&choices);
    let explained = |(choice, right, why)| Explained { choice, right, why };
    Json(Verdict { right, choices: choices.into_iter().map(explained).collect() }).into_response()
}

async fn answer_by_page(lesson: &Lesson, quiz: &Quiz, request: Request) -> Response {
    let nonce = request.extensions().get::<Nonce>().cloned();
    let t = texts::of(request.headers());
    let Ok(Form(fields)) = Form::<Vec<(String, String)>>::from_request(request, &()).await else {
        return PageError::NotSo.into_response();
    };
    let chosen = fields.iter().filter(|(name, _)| name == "choice").filter_map(|(_, value)| value.parse().ok());
    let marked = quiz.mark(&chosen.collect::<Vec<usize>>());
    let step = lesson.steps.iter().rev().find(|step| step.place <= quiz.place).map(|step| step.id.as_str());
    let nonce = nonce.as_ref().map_or("", |Nonce(word)| word);
    AnswerPage { nonce, t, lesson, quiz, marked, step }.into_response()
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::Request,
    };
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(path: &str, body: &str) -> (StatusCode, String) {
        ask_as("application/json", path, body).await
    }

    async fn ask_as(kind: &str, path: &str, body: &str) -> (StatusCode, String) {
        let folder = tempfile::tempdir().unwrap();
        let text = "# A\n\nQuestion: Which?\n\n- [x] This\n  - Because.\n- [ ] That\n";
        std::fs::write(folder.path().join("a.md"), text).unwrap();
        let catalog = Arc::new(Catalog::load(folder.path()).unwrap());
        let request = Request::post(path).header("content-type", kind).body(Body::from(body.to_owned()));
        let response = routes::<Arc<Catalog>>().with_state(catalog).oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_answer_is_marked_and_only_what_was_chosen_is_explained() {
        let (_, right) = ask("/lessons/a/questions/0", "{\"choices\": [0]}").await;
        assert_eq!(right, r#"{"right":true,"choices":[{"choice":0,"right":true,"why":"Because."}]}"#);
        let (_, wrong) = ask("/lessons/a/questions/0", "{\"choices\": [1]}").await;
        assert!(wrong.starts_with("{\"right\":false") && !wrong.contains("Because"));
    }

    #[tokio::test]
    async fn without_scripts_the_form_is_answered_by_a_page() {
        let form = "application/x-www-form-urlencoded";
        let (status, right) = ask_as(form, "/lessons/a/questions/0", "choice=0").await;
        assert_eq!(status, StatusCode::OK);
        assert!(right.contains("<h1>Right.</h1>") && right.contains("Because."), "{right}");
        let (_, wrong) = ask_as(form, "/lessons/a/questions/0", "choice=1").await;
        assert!(wrong.contains("<h1>Not quite.</h1>") && !wrong.contains("Because."), "{wrong}");
        let (_, none) = ask_as(form, "/lessons/a/questions/0", "").await;
        assert!(none.contains("<h1>Choose an answer first.</h1>") && none.contains("href=\"/lessons/a\""), "{none}");
    }

    #[tokio::test]
    async fn what_is_no_answer_is_refused() {
        assert_eq!(ask("/lessons/a/questions/7", "{\"choices\": []}").await.0, StatusCode::NOT_FOUND);
        assert_eq!(ask("/lessons/a/questions/0", "x").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
