//! The whole way, with an issuer that stands in: a server of its own on a real socket, which signs what it is told to.

use std::sync::{Arc, Mutex};

use axum::{Form, Json, Router, extract::State, routing::post};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, header};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use openidconnect::url::Url;
use ring::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::{
    web::{router::router, testing},
    workshops::{self, oidc::Settings},
};

const HOST: &str = "127.0.0.1:8080";
const CALLBACK: &str = "http://127.0.0.1:8080/workshops/oidc/callback";

/// What the issuer was asked, and what it says of whoever signs in.
#[derive(Clone)]
struct StandIn {
    address: String,
    key: Arc<EcdsaKeyPair>,
    /// The challenge and the nonce of who is about to come back.
    asked: Arc<Mutex<(String, String)>>,
    claims: Arc<Mutex<Value>>,
}

impl StandIn {
    async fn start() -> Self {
        let chance = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &chance).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, claims) = (Arc::default(), Arc::new(Mutex::new(json!({}))));
        let issuer = Self { address, key: Arc::new(key), asked, claims };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(described))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        issuer
    }

    /// A token as RFC 7515 has it.
    fn signed(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({"alg": "ES256", "kid": "one"})), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn described(State(issuer): State<StandIn>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", issuer.address);
    Json(json!({
        "issuer": issuer.address, "authorization_endpoint": at("/sign-in"), "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn keys(State(issuer): State<StandIn>) -> Json<Value> {
    let point = issuer.key.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    Json(json!({"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "kid": "one", "alg": "ES256", "x": x, "y": y}]}))
}

/// Gives a token to who knows the code and what the challenge was made of.
async fn token(State(issuer): State<StandIn>, Form(form): Form<Vec<(String, String)>>) -> (StatusCode, Json<Value>) {
    let given = |name: &str| form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let (challenge, nonce) = issuer.asked.lock().unwrap().clone();
    let proof = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, given("code_verifier").as_bytes()));
    if proof != challenge || given("code") != "the-code" || given("redirect_uri") != CALLBACK {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"})));
    }
    let now = Timestamp::now().as_second();
    let mut claims = json!({
        "iss": issuer.address, "aud": "podyard", "sub": "1", "iat": now, "exp": now + 300, "nonce": nonce,
    });
    let said = issuer.claims.lock().unwrap().clone();
    claims.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    let answer = json!({"access_token": "x", "token_type": "bearer", "id_token": issuer.signed(&claims)});
    (StatusCode::OK, Json(answer))
}

/// A browser with its cookies, before a server whose instructors sign in at the issuer.
struct Browser {
    router: Router,
    issuer: StandIn,
    cookies: Mutex<Vec<(String, String)>>,
}

impl Browser {
    async fn new() -> Self {
        let issuer = StandIn::start().await;
        let settings = Settings {
            issuer: issuer.address.clone(),
            client: "podyard".into(),
            secret: Some("ours".into()),
            name: "email".into(),
            allowed: vec![("groups".into(), "instructors".into())],
        };
        let mut app = testing::state(testing::scripted(), 2).await;
        let storage = app.sessions.storage().clone();
        app.workshops = workshops::testing::workshops_at(storage, Issuer::new(settings).unwrap());
        Self { router: router(app), issuer, cookies: Mutex::default() }
    }

    async fn get(&self, path: &str) -> (StatusCode, String, String) {
        let sent: Vec<String> = self.cookies.lock().unwrap().iter().map(|(k, v)| format!("{k}={v}")).collect();
        let request = Request::get(path).header(header::HOST, HOST).header(header::COOKIE, sent.join("; "));
        let response = self.router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        for set in response.headers().get_all(header::SET_COOKIE) {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            cookies.retain(|(known, _)| known != name);
            cookies.push((name.to_owned(), value.to_owned()));
        }
        let leads = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let status = response.status();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        (status, leads.unwrap_or_default(), String::from_utf8(text.to_vec()).unwrap())
    }

    /// Goes to the issuer and gives the way back that it would be sent.
    async fn leave(&self, claims: Value) -> String {
        let (status, leads, _) = self.get("/workshops/oidc").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let asked = Url::parse(&leads).unwrap();
        let given = |name: &str| asked.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        assert!(leads.starts_with(&format!("{}/sign-in?", self.issuer.address)), "{leads}");
        assert_eq!((given("response_type"), given("code_challenge_method")), ("code".into(), "S256".into()));
        assert_eq!((given("client_id"), given("redirect_uri")), ("podyard".into(), CALLBACK.into()));
        assert!(given("scope").contains("openid"), "{leads}");
        *self.issuer.asked.lock().unwrap() = (given("code_challenge"), given("nonce"));
        *self.issuer.claims.lock().unwrap() = claims;
        format!("/workshops/oidc/callback?code=the-code&state={}", given("state"))
    }
}

fn ada() -> Value {
    json!({"email": "ada@example.org", "groups": ["staff", "instructors"]})
}

#[tokio::test]
async fn who_signs_in_at_the_issuer_holds_workshops() {
    let browser = Browser::new().await;
    let (_, _, text) = browser.get("/workshops").await;
    assert!(text.contains("href=\"/workshops/oidc\"") && text.contains("Sign in at 127.0.0.1:"), "{text}");
    let back = browser.leave(ada()).await;
    let (status, _, text) = browser.get(&back).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    assert!(text.contains("You are signed in as ada@example.org.") && text.contains("url=/workshops"), "{text}");
    let (status, _, text) = browser.get("/workshops").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("Sign out ada@example.org"), "{text}");
    let (status, _, text) = browser.get(&back).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a second time it is nobody's: {text}");
}

#[tokio::test]
async fn who_is_not_allowed_is_told_and_stays_out() {
    let browser = Browser::new().await;
    let back = browser.leave(json!({"email": "bob@example.org", "groups": ["staff"]})).await;
    let (status, _, text) = browser.get(&back).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text.contains("bob@example.org may not hold workshops here."), "{text}");
    let (_, _, text) = browser.get("/workshops").await;
    assert!(text.contains("href=\"/workshops/oidc\""), "nobody is signed in: {text}");
}

#[tokio::test]
async fn an_answer_to_somebody_elses_question_signs_nobody_in() {
    let browser = Browser::new().await;
    let back = browser.leave(ada()).await;
    let (other, _) = back.split_once("&state=").unwrap();
    let (status, _, text) = browser.get(&format!("{other}&state=forged")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text.contains("begun elsewhere or too long ago"), "{text}");
    browser.cookies.lock().unwrap().clear();
    assert_eq!(browser.get(&back).await.0, StatusCode::BAD_REQUEST, "another browser has no attempt");
}

#[tokio::test]
async fn a_token_for_others_or_of_another_time_does_not_hold() {
    let browser = Browser::new().await;
    for wrong in [json!({"nonce": "other"}), json!({"aud": "others"}), json!({"exp": 1}), json!({"iss": "http://x"})] {
        let mut claims = ada();
        claims.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let back = browser.leave(claims).await;
        let (status, _, text) = browser.get(&back).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{wrong}: {text}");
        assert!(text.contains("You were not signed in there."), "{wrong}: {text}");
    }
    let back = browser.leave(ada()).await;
    "stolen".clone_into(&mut browser.issuer.asked.lock().unwrap().0);
    assert_eq!(browser.get(&back).await.0, StatusCode::FORBIDDEN, "the issuer does not take the verifier");
}
