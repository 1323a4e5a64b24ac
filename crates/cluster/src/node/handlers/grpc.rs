//! The gRPC health check (github.com/grpc/grpc/blob/master/doc/health-checking.md), in as much protobuf as it takes.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, header};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{Outcome, Target};

/// `HealthCheckResponse.ServingStatus`, by number.
const STATUSES: [&str; 4] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
/// gRPC's status code for a method that is not there.
const UNIMPLEMENTED: &str = "12";
/// gRPC's status codes by number, as Go prints them.
const CODES: [&str; 17] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];
/// How long until a connection that could not be made is tried again (gRPC's connection back-off begins with it).
const AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn check(target: &Target, port: u16, service: &str, timeout: Duration) -> Outcome {
    let address = target.to(None, port);
    let seconds = timeout.as_secs();
    // A client of gRPC's waits for its connection and says no more than that there was none in time.
    let answered = async {
        loop {
            match ask(target, port, service).await {
                Ok(outcome) => break outcome,
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        }
    };
    tokio::time::timeout(timeout, answered).await.unwrap_or_else(|_| {
        Outcome::Failure(format!(
            "timeout: failed to connect service {:?} within {seconds}s: context deadline exceeded",
            address.to_string()
        ))
    })
}

async fn ask(target: &Target, port: u16, service: &str) -> Result<Outcome, String> {
    let address = target.to(None, port);
    let connection = target.connect(None, port, Duration::MAX).await?;
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(connection));
    let (mut sender, connection) = handshake.await.map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        // How the connection ends is told by the answer.
        let _ = connection.await;
    });
    let request = Request::post(format!("http://{address}/grpc.health.v1.Health/Check"))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .header(header::USER_AGENT, "kube-probe/1.36")
        .body(Full::new(Bytes::from(message(service))))
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let headers = response.headers().clone();
    let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    let text = |name: &str| {
        let value = trailers.get(name).or_else(|| headers.get(name));
        value.and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
    };
    Ok(judge(&text("grpc-status"), &text("grpc-message"), &body.to_bytes()))
}

fn judge(code: &str, message: &str, body: &[u8]) -> Outcome {
    match code {
        "0" => match STATUSES.get(serving_status(body)).copied().unwrap_or("UNKNOWN") {
            "SERVING" => Outcome::Success("service healthy".to_owned()),
            other => Outcome::Failure(format!("service unhealthy (responded with {other:?})")),
        },
        UNIMPLEMENTED => Outcome::Failure(format!(
            "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {message}"
        )),
        code => {
            let name = code.parse().ok().and_then(|number: usize| CODES.get(number)).copied().unwrap_or("Unknown");
            Outcome::Failure(format!("error: health rpc probe failed: rpc error: code = {name} desc = {message}"))
        }
    }
}

/// `HealthCheckRequest { service = 1 }` as one gRPC message: a flag, the length, the message.
fn message(service: &str) -> Vec<u8> {
    let mut fields = Vec::new();
    if let Ok(length) = u8::try_from(service.len())
        && (1..128).contains(&length)
    {
        fields.extend([0x0a, length]);
        fields.extend(service.as_bytes());
    }
    let mut message = vec![0];
    message.extend(u32::try_from(fields.len()).unwrap_or(0).to_be_bytes());
    message.extend(fields);
    message
}

/// `HealthCheckResponse { status = 1 }`; 0 when it is left out.
fn serving_status(body: &[u8]) -> usize {
    match body.get(5..) {
        Some([0x08, status, ..]) => usize::from(*status),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_protobuf() {
        assert_eq!(message(""), [0, 0, 0, 0, 0]);
        assert_eq!(message("ab"), [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        let told = |status: u8| judge("0", "", &[0, 0, 0, 0, 2, 0x08, status]);
        assert_eq!(told(1), Outcome::Success("service healthy".into()));
        assert_eq!(told(2), Outcome::Failure("service unhealthy (responded with \"NOT_SERVING\")".into()));
        assert_eq!(serving_status(&[0, 0, 0, 0, 0]), 0);
    }

    #[test]
    fn a_service_that_nobody_knows_is_told_by_its_codes_name() {
        let words = "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service";
        assert_eq!(judge("5", "unknown service", &[]), Outcome::Failure(words.into()));
    }
}
