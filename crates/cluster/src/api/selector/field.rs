//! `metadata.name=web,status.phase!=Running`.

use serde_json::Value;

use crate::registry::Resource;

/// Which values an object must have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector(Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    negated: bool,
    value: String,
}

/// What is wrong with a selector; the parser's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FieldSelectorError {
    /// There is no operator.
    #[error("invalid selector: '{selector}'; can't understand '{term}'")]
    NoOperator {
        /// All of it.
        selector: String,
        /// The part without one.
        term: String,
    },
    /// A backslash before something that needs none.
    #[error("invalid field selector: invalid escape sequence: {0}")]
    Escape(String),
    /// An equals sign in a value.
    #[error("invalid field selector: unescaped character in value: {0}")]
    Unescaped(u32),
    /// The kind has no such label.
    #[error("field label not supported: {0}")]
    Unsupported(String),
    /// The kind has no field labels but the two that every kind has.
    #[error("\"{0}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")]
    Unknown(String),
}

impl FieldSelector {
    /// Reads a selector; an empty one selects everything.
    pub fn parse(resource: &Resource, text: &str) -> Result<Self, FieldSelectorError> {
        let mut terms = Vec::new();
        for part in split_terms(text) {
            if part.is_empty() {
                continue;
            }
            let (field, negated, value) = split_term(part)
                .ok_or_else(|| FieldSelectorError::NoOperator { selector: text.to_owned(), term: part.to_owned() })?;
            check_label(resource, field)?;
            terms.push(Term { field: field.to_owned(), negated, value: unescape(value)? });
        }
        Ok(Self(terms))
    }

    /// Whether an object passes.
    pub fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|term| (value_of(object, &term.field) == term.value) != term.negated)
    }
}

/// The labels a kind has beside `metadata.name` and `metadata.namespace` (pkg/apis, field label conversions).
fn labels(resource: &Resource) -> &'static [&'static str] {
    match (resource.group, resource.kind) {
        ("", "Pod") => &[
            "spec.nodeName",
            "spec.host",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        ("", "Event") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ("events.k8s.io", "Event") => &[
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
        ],
        ("", "Namespace") => &["status.phase"],
        ("", "Node") => &["spec.unschedulable"],
        ("", "Secret") => &["type"],
        ("", "Service") => &["spec.clusterIP", "spec.type"],
        ("", "ReplicationController") | ("apps", "ReplicaSet") => &["status.replicas"],
        ("batch", "Job") => &["status.successful"],
        ("certificates.k8s.io", "CertificateSigningRequest") => &["spec.signerName"],
        _ => &[],
    }
}

fn check_label(resource: &Resource, field: &str) -> Result<(), FieldSelectorError> {
    let own = labels(resource);
    if resource.custom.is_some_and(|custom| custom.selectable.iter().any(|known| known == field)) {
        return Ok(());
    }
    let common = field == "metadata.name" || (field == "metadata.namespace" && (resource.namespaced || own.is_empty()));
    if common || own.contains(&field) {
        return Ok(());
    }
    Err(if own.is_empty() {
        FieldSelectorError::Unknown(field.to_owned())
    } else {
        FieldSelectorError::Unsupported(field.to_owned())
    })
}

/// The value behind a label, as text; missing ones are empty.
fn value_of(object: &Value, field: &str) -> String {
    match field {
        "spec.host" => text_at(object, "spec.nodeName"),
        "status.podIPs" => text_at(object, "status.podIP"),
        "status.successful" => number_at(object, "status.succeeded"),
        "status.replicas" => number_at(object, field),
        "spec.unschedulable" | "spec.hostNetwork" => flag_at(object, field),
        // An event's source is named in one of two places, by the older and the newer kind of recorder.
        "source" => first_of(object, &["source.component", "reportingComponent"]),
        "regarding.kind"
        | "regarding.namespace"
        | "regarding.name"
        | "regarding.uid"
        | "regarding.apiVersion"
        | "regarding.resourceVersion"
        | "regarding.fieldPath" => text_at(object, &field.replacen("regarding", "involvedObject", 1)),
        "reportingController" => first_of(object, &["reportingComponent", "source.component"]),
        _ => text_at(object, field),
    }
}

fn at<'a>(object: &'a Value, field: &str) -> Option<&'a Value> {
    field.split('.').try_fold(object, |value, key| value.get(key))
}

fn text_at(object: &Value, field: &str) -> String {
    at(object, field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number_at(object: &Value, field: &str) -> String {
    at(object, field).and_then(Value::as_i64).unwrap_or_default().to_string()
}

fn flag_at(object: &Value, field: &str) -> String {
    at(object, field).and_then(Value::as_bool).unwrap_or_default().to_string()
}

fn first_of(object: &Value, fields: &[&str]) -> String {
    fields.iter().map(|field| text_at(object, field)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// Splits at commas that have no backslash before them.
fn split_terms(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

/// Field, whether negated, value.
fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    let index = term.find(['=', '!'])?;
    let (field, rest) = term.split_at(index);
    if let Some(value) = rest.strip_prefix("!=") {
        return Some((field, true, value));
    }
    let value = rest.strip_prefix("==").or_else(|| rest.strip_prefix('='))?;
    Some((field, false, value))
}

fn unescape(value: &str) -> Result<String, FieldSelectorError> {
    let mut plain = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => plain.push(c),
                other => return Err(FieldSelectorError::Escape(std::iter::once('\\').chain(other).collect())),
            },
            '=' => return Err(FieldSelectorError::Unescaped(c as u32)),
            c => plain.push(c),
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry;

    fn pods(text: &str) -> Result<FieldSelector, FieldSelectorError> {
        FieldSelector::parse(registry::find("", "v1", "pods").unwrap(), text)
    }

    #[test]
    fn mistakes_are_worded_as_recorded() {
        let error = |text| pods(text).unwrap_err().to_string();
        assert_eq!(error("spec.image=x"), "field label not supported: spec.image");
        assert_eq!(error("metadata.name"), "invalid selector: 'metadata.name'; can't understand 'metadata.name'");
        assert_eq!(error("metadata.name=a=b"), "invalid field selector: unescaped character in value: 61");
        assert_eq!(error("metadata.name=a\\b"), "invalid field selector: invalid escape sequence: \\b");
    }

    #[test]
    fn selectors_select() {
        let pod = json!({"metadata": {"name": "web"}, "status": {"phase": "Running"}});
        for (text, expected) in [
            ("metadata.name=web", true),
            ("metadata.name==web,status.phase!=Pending", true),
            ("spec.nodeName=", true),
            ("spec.hostNetwork=false", true),
            ("status.phase!=Running", false),
        ] {
            assert_eq!(pods(text).unwrap().matches(&pod), expected, "{text}");
        }
    }
}
