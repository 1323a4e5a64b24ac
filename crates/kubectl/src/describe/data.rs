//! ConfigMaps, Secrets and service accounts.

use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, at, list, plain},
};

fn entries<'a>(object: &'a Value, field: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    object.get(field).and_then(Value::as_object).into_iter().flatten()
}

/// How many bytes a base64 text stands for.
fn decoded(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

/// A ConfigMap.
pub fn config_map(subject: &Subject<'_>) -> String {
    let mut page = Page::of_namespace(subject.object);
    page.raw("\nData\n====\n");
    entries(subject.object, "data").for_each(|(key, value)| page.raw(&format!("{key}:\n----\n{}\n\n", plain(value))));
    page.raw("\nBinaryData\n====\n");
    entries(subject.object, "binaryData")
        .for_each(|(key, value)| page.raw(&format!("{key}: {} bytes\n", decoded(&plain(value)))));
    page.raw("\n");
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// A Secret; only sizes are shown.
pub fn secret(subject: &Subject<'_>) -> String {
    let mut page = Page::of_namespace(subject.object);
    page.raw(&format!("\nType:\t{}\n\nData\n====\n", at(subject.object, "/type")));
    entries(subject.object, "data")
        .for_each(|(key, value)| page.field(0, key, format!("{} bytes", decoded(&plain(value)))));
    page.finish()
}

/// A service account.
pub fn service_account(subject: &Subject<'_>) -> String {
    let mut page = Page::of_namespace(subject.object);
    let names: Vec<String> =
        list(subject.object, "/imagePullSecrets").iter().map(|secret| at(secret, "/name")).collect();
    if names.is_empty() {
        page.line(0, "Image pull secrets:\t<none>");
    }
    for (row, name) in names.iter().enumerate() {
        page.line(0, format!("{}\t{name}", if row == 0 { "Image pull secrets:" } else { "                   " }));
    }
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}
