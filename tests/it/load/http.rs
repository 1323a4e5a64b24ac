//! Requests as a browser sends them, one connection each.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, StatusCode, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends a form, or asks for a page when there is none.
pub async fn ask(authority: &str, path: &str, cookie: &str, form: Option<&str>) -> Response<Incoming> {
    let stream = TcpStream::connect(authority).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder().uri(path).header(header::HOST, authority).header(header::COOKIE, cookie);
    let request = match form {
        Some(form) => request
            .method("POST")
            .header(header::ORIGIN, format!("http://{authority}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::<Bytes>::from(form.to_owned())),
        None => request.body(Full::default()),
    };
    sender.send_request(request.unwrap()).await.unwrap()
}

/// The cookie that an answer sets, with what it says when it sets none.
pub async fn cookie(answer: Response<Incoming>) -> String {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{answer:?}");
    let set = answer.headers().get_all(header::SET_COOKIE).iter().next().expect("a cookie");
    set.to_str().unwrap().split(';').next().unwrap().to_owned()
}

/// The whole text of an answer.
pub async fn text(answer: Response<Incoming>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}
