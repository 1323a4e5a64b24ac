//! The routes over real sockets.

use std::{net::SocketAddr, sync::Arc};

use axum::body::Body;
use futures::{SinkExt as _, StreamExt as _};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error as SocketError, Message as Packet, client::IntoClientRequest as _},
};

use super::{state::AppState, testing};

/// How long a message may be awaited before the test gives up.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

struct Server {
    address: SocketAddr,
    app: AppState,
}

async fn serve(max: usize) -> Server {
    let app = testing::state(testing::scripted(), max).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = super::router::router(app.clone());
    let sessions = app.sessions.clone();
    tokio::spawn(async move { sessions.keep_time().await });
    tokio::spawn(async move { axum::serve(listener, router).await });
    Server { address, app }
}

impl Server {
    /// Sends a request; what is answered is still to be read.
    async fn begin(&self, request: http::request::Builder) -> Response<Incoming> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let has_host = request.headers_ref().unwrap().contains_key(header::HOST);
        let request = if has_host { request } else { request.header(header::HOST, self.address.to_string()) };
        sender.send_request(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn ask(&self, request: http::request::Builder) -> (Response<()>, String) {
        let (head, body) = self.begin(request).await.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (Response::from_parts(head, ()), text)
    }

    /// Where the API is that a kubeconfig is for.
    fn api_in(&self, kubeconfig: &str) -> String {
        let start = kubeconfig.find("http://").unwrap();
        let url = kubeconfig[start..].split(['"', '\n']).next().unwrap();
        url.strip_prefix(&format!("http://{}", self.address)).unwrap().to_owned()
    }

    async fn get(&self, path: &str) -> (Response<()>, String) {
        self.ask(Request::get(path)).await
    }

    async fn socket(&self, cookie: &str, origin: &str) -> Result<WebSocketStream<TcpStream>, Box<SocketError>> {
        let mut request = format!("ws://{}/socket", self.address).into_client_request().unwrap();
        request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        let stream = TcpStream::connect(self.address).await.unwrap();
        client_async(request, stream).await.map(|(socket, _)| socket).map_err(Box::new)
    }

    /// A page that has been loaded and has said hello: its cookie and its socket.
    async fn page(&self) -> (String, WebSocketStream<TcpStream>) {
        let (response, _) = self.get("/lessons/one").await;
        let cookie = cookie(&response);
        let mut socket = self.socket(&cookie, &format!("http://{}", self.address)).await.unwrap();
        say(&mut socket, json!({"op": "hello", "lesson": "one"})).await;
        hear(&mut socket, |m| m["state"] == "ready").await;
        (cookie, socket)
    }
}

fn cookie(response: &Response<()>) -> String {
    let set = response.headers()[header::SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: Value) {
    socket.send(Packet::text(message.to_string())).await.unwrap();
}

async fn hear(socket: &mut WebSocketStream<TcpStream>, wanted: impl Fn(&Value) -> bool) -> Value {
    let found = async {
        loop {
            if let Packet::Text(text) = socket.next().await.unwrap().unwrap() {
                let message: Value = serde_json::from_str(&text).unwrap();
                if wanted(&message) {
                    return message;
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("the message in time")
}

#[tokio::test]
async fn pages_carry_a_cookie_and_strict_headers() {
    let server = serve(10).await;
    let (response, html) = server.get("/").await;
    assert_eq!(response.status(), StatusCode::OK);
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self' 'nonce-"), "{policy}");
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(html.contains(&format!("nonce=\"{nonce}\"")), "the page's scripts carry the nonce");
    let again = server.ask(Request::get("/").header(header::COOKIE, cookie(&response))).await.0;
    assert!(!again.headers().contains_key(header::SET_COOKIE), "a cookie that holds is kept");
    assert!(server.app.sessions.is_empty(), "looking at a page makes no session");
}

#[tokio::test]
async fn health_readiness_and_metrics() {
    let server = serve(10).await;
    assert_eq!(server.get("/healthz").await.1, "ok\n");
    assert_eq!(server.get("/readyz").await.0.status(), StatusCode::OK);
    let (_, _socket) = server.page().await;
    let metrics = server.get("/metrics").await.1;
    assert!(metrics.contains("podyard_sessions 1") && metrics.contains("podyard_sockets 1"), "{metrics}");
    server.app.closing.cancel();
    assert_eq!(server.get("/readyz").await.0.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn errors_are_pages_that_lead_back() {
    let server = serve(10).await;
    let (response, html) = server.get("/nowhere").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(html.contains("There is nothing here") && html.contains("href=\"/\""), "{html}");
    let (response, html) = server.get("/socket").await;
    assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
    assert!(html.contains("speaks websocket"));
}

#[tokio::test]
async fn other_sites_and_foreign_names_are_turned_away() {
    let server = serve(10).await;
    let refused = server.socket("", "http://evil.example").await.err().map(|e| *e);
    assert!(matches!(refused, Some(SocketError::Http(r)) if r.status() == StatusCode::FORBIDDEN));
    let rebound = server.ask(Request::get("/").header(header::HOST, "evil.example")).await.0;
    assert_eq!(rebound.status(), StatusCode::MISDIRECTED_REQUEST);
    let post = Request::post("/").header(header::ORIGIN, "http://evil.example");
    assert_eq!(server.ask(post).await.0.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_begins_a_session_with_one_that_is() {
    let server = serve(10).await;
    let origin = format!("http://{}", server.address);
    let planted = "00000000000000000000000000000000";
    let mut request = format!("ws://{}/socket", server.address).into_client_request().unwrap();
    request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
    request.headers_mut().insert(header::COOKIE, format!("podyard={planted}").parse().unwrap());
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (_socket, response) = client_async(request, stream).await.unwrap();
    let set = response.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(!set.contains(planted), "{set}");
}

#[tokio::test]
async fn who_comes_when_all_places_are_taken_waits_in_line_and_gets_one_in_turn() {
    let server = serve(1).await;
    let (cookie, _first) = server.page().await;
    let origin = format!("http://{}", server.address);
    let (mut second, mut third) =
        (server.socket("", &origin).await.unwrap(), server.socket("", &origin).await.unwrap());
    let place = |message: Value| (message["before"].as_u64().unwrap(), message["places"].as_u64().unwrap());
    let (one, other) =
        (place(hear(&mut second, |m| m["op"] == "queue").await), place(hear(&mut third, |m| m["op"] == "queue").await));
    assert_eq!((one.min(other), one.max(other)), ((0, 1), (1, 1)));
    let (mut front, mut back) = if one < other { (second, third) } else { (third, second) };
    front.send(Packet::text(json!({"op": "hello", "lesson": "one"}).to_string())).await.unwrap();
    let token = crate::sessions::ids::Token::parse(cookie.split('=').nth(1).unwrap()).unwrap();
    server.app.sessions.get(&token).await.unwrap().end();
    hear(&mut front, |m| m["op"] == "welcome").await;
    assert_eq!(place(hear(&mut back, |m| m["op"] == "queue").await), (0, 1));
}

#[tokio::test]
async fn a_learners_own_programs_reach_their_sandbox_and_no_other() {
    let server = serve(10).await;
    let (cookie, _socket) = server.page().await;
    assert_eq!(server.get("/kubeconfig").await.0.status(), StatusCode::NOT_FOUND);
    let (response, text) = server.ask(Request::get("/kubeconfig").header(header::COOKIE, &cookie)).await;
    assert_eq!(response.status(), StatusCode::OK, "{text}");
    let path = server.api_in(&text);
    let (response, list) = server.get(&format!("{path}/api/v1/namespaces/default/pods?limit=500")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(list.contains("\"PodList\""), "{list}");
    let other = server.get("/kube/00000000000000000000000000000000/api/v1/pods").await.0;
    assert_eq!(other.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_address_that_is_renewed_lets_nobody_in_and_cuts_off_who_is() {
    let server = serve(10).await;
    let (cookie, _socket) = server.page().await;
    let origin = format!("http://{}", server.address);
    let (_, text) = server.ask(Request::get("/kubeconfig").header(header::COOKIE, &cookie)).await;
    let old = server.api_in(&text);
    // A watch never ends by itself.
    let watch = Request::get(format!("{old}/api/v1/namespaces/default/configmaps?watch=true"));
    let watching = server.begin(watch).await;
    assert_eq!(watching.status(), StatusCode::OK);
    // Only our own pages may ask for it.
    let renewal = |origin: &str| {
        server.ask(Request::post("/kubeconfig").header(header::COOKIE, &cookie).header(header::ORIGIN, origin))
    };
    assert_eq!(renewal("http://x.test").await.0.status(), StatusCode::FORBIDDEN);
    let (response, text) = renewal(&origin).await;
    assert_eq!(response.status(), StatusCode::OK, "{text}");
    watching.into_body().collect().await.expect("it ends in order");
    let new = server.api_in(&text);
    assert_ne!(old, new);
    let (response, said) = server.get(&format!("{old}/api/v1/namespaces/default/pods")).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{said}");
    assert!(said.contains("\"Status\""), "kubectl shows it as an API server's: {said}");
    assert_eq!(server.get(&format!("{new}/api/v1/namespaces/default/pods")).await.0.status(), StatusCode::OK);
    // It is the one that a new page is told, too.
    let (_, again) = server.ask(Request::get("/kubeconfig").header(header::COOKIE, &cookie)).await;
    assert_eq!(server.api_in(&again), new);
}

/// Whatever the rest of the address says, it is the sandbox's API that answers: no page, no file, no other host.
#[tokio::test]
async fn nothing_but_the_api_is_behind_its_address() {
    let server = serve(10).await;
    let (cookie, _socket) = server.page().await;
    let (_, text) = server.ask(Request::get("/kubeconfig").header(header::COOKIE, &cookie)).await;
    let path = server.api_in(&text);
    for rest in
        ["/../../healthz", "/%2e%2e/%2e%2e/me/export", "//127.0.0.1:1/x", "/http://127.0.0.1:1/x", "/lessons/one"]
    {
        let (response, said) = server.get(&format!("{path}{rest}")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{rest}: {said}");
        assert!(!said.contains("<html") && !said.contains("learner"), "{rest}: {said}");
    }
    // The learner's cookie opens our pages and nothing in here.
    let request = Request::get(format!("{path}/me/export")).header(header::COOKIE, &cookie);
    assert_eq!(server.ask(request).await.0.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_forwarded_port_is_shown_without_our_cookie_and_as_a_stranger() {
    let server = serve(10).await;
    let (cookie, mut socket) = server.page().await;
    say(&mut socket, json!({"op": "run", "id": "f", "line": "kubectl port-forward pod/web 5000:80"})).await;
    let open = hear(&mut socket, |m| m["op"] == "forwards" && m["forwards"][0].is_object()).await;
    assert_eq!(open["forwards"][0]["target"], "pod/web");
    let url = open["forwards"][0]["url"].as_str().unwrap().to_owned();
    let (response, body) = server.ask(Request::get(&url).header(header::COOKIE, &cookie)).await;
    assert_eq!((response.status(), body.as_str()), (StatusCode::OK, "cookie seen: false"));
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("sandbox allow-scripts allow-forms"), "{policy}");
    assert!(!response.headers().contains_key(header::SET_COOKIE));
    say(&mut socket, json!({"op": "cancel", "id": "f"})).await;
    hear(&mut socket, |m| m["op"] == "forwards" && m["forwards"] == json!([])).await;
    let (response, html) = server.get(&url).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(html.contains("This port is not open"), "{html}");
}

#[tokio::test]
async fn a_websocket_of_the_pods_page_passes_through_the_preview() {
    let server = serve(10).await;
    let (_, mut socket) = server.page().await;
    say(&mut socket, json!({"op": "run", "id": "f", "line": "kubectl port-forward pod/talker 5000:80"})).await;
    let open = hear(&mut socket, |m| m["op"] == "forwards" && m["forwards"][0].is_object()).await;
    let url = open["forwards"][0]["url"].as_str().unwrap();
    let request = format!("ws://{}{url}live", server.address).into_client_request().unwrap();
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut inner, response) = client_async(request, stream).await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    say(&mut inner, json!({"op": "anything"})).await;
    assert_eq!(hear(&mut inner, |_| true).await, json!({"op": "anything"}));
}

#[tokio::test]
async fn a_second_browser_sees_nothing_of_the_first_ones() {
    let server = serve(10).await;
    let ((_, mut one), (_, mut two)) = (server.page().await, server.page().await);
    say(&mut one, json!({"op": "run", "id": "1", "line": "echo secret > mine; X=1"})).await;
    hear(&mut one, |m| m["op"] == "exit").await;
    say(&mut two, json!({"op": "run", "id": "1", "line": "ls; echo [$X]"})).await;
    let seen = hear(&mut two, |m| m["op"] == "output").await;
    assert_eq!(seen["text"], "a.yaml\n[]\n");
    let sessions: Arc<str> = server.get("/metrics").await.1.into();
    assert!(sessions.contains("podyard_sessions 2"));
}

#[tokio::test]
async fn what_is_kept_is_shown_taken_along_and_forgotten() {
    let server = serve(10).await;
    let (cookie, _socket) = server.page().await;
    let token = crate::sessions::ids::Token::parse(cookie.split('=').nth(1).unwrap()).unwrap();
    server.app.sessions.get(&token).await.unwrap().step_done("one", "go");
    let as_learner = |request: http::request::Builder| request.header(header::COOKIE, &cookie);
    let (_, html) = server.ask(as_learner(Request::get("/"))).await;
    assert!(html.contains("href=\"/lessons/one#go\"") && html.contains("1 of 1 done"), "{html}");

    let (_, record) = server.ask(as_learner(Request::get("/me/record"))).await;
    let (_, key) = server.get("/record-key").await;
    let (record, _) = crate::sessions::record::verify(&record, Some(&key)).unwrap();
    assert_eq!((&record["lessons"][0]["title"], &record["lessons"][0]["complete"]), (&json!("One"), &json!(true)));
    let (_, export) = server.ask(as_learner(Request::get("/me/export"))).await;
    assert!(export.contains("\"step\": \"go\""), "{export}");

    let ours = |request: http::request::Builder| as_learner(request).header("sec-fetch-site", "same-origin");
    let (_, html) = server.ask(ours(Request::post("/me/code"))).await;
    let code = html.split("/continue?code=").nth(1).unwrap()[..19].to_owned();
    let back = server.app.sessions.come_back(&crate::sessions::ids::ReturnCode::parse(&code).unwrap()).await.unwrap();
    let (_, html) =
        server.ask(Request::get("/").header(header::COOKIE, format!("podyard={}", back.unwrap().as_str()))).await;
    assert!(html.contains("1 of 1 done"), "another device shows the same");

    let foreign = Request::post("/me/delete").header("sec-fetch-site", "cross-site");
    assert_eq!(server.ask(as_learner(foreign)).await.0.status(), StatusCode::FORBIDDEN);
    assert_eq!(server.ask(ours(Request::post("/me/delete"))).await.0.status(), StatusCode::SEE_OTHER);
    assert_eq!(server.ask(as_learner(Request::get("/me/export"))).await.0.status(), StatusCode::NOT_FOUND);
    assert!(server.app.sessions.is_empty());
}
