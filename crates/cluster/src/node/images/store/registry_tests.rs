//! Fetching from a registry on this machine.

use std::collections::HashMap;

use axum::{Router, extract::State, response::IntoResponse};
use http::{HeaderMap, StatusCode, Uri, header};

use super::*;
use crate::node::images::{layer::Entry, manifest::PackedLayer};

/// A registry without TLS besides the well-known ones.
fn asked(domain: &str) -> Registries {
    Registries::with(Vec::new(), vec![domain.to_owned()])
}

/// Stands among the answers of a registry that wants tokens.
const TOKENS: &str = "tokens";

/// What a registry answers, by path.
type Answers = Arc<HashMap<String, (&'static str, Vec<u8>)>>;

/// The door of what only tokens open, and the service that gives them out: to `ann` with the password `p` for what she asks
/// for, to nobody for nothing.
fn token_door(uri: &Uri, headers: &HeaderMap) -> Option<axum::response::Response> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (shown, host) = (text(header::AUTHORIZATION), text(header::HOST));
    if uri.path() == "/token" {
        let asked = uri.query().unwrap_or("").split('&').find_map(|pair| pair.strip_prefix("scope="));
        let asked = asked.unwrap_or("").replace("%3A", ":").replace("%2F", "/");
        return Some(match shown {
            // ann:p
            "Basic YW5uOnA=" => format!(r#"{{"token": "for {asked}"}}"#).into_response(),
            "" => r#"{"token": "for nothing"}"#.into_response(),
            _ => (StatusCode::UNAUTHORIZED, r#"{"details": "incorrect username or password"}"#).into_response(),
        });
    }
    let closed = uri.path() == "/v2/" || uri.path().starts_with("/v2/token/");
    (closed && shown != "Bearer for repository:token/app:pull").then(|| {
        let challenge = format!(r#"Bearer realm="http://{host}/token",service="registry""#);
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
    })
}

async fn answer(State(answers): State<Answers>, uri: Uri, headers: HeaderMap) -> axum::response::Response {
    let by_token = answers.contains_key(TOKENS);
    if by_token && let Some(refusal) = token_door(&uri, &headers) {
        return refusal;
    }
    // Where layers really are, as with Docker's: the registry's own door leads there.
    if let Some(blob) = uri.path().strip_prefix("/v2/team/moved/blobs/") {
        let place = format!("/v2/team/app/blobs/{blob}");
        return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response();
    }
    if uri.path().contains("/broken/") {
        return (StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response();
    }
    let closed = uri.path() == "/v2/" || uri.path().contains("/secret/");
    if closed && !headers.contains_key(header::AUTHORIZATION) {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=\"r\"")]).into_response();
    }
    match answers.get(uri.path()) {
        Some((kind, body)) => {
            let digest = digest(body);
            ([(header::CONTENT_TYPE.as_str(), *kind), ("docker-content-digest", &digest)], body.clone()).into_response()
        }
        None => {
            let body = r#"{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}"#;
            (StatusCode::NOT_FOUND, body).into_response()
        }
    }
}

/// The image at `team/app:list` for this machine and another, and at `team/app:other` for another alone.
fn lists(manifest: &[u8]) -> Vec<(String, (&'static str, Vec<u8>))> {
    let of = |architecture: &str| {
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let platform = serde_json::json!({"os": "linux", "architecture": architecture});
        serde_json::json!({"mediaType": kind, "digest": digest(manifest), "size": manifest.len(), "platform": platform})
    };
    let list = |name: &str, manifests: serde_json::Value| {
        let kind = "application/vnd.oci.image.index.v1+json";
        let index = serde_json::json!({"schemaVersion": 2, "mediaType": kind, "manifests": manifests});
        (format!("/v2/team/app/manifests/{name}"), (kind, index.to_string().into_bytes()))
    };
    let own = of(manifest::architecture());
    vec![list("list", serde_json::json!([of("s390x"), own])), list("other", serde_json::json!([of("s390x")]))]
}

/// A registry with an image of one layer at `team/app:1` and `secret/app:1`, and one at `team/forged:1` whose layer is
/// not what its configuration says; and a store that asks it.
async fn registry() -> (tempfile::TempDir, ImageStore, String) {
    registry_with(HashMap::new()).await
}

/// The same with these further answers.
async fn registry_with(
    mut answers: HashMap<String, (&'static str, Vec<u8>)>,
) -> (tempfile::TempDir, ImageStore, String) {
    let entries = [Entry::File { path: "/hello".to_owned(), mode: 0o644, content: b"hi".to_vec() }];
    let (compressed, layer) = layer::pack(&entries).unwrap();
    for (repository, diff_id) in [
        ("team/app", layer.diff_id.clone()),
        ("secret/app", layer.diff_id.clone()),
        ("token/app", layer.diff_id.clone()),
        ("team/forged", format!("sha256:{}", "0".repeat(64))),
    ] {
        let forged = PackedLayer { diff_id, ..layer.clone() };
        let execution = manifest::Execution { cmd: vec!["cat".to_owned()], ..Default::default() };
        let config = serde_json::to_vec(&Config::new(execution, std::slice::from_ref(&forged))).unwrap();
        let manifest = manifest::manifest(&config, std::slice::from_ref(&forged));
        let blob = |bytes: &[u8]| format!("/v2/{repository}/blobs/{}", digest(bytes));
        answers.insert(blob(&config), ("application/octet-stream", config));
        answers.insert(blob(&compressed), ("application/octet-stream", compressed.clone()));
        let kind = "application/vnd.oci.image.manifest.v1+json";
        answers.insert(format!("/v2/{repository}/manifests/{}", digest(&manifest)), (kind, manifest.clone()));
        answers.insert(format!("/v2/{repository}/manifests/1"), (kind, manifest.clone()));
        if repository == "team/app" {
            answers.extend(lists(&manifest));
            answers.insert("/v2/team/moved/manifests/1".to_owned(), (kind, manifest));
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let domain = listener.local_addr().unwrap().to_string();
    let router = Router::new().fallback(answer).with_state(Arc::new(answers));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let directory = tempfile::tempdir().unwrap();
    let store = ImageStore::open(directory.path()).unwrap().asking(asked(&domain));
    (directory, store, domain)
}

#[tokio::test]
async fn an_image_is_fetched_checked_and_kept() {
    let (_directory, store, domain) = registry().await;
    let name = format!("{domain}/team/app:1");
    assert_eq!(store.local(&name).unwrap(), None);
    let image = store.pull(&name, vec![]).await.unwrap();
    assert_eq!(fs::read_to_string(image.layers[0].join("hello")).unwrap(), "hi");
    assert_eq!(image.config.cmd, ["cat"]);
    assert!(image.repo_digest.as_ref().unwrap().starts_with(&format!("{domain}/team/app@sha256:")));
    assert_eq!(store.local(&name).unwrap(), Some(image));
    let missing = store.pull(&format!("{domain}/team/app:2"), vec![]).await.unwrap_err();
    assert!(matches!(&missing, ImageError::NotFound(text) if text.ends_with("team/app:2: not found")), "{missing}");
}

#[tokio::test]
async fn of_a_list_this_machines_image_is_taken_under_the_lists_digest() {
    let (_directory, store, domain) = registry().await;
    let single = store.pull(&format!("{domain}/team/app:1"), vec![]).await.unwrap();
    let image = store.pull(&format!("{domain}/team/app:list"), vec![]).await.unwrap();
    assert_eq!(image.id, single.id);
    assert_ne!(image.repo_digest, single.repo_digest);
    let none = store.pull(&format!("{domain}/team/app:other"), vec![]).await.unwrap_err().to_string();
    assert!(none.ends_with("/team/app:other\": no match for platform in manifest: not found"), "{none}");
    let by_digest = single.repo_digest.unwrap();
    assert_eq!(store.pull(&by_digest, vec![]).await.unwrap().id, single.id);
    let unknown = format!("{domain}/team/app@sha256:{}", "0".repeat(64));
    assert!(matches!(store.pull(&unknown, vec![]).await, Err(ImageError::NotFound(_))));
}

#[tokio::test]
async fn a_registry_may_lead_elsewhere_and_may_be_out_of_order() {
    let (_directory, store, domain) = registry().await;
    let image = store.pull(&format!("{domain}/team/moved:1"), vec![]).await.unwrap();
    assert_eq!(fs::read_to_string(image.layers[0].join("hello")).unwrap(), "hi");
    let error = store.pull(&format!("{domain}/broken/app:1"), vec![]).await.unwrap_err().to_string();
    let words = format!(
        "rpc error: code = Unknown desc = failed to pull and unpack image \"{domain}/broken/app:1\": failed to resolve \
         image: unexpected status from HEAD request to http://{domain}/v2/broken/app/manifests/1: 500 Internal Server Error"
    );
    assert_eq!(error, words);
}

#[tokio::test]
async fn what_was_pulled_is_there_after_a_restart_and_without_its_registry() {
    let (directory, store, domain) = registry().await;
    let (open, secret) = (format!("{domain}/team/app:1"), format!("{domain}/secret/app:1"));
    let image = store.pull(&open, vec![]).await.unwrap();
    let credential = Credential::at(&domain, "ann", "p");
    store.pull(&secret, vec![credential]).await.unwrap();
    let beside = ImageStore::open(directory.path()).unwrap();
    drop(store);
    // A registry that nobody names is never asked, so for this store there is none.
    let again = ImageStore::open(directory.path()).unwrap();
    for store in [again, beside] {
        assert_eq!(store.local(&open).unwrap(), Some(image.clone()));
        assert_eq!(store.pull(&open, vec![]).await.unwrap(), image);
        assert_eq!(store.local(&secret).unwrap(), None, "it is still only for those who show their password");
        assert!(store.pull(&secret, vec![]).await.is_err());
        assert_eq!(store.all().len(), 2);
    }
}

#[tokio::test]
async fn a_layer_that_is_not_what_it_says_is_refused() {
    let (directory, store, domain) = registry().await;
    let error = store.pull(&format!("{domain}/team/forged:1"), vec![]).await.unwrap_err().to_string();
    assert!(error.contains("failed to extract layer: wrong diff id calculated: sha256:"), "{error}");
    assert_eq!(fs::read_dir(directory.path().join("layers")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_was_fetched_with_a_password_is_for_those_who_have_it() {
    let (_directory, store, domain) = registry().await;
    let name = format!("{domain}/secret/app:1");
    let denied = store.pull(&name, vec![]).await.unwrap_err().to_string();
    assert!(denied.contains("pull access denied"), "{denied}");
    let credential = Credential::at(&domain, "ann", "p");
    let image = store.pull(&name, vec![credential.clone()]).await.unwrap();
    assert_eq!(store.local(&name).unwrap(), None);
    assert!(store.pull(&name, vec![]).await.is_err());
    let other = Credential::at(&domain, "bob", "q");
    assert_eq!(store.local_for(&name, std::slice::from_ref(&other)).unwrap(), None);
    assert_eq!(store.local_for(&name, &[other.clone(), credential]).unwrap(), Some(image));
    // Whom the registry gives it to has it too from then on.
    store.pull(&name, vec![other.clone()]).await.unwrap();
    assert!(store.local_for(&name, &[other]).unwrap().is_some());
}

/// As with the public registries: the door names a service that gives out tokens, for a name and a password or for nobody,
/// and a token opens what it was asked for.
#[tokio::test]
async fn tokens_are_fetched_where_the_registry_says() {
    let (_directory, store, domain) = registry_with([(TOKENS.to_owned(), ("", Vec::new()))].into()).await;
    let name = format!("{domain}/token/app:1");
    let denied = store.pull(&name, vec![]).await.unwrap_err().to_string();
    assert!(denied.contains("pull access denied"), "a token for nobody opens nothing: {denied}");
    let with = |place: &str, password: &str| Credential::at(&format!("{domain}{place}"), "ann", password);
    let wrong = store.pull(&name, vec![with("", "forgotten")]).await.unwrap_err().to_string();
    assert!(wrong.contains("failed to authorize: failed to fetch oauth token"), "{wrong}");
    let elsewhere = store.pull(&name, vec![with("/other", "p")]).await.unwrap_err().to_string();
    assert_eq!(elsewhere, denied, "a password for another part of the registry is not shown");
    // The more particular place is tried first, then the whole registry.
    let image = store.pull(&name, vec![with("", "p"), with("/token", "forgotten")]).await.unwrap();
    assert_eq!(image.config.cmd, ["cat"]);
    let both = store.pull(&format!("{domain}/token/app:2"), vec![with("", "forgotten"), with("/token", "old")]).await;
    assert_eq!(both.unwrap_err().to_string().matches("failed to pull and unpack").count(), 1, "the same is said once");
}
