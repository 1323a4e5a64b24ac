//! What is counted, for Prometheus.

use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// All metrics of a server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    sessions: Gauge,
    sockets: Gauge,
    requests: Family<RequestLabels, Counter>,
    took: Histogram,
    /// Commands and manifests that learners have sent.
    pub commands: Counter,
    /// Messages that were refused.
    pub refused: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    status: StatusClass,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelValue)]
enum StatusClass {
    Informational,
    Success,
    Redirection,
    ClientError,
    ServerError,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("podyard");
        let (sessions, sockets) = (Gauge::default(), Gauge::default());
        let (commands, refused) = (Counter::default(), Counter::default());
        let requests = Family::default();
        // 0.5 ms to about 8 s.
        let took = Histogram::new(exponential_buckets(0.0005, 2.0, 15));
        registry.register("sessions", "Sessions that live", sessions.clone());
        registry.register("sockets", "Pages that are connected", sockets.clone());
        registry.register("commands", "Commands and manifests that learners have sent", commands.clone());
        registry.register("refused", "Messages of pages that were refused", refused.clone());
        registry.register("http_requests", "HTTP requests answered", requests.clone());
        registry.register("http_request_seconds", "Time until an answer began", took.clone());
        Self { registry, sessions, sockets, requests, took, commands, refused }
    }
}

impl Metrics {
    /// An HTTP request has been answered.
    pub fn answered(&self, status: http::StatusCode, took: Duration) {
        let status = match status.as_u16() {
            100..=199 => StatusClass::Informational,
            200..=299 => StatusClass::Success,
            300..=399 => StatusClass::Redirection,
            400..=499 => StatusClass::ClientError,
            _ => StatusClass::ServerError,
        };
        self.requests.get_or_create(&RequestLabels { status }).inc();
        self.took.observe(took.as_secs_f64());
    }

    /// The text that Prometheus reads.
    pub fn text(&self, sessions: usize, sockets: usize) -> String {
        self.sessions.set(i64::try_from(sessions).unwrap_or(i64::MAX));
        self.sockets.set(i64::try_from(sockets).unwrap_or(i64::MAX));
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}
