//! `curl` and `wget` of ports that `kubectl port-forward` holds open. There is no other network here.

use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;

use super::input::flags;
use crate::console::exec::{Io, MAX_FILE, Shell};

/// What to fetch.
struct Asked {
    url: String,
    method: Method,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: String,
    /// Show the response's head too.
    head: bool,
    /// Fail, and show nothing, on 400 and above.
    fail: bool,
    silent: bool,
    show_errors: bool,
    file: Option<String>,
}

/// Why it did not work: curl's exit code and text.
struct Failure(i32, String);

pub(super) async fn curl(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    let asked = match curl_arguments(args) {
        Ok(asked) => asked,
        Err(why) => {
            io.err.say(&format!("curl: {why}\n")).await;
            return 2;
        }
    };
    match fetch(shell, &asked, io).await {
        Ok(()) => 0,
        Err(Failure(code, why)) => {
            if !asked.silent || asked.show_errors {
                io.err.say(&format!("curl: ({code}) {why}\n")).await;
            }
            code
        }
    }
}

fn curl_arguments(args: &[String]) -> Result<Asked, String> {
    const WITH_VALUE: &[&str] =
        &["-X", "--request", "-H", "--header", "-d", "--data", "-o", "--output", "-m", "--max-time"];
    let (flags, mut urls) = flags(args, WITH_VALUE);
    let (mut method, mut headers, mut body) = (None, Vec::new(), None);
    let (mut head, mut fail, mut silent, mut show_errors, mut file) = (false, false, false, false, None);
    for (flag, value) in flags {
        match (flag.as_str(), value) {
            ("-X" | "--request", Some(m)) => {
                method = Some(Method::from_bytes(m.as_bytes()).map_err(|_| format!("bad method '{m}'"))?);
            }
            ("-H" | "--header", Some(line)) => headers.push(header_line(&line)?),
            ("-d" | "--data", Some(data)) => body = Some(data),
            ("-o" | "--output", Some(name)) => file = Some(name).filter(|n| n != "/dev/null"),
            ("-i" | "--include" | "-v" | "--verbose", None) => head = true,
            ("-I" | "--head", None) => (head, method) = (true, Some(Method::HEAD)),
            ("-f" | "--fail", None) => fail = true,
            ("-s" | "--silent", None) => silent = true,
            ("-S" | "--show-error", None) => show_errors = true,
            ("-L" | "--location" | "-m" | "--max-time", _) => {}
            (other, _) => return Err(format!("option {other}: is unknown to this console's curl")),
        }
    }
    if urls.len() != 1 {
        return Err("one URL is needed, such as http://localhost:5000/".to_owned());
    }
    let method = method.unwrap_or(if body.is_some() { Method::POST } else { Method::GET });
    let body = body.unwrap_or_default();
    Ok(Asked { url: urls.remove(0), method, headers, body, head, fail, silent, show_errors, file })
}

fn header_line(line: &str) -> Result<(HeaderName, HeaderValue), String> {
    let bad = || format!("bad header '{line}'");
    let (name, value) = line.split_once(':').ok_or_else(bad)?;
    Ok((name.trim().parse().map_err(|_| bad())?, value.trim().parse().map_err(|_| bad())?))
}

/// `wget -qO- URL`; without `-O-` the body goes into a file.
pub(super) async fn wget(shell: &Shell, args: &[String], io: &mut Io) -> i32 {
    let (flags, mut urls) = flags(args, &["-O", "-T", "-t"]);
    let mut to = None;
    for (flag, value) in flags {
        match flag.as_str() {
            "-O" => to = value,
            "-q" | "-T" | "-t" => {}
            other => {
                io.err.say(&format!("wget: unrecognized option '{other}'\n")).await;
                return 1;
            }
        }
    }
    if urls.len() != 1 {
        io.err.say("wget: one URL is needed, such as http://localhost:5000/\n").await;
        return 1;
    }
    let url = urls.remove(0);
    let named = url.rsplit('/').next().filter(|n| !n.is_empty() && !n.contains(':')).unwrap_or("index.html").to_owned();
    let file = match to.as_deref() {
        Some("-") => None,
        Some(name) => Some(name.to_owned()),
        None => Some(named),
    };
    let (method, headers, body) = (Method::GET, Vec::new(), String::new());
    let asked = Asked { url, method, headers, body, head: false, fail: true, silent: false, show_errors: true, file };
    match fetch(shell, &asked, io).await {
        Ok(()) => 0,
        Err(Failure(_, why)) => {
            io.err.say(&format!("wget: {why}\n")).await;
            1
        }
    }
}

