//! Paths: which object, collection or document a request is about.

use crate::{
    custom::{Definitions, Kind},
    registry::{self, Resource, Subresource},
};

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// `/api`
    CoreVersions,
    /// `/apis`
    Groups,
    /// `/apis/apps`
    Group(&'static registry::Group),
    /// `/api/v1`, `/apis/apps/v1`
    Resources(&'static registry::Group, &'static registry::Version),
    /// `/apis/example.com`: a group of custom resources alone
    CustomGroup(String),
    /// `/apis/example.com/v1`
    CustomResources(String, String),
    /// `/version`
    Version,
    /// `/healthz` and its kin
    Health,
    /// `/openapi/v3`, or with what follows it
    OpenApi(String),
    /// A kind's objects, of one namespace or of all.
    Collection(Place),
    /// One object or a part of it.
    Object(Place, String, Option<Part>),
    /// Nothing, beneath a known root: answered with a `Status`.
    Unknown,
    /// Nothing at all: answered with plain text.
    Outside,
}

/// A kind and a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The kind.
    pub kind: Kind,
    /// The namespace; `None` for cluster-wide kinds and for lists over all namespaces.
    pub namespace: Option<String>,
    /// Whether the old `/watch/` prefix asked for a watch.
    pub watch: bool,
}

impl Place {
    /// The kind's row.
    pub fn resource(&self) -> Resource<'_> {
        self.kind.row()
    }
}

/// A subresource and what follows it (`proxy/index.html`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its row.
    pub row: &'static Subresource,
    /// The rest of the path, without the slash.
    pub rest: String,
}

/// Reads a path; segments are percent-decoded one by one, so that `%2F` stays in its segment.
pub(crate) fn parse(path: &str, definitions: &Definitions) -> Target {
    let segments: Vec<String> = path.split('/').filter(|s| !s.is_empty()).map(decode).collect();
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["api"] => Target::CoreVersions,
        ["api", version, rest @ ..] => in_group("", version, rest, definitions),
        ["apis"] => Target::Groups,
        ["apis", group] => match known_group(group) {
            Some(row) => Target::Group(row),
            None if definitions.has_group(group) => Target::CustomGroup((*group).to_owned()),
            None => Target::Unknown,
        },
        ["apis", group, version, rest @ ..] if !group.is_empty() => in_group(group, version, rest, definitions),
        ["version"] => Target::Version,
        ["healthz" | "readyz" | "livez", ..] => Target::Health,
        ["openapi", rest @ ..] => Target::OpenApi(rest.join("/")),
        _ => Target::Outside,
    }
}

fn known_group(name: &str) -> Option<&'static registry::Group> {
    registry::groups().find(|group| group.name == name)
}

fn in_group(group: &str, version: &str, rest: &[&str], definitions: &Definitions) -> Target {
    let built_in = known_group(group)
        .and_then(|row| Some((row, row.versions.iter().find(|candidate| candidate.name == version)?)));
    if built_in.is_none() && !definitions.has_version(group, version) {
        return Target::Unknown;
    }
    let find = |plural: &str| match built_in {
        Some((_, row)) => row.resources.iter().find(|row| row.plural == plural).map(Kind::BuiltIn),
        None => definitions.find(group, version, plural).map(Kind::Custom),
    };
    let (watch, rest) = match rest {
        ["watch", rest @ ..] => (true, rest),
        _ => (false, rest),
    };
    match rest {
        [] => match built_in {
            Some((group, version)) => Target::Resources(group, version),
            None => Target::CustomResources(group.to_owned(), version.to_owned()),
        },
        ["namespaces", namespace, plural, rest @ ..] if find(plural).is_some_and(|kind| kind.row().namespaced) => {
            in_place(find(plural), Some(namespace), watch, rest)
        }
        [plural, rest @ ..] => match find(plural) {
            Some(kind) if kind.row().namespaced && !rest.is_empty() => Target::Unknown,
            kind => in_place(kind, None, watch, rest),
        },
    }
}

fn in_place(kind: Option<Kind>, namespace: Option<&&str>, watch: bool, rest: &[&str]) -> Target {
    let Some(kind) = kind else { return Target::Unknown };
    let place = Place { kind, namespace: namespace.map(|name| (*name).to_owned()), watch };
    match rest {
        [] => Target::Collection(place),
        [name] => Target::Object(place, (*name).to_owned(), None),
        [name, part, rest @ ..] => match place.resource().subresource(part) {
            Some(row) if rest.is_empty() || *part == "proxy" => {
                Target::Object(place, (*name).to_owned(), Some(Part { row, rest: rest.join("/") }))
            }
            _ => Target::Unknown,
        },
    }
}

/// Percent-decoding (RFC 3986); what is not valid UTF-8 afterwards becomes U+FFFD.
pub(super) fn decode(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str) -> String {
        match parse(path, &Definitions::default()) {
            Target::Collection(place) => format!("{} in {:?}", place.resource().qualified(), place.namespace),
            Target::Object(place, name, part) => {
                let part = part.map(|part| format!("/{}+{}", part.row.name, part.rest)).unwrap_or_default();
                format!("{} in {:?}: {name}{part}", place.resource().qualified(), place.namespace)
            }
            Target::Resources(group, version) => format!("kinds of {:?} {}", group.name, version.name),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn paths_name_what_the_api_server_says_they_name() {
        let cases = [
            ("/api", "CoreVersions"),
            ("/apis", "Groups"),
            ("/api/v1", "kinds of \"\" v1"),
            ("/apis/apps/v1/", "kinds of \"apps\" v1"),
            ("/api/v1/pods", "pods in None"),
            ("/api/v1/namespaces", "namespaces in None"),
            ("/api/v1/namespaces/default", "namespaces in None: default"),
            ("/api/v1/namespaces/default/finalize", "namespaces in None: default/finalize+"),
            ("/api/v1/namespaces/default/pods", "pods in Some(\"default\")"),
            ("/api/v1/namespaces/default/pods/a%2Fb/log", "pods in Some(\"default\"): a/b/log+"),
            ("/api/v1/namespaces/default/pods/web/proxy/a/b", "pods in Some(\"default\"): web/proxy+a/b"),
            ("/apis/apps/v1/namespaces/x/deployments/d/scale", "deployments.apps in Some(\"x\"): d/scale+"),
            ("/api/v1/namespaces/default/nodes", "Unknown"),
            ("/api/v1/pods/web", "Unknown"),
            ("/api/v2/pods", "Unknown"),
            ("/api/v1/namespaces/default/pods/web/nope", "Unknown"),
            ("/api/v1/namespaces/default/pods/web/log/more", "Unknown"),
            ("/nothing", "Outside"),
            ("/healthz/ping", "Health"),
            ("/openapi/v3/api/v1", "OpenApi(\"v3/api/v1\")"),
        ];
        for (path, expected) in cases {
            assert_eq!(shown(path), expected, "{path}");
        }
    }
}
