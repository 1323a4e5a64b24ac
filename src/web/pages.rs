//! The pages that people read: the catalogue, a lesson, and what is said when there is neither.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::Router;
use axum::extract::Extension;
use axum::extract::{FromRef, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::lessons::Catalog;
use crate::lessons::model::{Lesson, LessonFile, Need};
use crate::sandbox::Capabilities;
use crate::web::assets;
use crate::web::errors::PageError;
use crate::web::nonce::Nonce;
use crate::web::progress::Standing;
use crate::web::texts::{self, Texts};

#[derive(Template, WebTemplate)]
#[template(path = "catalogue.html")]
struct CataloguePage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    lessons: Vec<&'a Lesson>,
    minutes: u32,
    standing: &'a Standing,
}

#[derive(Template, WebTemplate)]
#[template(path = "lesson.html")]
struct LessonPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    lesson: &'a Lesson,
    /// What the editor shows before any script runs.
    first: Option<&'a LessonFile>,
    /// What the lesson needs that this server's sandboxes lack.
    lacking: Vec<String>,
    before: Option<&'a Lesson>,
    after: Option<&'a Lesson>,
}

#[derive(Template, WebTemplate)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    nonce: &'a str,
    t: &'static Texts,
    title: &'a str,
    text: &'a str,
}

/// `/` and `/lessons/<id>`
pub fn routes<S>() -> Router<S>
where
    Arc<Catalog>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/", get(catalogue)).route("/lessons/{id}", get(lesson))
}

/// `?lang=de`: the reader's choice for this and the following pages.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Choice {
    #[serde(default)]
    lang: Option<String>,
}

async fn catalogue(
    nonce: Option<Extension<Nonce>>,
    standing: Option<Extension<Arc<Standing>>>,
    headers: HeaderMap,
    Query(Choice { lang }): Query<Choice>,
    State(catalog): State<Arc<Catalog>>,
) -> Response {
    let nonce = word(&nonce);
    let standing = standing.map(|Extension(standing)| standing).unwrap_or_default();
    let languages = texts::languages(&headers, lang.as_deref());
    let lessons = catalog.lessons().iter();
    let lessons: Vec<&Lesson> = lessons.filter_map(|l| catalog.get_in(&l.id, languages.iter().copied())).collect();
    let minutes = lessons.iter().filter_map(|lesson| lesson.minutes).sum();
    let page = CataloguePage { nonce, t: texts::first(&languages), lessons, minutes, standing: &standing };
    texts::keep(fresh(page), lang.as_deref())
}

async fn lesson(
    nonce: Option<Extension<Nonce>>,
    capabilities: Option<Extension<Capabilities>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(Choice { lang }): Query<Choice>,
    State(catalog): State<Arc<Catalog>>,
) -> Response {
    let nonce = word(&nonce);
    let languages = texts::languages(&headers, lang.as_deref());
    let read = |id: &str| catalog.get_in(id, languages.iter().copied());
    let t = texts::first(&languages);
    let Some(lesson) = read(&id) else { return PageError::NoLesson.page(&Nonce(nonce.to_owned()), t) };
    let (before, after) = catalog.neighbours(&id);
    let (before, after) = (before.and_then(|other| read(&other.id)), after.and_then(|other| read(&other.id)));
    let lacking = capabilities.map(|Extension(capabilities)| lacking(lesson, &capabilities, t)).unwrap_or_default();
    let page = LessonPage { nonce, t, lesson, first: lesson.files.first(), lacking, before, after };
    texts::keep(fresh(page), lang.as_deref())
}

/// What a lesson needs that sandboxes lack, in the reader's words.
fn lacking(lesson: &Lesson, capabilities: &Capabilities, t: &Texts) -> Vec<String> {
    let lacks = |need: &&Need| need.is_lacking(capabilities.nodes, |name| capabilities.can(name));
    let said = |need: &Need| match need {
        Need::Nodes(count) => t.with("needs.nodes", "count", count),
        Need::Ability(name) => t.say(&format!("needs.{name}")).to_owned(),
    };
    lesson.needs.iter().filter(lacks).map(said).collect()
}

fn word(nonce: &Option<Extension<Nonce>>) -> &str {
    nonce.as_ref().map_or("", |Extension(Nonce(word))| word)
}

/// A page that says what went wrong, in words for the learner, and leads back.
pub fn error(nonce: &str, t: &'static Texts, status: StatusCode, title: &str, text: &str) -> Response {
    (status, ErrorPage { nonce, t, title, text }).into_response()
}

