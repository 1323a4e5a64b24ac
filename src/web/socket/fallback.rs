//! Where websockets are blocked: the same conversation over plain requests. `GET /socket/events` is what the server says,
//! as server-sent events; the first one names the line, and what the page says goes to `POST /socket/<line>`, a message
//! a line of text.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    extract::{Path, State},
    response::{
        IntoResponse as _, Response,
        sse::{Event, Sse},
    },
};
use futures::{FutureExt as _, Sink, Stream, StreamExt as _, future::BoxFuture};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_tungstenite::tungstenite::{self, Message as Packet};
use tokio_util::sync::PollSender;

use super::{
    super::{address::Address, errors::PageError, state::AppState, texts},
    conversation,
};
use crate::sessions::{NoSession, ids::Token};

/// How many messages may wait in each direction.
const WAITING: usize = 64;
/// How long a page's message may wait for the conversation to take it.
const TAKE_WITHIN: Duration = Duration::from_secs(10);
/// What keeps proxies from collecting events before they pass them on.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// The open lines of a server. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<HashMap<Token, mpsc::Sender<Packet>>>>);

impl Lines {
    fn lock(&self) -> MutexGuard<'_, HashMap<Token, mpsc::Sender<Packet>>> {
        self.0.lock().expect("nothing panics while it holds the lines")
    }

    /// A new line: its name, and where what is said to it comes out. Gone when the opened line is dropped.
    fn open(&self) -> (Opened, mpsc::Receiver<Packet>) {
        let (send, receive) = mpsc::channel(WAITING);
        let token = Token::random();
        self.lock().insert(token.clone(), send);
        (Opened { token, lines: self.clone() }, receive)
    }

    fn of(&self, token: &Token) -> Option<mpsc::Sender<Packet>> {
        self.lock().get(token).cloned()
    }
}

/// Removes its line when it is dropped.
struct Opened {
    token: Token,
    lines: Lines,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.lines.lock().remove(&self.token);
    }
}