/// Host and port of a URL, if the host is this "machine".
fn local_port(url: &str) -> Result<(Uri, u16), Failure> {
    let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let uri: Uri = whole.parse().map_err(|_| Failure(3, format!("URL rejected: {url}")))?;
    if uri.scheme_str() != Some("http") {
        return Err(Failure(
            1,
            format!("Protocol \"{}\" not supported here: http only", uri.scheme_str().unwrap_or("")),
        ));
    }
    match uri.host() {
        Some("localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0") => {
            let port = uri.port_u16().unwrap_or(80);
            Ok((uri, port))
        }
        host => {
            let host = host.unwrap_or_default();
            Err(Failure(
                6,
                format!(
                    "Could not resolve host: {host} (this console reaches only what `kubectl port-forward` holds open on localhost)"
                ),
            ))
        }
    }
}

async fn fetch(shell: &Shell, asked: &Asked, io: &mut Io) -> Result<(), Failure> {
    let (uri, port) = local_port(&asked.url)?;
    let refused =
        |_| Failure(7, format!("Failed to connect to localhost port {port} after 0 ms: Couldn't connect to server"));
    let stream = shell.world.forwards.connect(port).map_err(refused)?;
    let response = request(asked, &uri, port, stream).await?;
    let status = response.status();
    if asked.fail && status.as_u16() >= 400 {
        return Err(Failure(22, format!("The requested URL returned error: {}", status.as_u16())));
    }
    if asked.head {
        io.out.say(&head(&response)).await;
    }
    let mut body = response.into_body();
    let mut kept = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure(56, "Recv failure: Connection reset by peer".to_owned()))?;
        let Some(bytes) = frame.data_ref() else { continue };
        if asked.file.is_none() {
            let _ = io.out.write_all(bytes).await;
        } else if kept.len() + bytes.len() > MAX_FILE as usize {
            return Err(Failure(63, "Maximum file size exceeded".to_owned()));
        } else {
            kept.extend_from_slice(bytes);
        }
    }
    if let Some(name) = &asked.file {
        shell.world.files.write(name, &kept).await.map_err(|e| Failure(23, format!("{name}: {e}")))?;
    }
    Ok(())
}

async fn request(
    asked: &Asked,
    uri: &Uri,
    port: u16,
    stream: tokio::io::DuplexStream,
) -> Result<http::Response<Incoming>, Failure> {
    let empty = |_| Failure(52, "Empty reply from server".to_owned());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(empty)?;
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |p| p.as_str());
    let host = format!("{}:{port}", uri.host().unwrap_or("localhost"));
    let mut request = Request::builder().method(asked.method.clone()).uri(path);
    request = request.header(header::HOST, host).header(header::USER_AGENT, "curl/8.5.0").header(header::ACCEPT, "*/*");
    if !asked.body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    let body = Full::new(bytes::Bytes::from(asked.body.clone()));
    let request = request.body(body).map_err(|e| Failure(3, e.to_string()))?;
    sender.send_request(request).await.map_err(empty)
}

fn head(response: &http::Response<Incoming>) -> String {
    let mut text = format!("{:?} {}\n", response.version(), response.status());
    for (name, value) in response.headers() {
        text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    text.push('\n');
    text
}