/// Pages change with the lessons, the session and the reader's language, so a browser asks for them each time.
fn fresh(page: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-cache"), (header::VARY, "accept-language, cookie")], page).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    #[test]
    fn what_a_sandbox_lacks_is_said_in_the_readers_language() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.md"), "---\nlab: {needs: [nodes>1, metrics, root]}\n---\n# A\n").unwrap();
        let catalog = Catalog::load(folder.path()).unwrap();
        let lesson = catalog.get("a").unwrap();
        let said = |t: &Texts| lacking(lesson, &Capabilities::kind(1), t);
        assert_eq!(said(Texts::english()), ["2 nodes", "kubectl top"]);
        assert_eq!(said(texts::first(&["de"])), ["2 Knoten", "den Befehl kubectl top"]);
        assert_eq!(lacking(lesson, &Capabilities::embedded(1, true), Texts::english()), ["2 nodes"]);
        assert!(lacking(lesson, &Capabilities::embedded(2, true), Texts::english()).is_empty());
        for (name, _) in crate::lessons::needs::KNOWN {
            let key = format!("needs.{name}");
            assert_ne!(Texts::english().say(&key), key);
        }
    }

    async fn page(path: &str) -> (StatusCode, String) {
        page_with(path, None).await
    }

    async fn page_with(path: &str, nonce: Option<&str>) -> (StatusCode, String) {
        page_in(path, nonce, "en").await
    }

    async fn page_in(path: &str, nonce: Option<&str>, language: &str) -> (StatusCode, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "---\nid: one\ntitle: One & only\ndescription: Begin here.\nlab: {time: 5m}\n---\nHello.\n\n## Go\n\n\
                    ```bash\nkubectl apply -f a.yaml\n```\n\n```yaml title=\"a.yaml\"\napiVersion: v1\nkind: Pod\n```\n";
        std::fs::write(folder.path().join("one.md"), text).expect("a lesson");
        std::fs::write(folder.path().join("three.md"), "# Three\n").expect("another");
        std::fs::write(folder.path().join("three.de.md"), "# Drei\n").expect("its translation");
        let catalog = Arc::new(Catalog::load(folder.path()).expect("a catalogue"));
        let mut request = Request::builder().uri(path).header(header::ACCEPT_LANGUAGE, language);
        if let Some(nonce) = nonce {
            request = request.extension(Nonce(nonce.into()));
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = routes::<Arc<Catalog>>().with_state(catalog).oneshot(request).await.expect("an answer");
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    #[tokio::test]
    async fn a_lesson_is_shown_in_the_language_that_is_asked_for() {
        let (_, html) = page_in("/lessons/three", None, "de").await;
        assert!(html.contains("Drei") && html.contains("<article class=\"prose\" lang=\"de\">"), "{html}");
        let (_, html) = page_in("/lessons/three?lang=en", None, "de").await;
        assert!(html.contains("Three"));
        let (_, html) = page_in("/", None, "de").await;
        assert!(html.contains("Drei"));
    }

    #[tokio::test]
    async fn the_catalogue_leads_to_the_lessons() {
        let (status, html) = page("/").await;
        assert_eq!(status, StatusCode::OK);
        assert!(html.contains("href=\"/lessons/one\"") && html.contains("One &#38; only"), "{html}");
        assert!(html.contains("Begin here.") && html.contains("5 min"));
    }

    #[tokio::test]
    async fn a_lesson_has_the_names_that_people_and_tests_look_for() {
        let (status, html) = page("/lessons/one").await;
        assert_eq!(status, StatusCode::OK);
        for name in ["aria-label=\"Manifest\"", "aria-label=\"Command\"", "role=\"log\" aria-label=\"Console\""] {
            assert!(html.contains(name), "{name}");
        }
        for name in ["Apply", "Pods", "Logs", "Events", "Timeline", "Reset sandbox", "Run"] {
            assert!(html.contains(&format!(">{name}<")), "{name}");
        }
        assert!(html.contains("apiVersion: v1\nkind: Pod\n</textarea>"), "the manifest is there before any script");
    }

    #[tokio::test]
    async fn nothing_runs_or_styles_inline() {
        let (_, html) = page("/lessons/one").await;
        for inline in [" style=", " onclick=", "<style", "<script>"] {
            assert!(!html.contains(inline), "{inline}");
        }
    }

    #[tokio::test]
    async fn every_script_carries_the_nonce_of_the_answer() {
        for path in ["/", "/lessons/one", "/lessons/two"] {
            let (_, html) = page_with(path, Some("abc123")).await;
            assert!(html.contains("<script"));
            assert_eq!(html.matches("<script").count(), html.matches("<script nonce=\"abc123\"").count(), "{path}");
        }
    }

    #[tokio::test]
    async fn the_page_speaks_the_readers_language() {
        let (_, html) = page_in("/lessons/one", None, "de").await;
        assert!(html.contains("<html lang=\"de\">") && html.contains("aria-label=\"Werkbank\""), "{html}");
        assert!(html.contains("<article class=\"prose\" lang=\"en\">"), "the lesson's own language stays");
    }

    #[tokio::test]
    async fn an_unknown_lesson_is_not_found_and_leads_back() {
        let (status, html) = page("/lessons/two").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(html.contains("There is no such lesson") && html.contains("href=\"/\""));
        let (_, html) = page_in("/lessons/two", None, "de").await;
        assert!(html.contains("Diese Lektion gibt es nicht") && html.contains("<html lang=\"de\">"), "{html}");
    }
}