/// What the server says.
pub async fn listen(State(app): State<AppState>, address: Address, headers: HeaderMap) -> Result<Response, Response> {
    if !is_ours(&headers) {
        return Err(PageError::ForeignOrigin.plain());
    }
    let visitor = app.sessions.visitor(app.site.session(&headers)).await.map_err(NoSession::from);
    let set_cookie = visitor.as_ref().ok().and_then(|v| v.cookie.as_ref()).map(|c| app.site.set_cookie(c));
    let reader = super::Reader { address, texts: texts::of(&headers) };
    let (line, from_page) = app.lines.open();
    let name = Event::default().event("line").data(line.token.as_str());
    let (to_page, said) = mpsc::channel(WAITING);
    let socket = Socket::new(from_page, to_page);
    app.tasks.clone().spawn(async move {
        match visitor {
            Ok(visitor) => super::talk(socket, app, reader, &visitor.learner).await,
            Err(refusal) => conversation::refuse(socket, &super::words::no_session(reader.texts, &refusal)).await,
        }
        drop(line);
    });
    let events = futures::stream::once(async { name }).chain(ReceiverStream::new(said).map(event));
    let mut response = ([UNBUFFERED], Sse::new(events.map(Ok::<_, Infallible>))).into_response();
    if let Some(cookie) = set_cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What the page says.
pub async fn speak(
    State(app): State<AppState>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Result<StatusCode, Response> {
    if !app.site.is_same_origin(&headers) {
        return Err(PageError::ForeignOrigin.plain());
    }
    // A line that is gone: the page opens another.
    let Some(line) = Token::parse(&token).and_then(|token| app.lines.of(&token)) else { return Ok(StatusCode::GONE) };
    for message in body.lines().filter(|line| !line.is_empty()) {
        if line.send_timeout(Packet::text(message.to_owned()), TAKE_WITHIN).await.is_err() {
            return Ok(StatusCode::GONE);
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Browsers say from where a request comes; those that don't are no danger, as no other site can read the answer.
fn is_ours(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin")
}

fn event(packet: Packet) -> Event {
    match packet {
        Packet::Text(text) => Event::default().data(text.as_str()),
        Packet::Close(frame) => {
            let code = frame.map_or(1000, |frame| u16::from(frame.code));
            Event::default().event("close").data(code.to_string())
        }
        _ => Event::default().comment("still here"),
    }
}

/// Both directions as the conversation knows them.
struct Socket {
    from_page: mpsc::Receiver<Packet>,
    to_page: PollSender<Packet>,
    /// Answers to our own pings: that the page still takes events is what a pong would say.
    own: VecDeque<Packet>,
    /// The page takes no more events.
    gone: BoxFuture<'static, ()>,
    closed: bool,
}

impl Socket {
    fn new(from_page: mpsc::Receiver<Packet>, to_page: mpsc::Sender<Packet>) -> Self {
        let watched = to_page.clone();
        let gone = async move { watched.closed().await }.boxed();
        Self { from_page, to_page: PollSender::new(to_page), own: VecDeque::new(), gone, closed: false }
    }
}

impl Stream for Socket {
    type Item = Result<Packet, tungstenite::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.closed || self.gone.poll_unpin(cx).is_ready() {
            self.closed = true;
            return Poll::Ready(None);
        }
        match self.own.pop_front() {
            Some(packet) => Poll::Ready(Some(Ok(packet))),
            None => self.from_page.poll_recv(cx).map(|packet| packet.map(Ok)),
        }
    }
}

impl Sink<Packet> for Socket {
    type Error = tungstenite::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let reserved = ready!(self.to_page.poll_reserve(cx));
        Poll::Ready(reserved.map_err(|_| tungstenite::Error::ConnectionClosed))
    }

    fn start_send(mut self: Pin<&mut Self>, packet: Packet) -> Result<(), Self::Error> {
        match &packet {
            Packet::Ping(data) => self.own.push_back(Packet::Pong(data.clone())),
            Packet::Close(_) => self.closed = true,
            _ => {}
        }
        self.to_page.send_item(packet).map_err(|_| tungstenite::Error::ConnectionClosed)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, BodyDataStream};
    use http::Request;
    use serde_json::json;
    use tower::ServiceExt as _;

    use super::*;
    use crate::web::{router::router, testing};

    const SITE: &str = "http://127.0.0.1:8080";

    fn request(method: &str, path: &str, body: String) -> Request<Body> {
        let request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080");
        request.header("origin", SITE).header("sec-fetch-site", "same-origin").body(Body::from(body)).unwrap()
    }

    /// Events up to one that holds `wanted`.
    async fn hear(stream: &mut BodyDataStream, wanted: &str) -> String {
        let mut text = String::new();
        while !text.contains(wanted) {
            let next = tokio::time::timeout(Duration::from_secs(60), stream.next()).await.expect("an event in time");
            text.push_str(std::str::from_utf8(&next.expect("the line is open").unwrap()).unwrap());
        }
        text
    }

    #[tokio::test]
    async fn a_page_without_websockets_says_and_hears_the_same() {
        let app = testing::state(testing::scripted(), 10).await;
        let router = router(app.clone());
        let answer = router.clone().oneshot(request("GET", "/socket/events", String::new())).await.unwrap();
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
        let mut events = answer.into_body().into_data_stream();
        let first = hear(&mut events, "\n\n").await;
        let line = first.lines().find_map(|l| l.strip_prefix("data: ")).unwrap().to_owned();
        let hello = json!({"op": "hello", "lesson": "one"});
        let run = json!({"op": "run", "id": "1", "line": "kubectl echo hi"});
        let said = router.clone().oneshot(request("POST", &format!("/socket/{line}"), format!("{hello}\n{run}\n")));
        assert_eq!(said.await.unwrap().status(), StatusCode::NO_CONTENT);
        let heard = hear(&mut events, r#""op":"exit""#).await;
        assert!(heard.contains(r#""op":"welcome""#) && heard.contains(r#""text":"hi\n""#), "{heard}");

        drop(events);
        let session = app.lines.clone();
        let gone = async {
            while !session.lock().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), gone).await.expect("the line closes with its page");
        let late = router.oneshot(request("POST", &format!("/socket/{line}"), hello.to_string())).await.unwrap();
        assert_eq!(late.status(), StatusCode::GONE);
    }

    #[tokio::test]
    async fn other_sites_have_no_line() {
        let router = router(testing::state(testing::scripted(), 10).await);
        let mut foreign = request("GET", "/socket/events", String::new());
        foreign.headers_mut().insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
        assert_eq!(router.clone().oneshot(foreign).await.unwrap().status(), StatusCode::FORBIDDEN);
        let mut foreign = request("POST", "/socket/x", String::new());
        foreign.headers_mut().insert(header::ORIGIN, HeaderValue::from_static("https://example.org"));
        assert_eq!(router.oneshot(foreign).await.unwrap().status(), StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn the_end_of_the_server_ends_the_events() {
        let app = testing::state(testing::scripted(), 10).await;
        let answer = router(app.clone()).oneshot(request("GET", "/socket/events", String::new())).await.unwrap();
        let mut events = answer.into_body().into_data_stream();
        hear(&mut events, "event: line").await;
        app.closing.cancel();
        assert!(hear(&mut events, "event: close").await.contains("data: 1001"));
        app.tasks.close();
        tokio::time::timeout(Duration::from_secs(60), app.tasks.wait()).await.expect("the conversation ends");
    }
}
