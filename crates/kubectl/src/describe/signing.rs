//! CertificateSigningRequests: who asks for which name, and what became of it.

mod der;

use serde_json::Value;

use self::der::Asked;
use super::{
    Subject, events,
    page::{Page, at, date, list},
    policy::pairs,
};
use crate::output::{age, template};

/// A CertificateSigningRequest.
pub fn describe(subject: &Subject<'_>) -> String {
    let request = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(request, "/metadata/name"));
    page.field(0, "Labels", pairs(request.pointer("/metadata/labels")));
    page.field(0, "Annotations", pairs(request.pointer("/metadata/annotations")));
    page.field(0, "CreationTimestamp", date(&at(request, "/metadata/creationTimestamp")));
    page.field(0, "Requesting User", at(request, "/spec/username"));
    page.field(0, "Signer", at(request, "/spec/signerName"));
    if let Some(seconds) = request.pointer("/spec/expirationSeconds").and_then(Value::as_i64) {
        page.field(0, "Requested Duration", age::human(seconds));
    }
    page.field(0, "Status", status(request));
    asked(&mut page, &certificate_request(&at(request, "/spec/request")).unwrap_or_default());
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// `Approved,Issued`.
fn status(request: &Value) -> String {
    let has = |kind: &str| list(request, "/status/conditions").iter().any(|condition| condition["type"] == kind);
    let decided = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    };
    let issued = !at(request, "/status/certificate").is_empty();
    [decided, if has("Failed") { ",Failed" } else { "" }, if issued { ",Issued" } else { "" }].concat()
}

/// What the base64 of a PEM block asks for.
fn certificate_request(encoded: &str) -> Option<Asked> {
    let pem = template::base64_decoded(encoded).ok()?;
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    der::read(&template::base64_bytes(&body).ok()?)
}

fn asked(page: &mut Page, asked: &Asked) {
    let several = |page: &mut Page, title: &str, values: &[String]| {
        if !values.is_empty() {
            page.several("\t", title, &[values.join("\n\t\t")]);
        }
    };
    page.line(0, "Subject:");
    for (title, attribute) in [("Common Name", der::COMMON_NAME), ("Serial Number", der::SERIAL_NUMBER)] {
        page.line(0, format!("\t{title}:\t{}", asked.subject(attribute).last().cloned().unwrap_or_default()));
    }
    for (title, attribute) in der::NAMES {
        several(page, title, &asked.subject(attribute));
    }
    let others = [
        ("DNS Names", &asked.dns),
        ("Email Addresses", &asked.emails),
        ("URIs", &asked.uris),
        ("IP Addresses", &asked.addresses),
    ];
    if others.iter().any(|(_, values)| !values.is_empty()) {
        page.line(0, "Subject Alternative Names:");
    }
    others.iter().for_each(|(title, values)| several(page, title, values));
}
