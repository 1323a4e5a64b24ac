//! Answers to a lesson's questions: what is right is known here only.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{FromRef, Path, Query, State},
    response::{IntoResponse, Response},
    routing::post,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::errors::PageError;
use crate::lessons::{Catalog, quiz::Marked};

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

async fn answer(
    State(catalog): State<Arc<Catalog>>,
    Path((id, number)): Path<(String, usize)>,
    Query(Language { lang }): Query<Language>,
    answer: Result<Json<Answer>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let Ok(Json(Answer { choices })) = answer else {
        let text = "An answer is JSON: {\"choices\": [0]}\n";
        return (StatusCode::UNPROCESSABLE_ENTITY, text).into_response();
    };
    let quiz = catalog.get_in(&id, lang.as_deref()).and_then(|lesson| lesson.quizzes.get(number));
    let Some(quiz) = quiz else { return PageError::NotFound.into_response() };
    let Marked { right, choices } = quiz.mark(&choices);
    let explained = |(choice, right, why)| Explained { choice, right, why };
    Json(Verdict { right, choices: choices.into_iter().map(explained).collect() }).into_response()
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
        let folder = tempfile::tempdir().unwrap();
        let text = "# A\n\nQuestion: Which?\n\n- [x] This\n  - Because.\n- [ ] That\n";
        std::fs::write(folder.path().join("a.md"), text).unwrap();
        let catalog = Arc::new(Catalog::load(folder.path()).unwrap());
        let request = Request::post(path).header("content-type", "application/json").body(Body::from(body.to_owned()));
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
    async fn what_is_no_answer_is_refused() {
        assert_eq!(ask("/lessons/a/questions/7", "{\"choices\": []}").await.0, StatusCode::NOT_FOUND);
        assert_eq!(ask("/lessons/a/questions/0", "x").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
