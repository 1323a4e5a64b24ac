//! What a check says, in the languages that lessons are written in.

use super::{Subject, Want};

/// The language of a check's sentences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tongue {
    /// English; also what other languages get.
    #[default]
    English,
    /// German.
    German,
}

impl Tongue {
    /// Of a language tag: `de`, `de-AT`.
    pub fn of(tag: &str) -> Self {
        if tag.split('-').next().is_some_and(|language| language.eq_ignore_ascii_case("de")) {
            Self::German
        } else {
            Self::English
        }
    }

    /// The one text or the other.
    pub(super) fn pick<T>(self, english: T, german: T) -> T {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }
}

/// What is wanted, as a sentence without its full stop: `Pod web is ready, phase Running`.
pub(super) fn sentence(subject: &Subject, wants: &[Want], tongue: Tongue) -> String {
    let parts: Vec<String> = wants.iter().map(|want| part(want, tongue)).collect();
    format!("{} {}", named(subject, tongue), parts.join(", "))
}

/// `Pod web`, `3 Pods with app=web`
pub(super) fn named(subject: &Subject, tongue: Tongue) -> String {
    let kind = &subject.kind.kind;
    let mut text = match (&subject.count, &subject.name) {
        (Some(count), _) => format!("{count} × {kind}"),
        (None, _) => kind.clone(),
    };
    if let Some(name) = &subject.name {
        text.push(' ');
        text.push_str(name);
    }
    if !subject.labels.is_empty() {
        let labels: Vec<String> = subject.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        text.push_str(&format!(" {} {}", tongue.pick("with", "mit"), labels.join(",")));
    }
    if let Some(container) = &subject.container {
        text.push_str(&format!(", container {container}"));
    }
    text
}

fn part(want: &Want, tongue: Tongue) -> String {
    match want {
        Want::Exists(true) => tongue.pick("is there", "ist da").to_owned(),
        Want::Exists(false) => tongue.pick("is gone", "ist weg").to_owned(),
        Want::Ready(true) => tongue.pick("is ready", "ist bereit").to_owned(),
        Want::Ready(false) => tongue.pick("is not ready", "ist nicht bereit").to_owned(),
        Want::Logs { wanted, .. } => format!("{}: {wanted}", tongue.pick("says in its log", "sagt in seinem Log")),
        Want::Event { reason, .. } => format!("{} {reason}", tongue.pick("has the event", "hat das Ereignis")),
        Want::Http { port, path, status, body } => {
            let body = body.as_ref().map(|body| format!(", {body}")).unwrap_or_default();
            format!("{} {port}{path}: {status}{body}", tongue.pick("answers on port", "antwortet auf Port"))
        }
        other => {
            let (label, wanted) = labelled(other, tongue);
            format!("{label}: {wanted}")
        }
    }
}

/// The name of what an assertion looks at, and what it should be.
pub(super) fn labelled(want: &Want, tongue: Tongue) -> (String, String) {
    match want {
        Want::Restarts(wanted) => (tongue.pick("restarts", "Neustarts").to_owned(), wanted.to_string()),
        Want::Container { path, wanted } => (path.clone(), wanted.to_string()),
        Want::Field { path, wanted } => (label(path), wanted.to_string()),
        Want::Logs { wanted, .. } => (tongue.pick("log", "Log").to_owned(), wanted.to_string()),
        Want::Event { reason, message } => {
            let message = message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
            (tongue.pick("events", "Ereignisse").to_owned(), format!("{reason}{message}"))
        }
        Want::Http { status, body, .. } => {
            let body = body.as_ref().map(|body| format!(", {body}")).unwrap_or_default();
            ("HTTP".to_owned(), format!("{status}{body}"))
        }
        Want::Exists(there) | Want::Ready(there) => {
            let label = if matches!(want, Want::Exists(_)) { ("is there", "ist da") } else { ("ready", "bereit") };
            (tongue.pick(label.0, label.1).to_owned(), yes_no(*there, tongue).to_owned())
        }
    }
}

pub(super) fn yes_no(flag: bool, tongue: Tongue) -> &'static str {
    if flag { tongue.pick("yes", "ja") } else { tongue.pick("no", "nein") }
}

/// `.status.phase` is `phase`; other paths are their own names.
fn label(path: &str) -> String {
    match path {
        ".status.phase" => "phase".to_owned(),
        path if path.starts_with(".spec.containers[") && path.ends_with("].image") => "image".to_owned(),
        path => path.trim_matches(['{', '}']).trim_start_matches('.').to_owned(),
    }
}
