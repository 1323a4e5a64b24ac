//! Discovery: which groups, versions and kinds there are, in the old form and in the one document of the new form.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};

use super::{Api, encoding, metrics, path::Target, respond};
use crate::{
    custom::CustomKind,
    registry::{self, Group, Resource, Subresource},
};

/// The media type of the one document of a root.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Whether the client takes the new form.
pub(crate) fn wants_aggregated(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT);
    values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|range| {
        let parts: Vec<&str> = range.split(';').map(str::trim).collect();
        ["application/json", "g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"]
            .iter()
            .all(|part| parts.contains(part))
    })
}

/// The new form of `/api` and `/apis`, with `ETag`; 304 when the client has it already.
pub(crate) fn aggregated(api: &Api, target: &Target, headers: &HeaderMap) -> Option<Response> {
    let groups: Vec<&Group> = match target {
        Target::CoreVersions => vec![&registry::CORE],
        Target::Groups => registry::GROUPS.iter().collect(),
        _ => return None,
    };
    let mut items: Vec<Value> = groups.into_iter().map(group_document).collect();
    if *target == Target::Groups {
        items.extend(custom_groups(api).iter().map(|(group, versions)| custom_group_document(group, versions)));
        items.extend(api.metrics.then(metrics::group_document));
    }
    let body = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    let text = body.to_string();
    let tag = format!("\"{}\"", hexadecimal(&Sha512::digest(text.as_bytes())));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = match known {
        true => respond::document(304, AGGREGATED, String::new().into()),
        false => respond::document(200, AGGREGATED, text.into()),
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).expect("hexadecimal digits fit into a header"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public"));
    Some(response)
}

/// The old form of a discovery path.
pub(crate) fn legacy(api: &Api, target: &Target, server: &str) -> Option<Value> {
    Some(match target {
        Target::CoreVersions => json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": server}],
        }),
        Target::Groups => json!({
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": registry::GROUPS
                .iter()
                .map(group_versions)
                .chain(custom_groups(api).iter().map(|(group, versions)| custom_versions(group, versions)))
                .chain(api.metrics.then(metrics::group_versions))
                .collect::<Vec<_>>(),
        }),
        Target::Group(group) => {
            let mut body = group_versions(group);
            body["kind"] = "APIGroup".into();
            body["apiVersion"] = "v1".into();
            body
        }
        Target::Resources(group, version) => resource_list(group.name, version.name, version.resources.iter().copied()),
        Target::CustomGroup(name) => {
            let groups = custom_groups(api);
            let (group, versions) = groups.iter().find(|(group, _)| group == name)?;
            let mut body = custom_versions(group, versions);
            body["kind"] = "APIGroup".into();
            body["apiVersion"] = "v1".into();
            body
        }
        Target::CustomResources(group, version) => {
            let kinds = api.definitions.all();
            let rows = kinds.iter().map(|kind| kind.row()).filter(|row| (row.group, row.version) == (group, version));
            resource_list(group, version, rows)
        }
        _ => return None,
    })
}

fn group_versions(group: &Group) -> Value {
    versions_of(group.name, group.versions.iter().map(|version| version.name))
}

fn versions_of<'a>(group: &str, versions: impl Iterator<Item = &'a str>) -> Value {
    let version = |name: &str| json!({"groupVersion": format!("{group}/{name}"), "version": name});
    let versions: Vec<Value> = versions.map(version).collect();
    json!({"name": group, "versions": versions, "preferredVersion": versions[0]})
}

/// The versions of a group in the order of their preference, each with its kinds.
type CustomVersions = Vec<(String, Vec<Arc<CustomKind>>)>;

/// The groups of custom resources.
fn custom_groups(api: &Api) -> Vec<(String, CustomVersions)> {
    let mut groups: Vec<(String, CustomVersions)> = Vec::new();
    for kind in api.definitions.all() {
        let (group, version) = (kind.row().group.to_owned(), kind.row().version.to_owned());
        if groups.last().is_none_or(|(known, _)| *known != group) {
            groups.push((group, Vec::new()));
        }
        let Some((_, versions)) = groups.last_mut() else { continue };
        match versions.last_mut() {
            Some((known, kinds)) if *known == version => kinds.push(kind),
            _ => versions.push((version, vec![kind])),
        }
    }
    groups
}

fn custom_versions(group: &str, versions: &CustomVersions) -> Value {
    versions_of(group, versions.iter().map(|(version, _)| version.as_str()))
}

fn custom_group_document(group: &str, versions: &CustomVersions) -> Value {
    let versions = versions.iter().map(|(version, kinds)| {
        let resources: Vec<Value> = kinds.iter().map(|kind| resource_document(&kind.row())).collect();
        json!({"version": version, "resources": resources, "freshness": "Current"})
    });
    json!({"metadata": {"name": group}, "versions": versions.collect::<Vec<_>>()})
}

fn resource_list<'a>(group: &str, version: &str, rows: impl Iterator<Item = Resource<'a>>) -> Value {
    let mut resources = Vec::new();
    for row in rows {
        resources.push(resource_entry(&row));
        resources.extend(row.subresources.iter().map(|part| part_entry(&row, part)));
    }
    let mut body = json!({"kind": "APIResourceList", "resources": resources});
    if group.is_empty() {
        body["groupVersion"] = version.into();
    } else {
        body["apiVersion"] = "v1".into();
        body["groupVersion"] = format!("{group}/{version}").into();
    }
    body
}

fn resource_entry(row: &Resource) -> Value {
    let mut entry = json!({
        "name": row.plural, "singularName": row.singular, "namespaced": row.namespaced, "kind": row.kind,
        "verbs": verbs(row),
    });
    add_names(row, &mut entry);
    if row.verbs.contains(&"create") && row.is_stored() {
        entry["storageVersionHash"] = storage_version_hash(row).into();
    }
    entry
}

/// What may be done with a resource; what goes with its definition is not made or changed any more.
fn verbs(row: &Resource) -> Vec<&'static str> {
    let ending = row.custom.is_some_and(CustomKind::is_terminating);
    let gone = |verb: &&str| ending && matches!(*verb, "create" | "patch" | "update");
    row.verbs.iter().copied().filter(|verb| !gone(verb)).collect()
}

fn part_entry(row: &Resource, part: &'static Subresource) -> Value {
    let mut entry = json!({
        "name": format!("{}/{}", row.plural, part.name), "singularName": "", "namespaced": row.namespaced,
        "kind": kind_of(row, part), "verbs": part.verbs,
    });
    if let Some((group, version)) = part.group_version {
        entry["group"] = group.into();
        entry["version"] = version.into();
    }
    entry
}

/// The kind that a part speaks.
fn kind_of<'a>(row: &Resource<'a>, part: &'static Subresource) -> &'a str {
    if part.kind.is_empty() { row.kind } else { part.kind }
}

fn add_names(row: &Resource, entry: &mut Value) {
    let custom = |names: fn(&CustomKind) -> &Vec<String>| row.custom.map(|kind| names(kind).clone().into());
    let short: Value = custom(|kind| &kind.short_names).unwrap_or_else(|| row.short_names.into());
    let categories: Value = custom(|kind| &kind.categories).unwrap_or_else(|| row.categories.into());
    for (key, names) in [("shortNames", short), ("categories", categories)] {
        if names.as_array().is_some_and(|names| !names.is_empty()) {
            entry[key] = names;
        }
    }
}

/// What tells clients that a kind's stored form has changed: the start of a digest of its name.
fn storage_version_hash(row: &Resource) -> String {
    let (group, version) = row.stored_as.unwrap_or((row.group, row.version));
    let digest = Sha256::digest(format!("{group}/{version}/{}", row.kind).as_bytes());
    encoding::to_base64(&digest[..8])
}

fn group_document(group: &Group) -> Value {
    let versions: Vec<Value> = group
        .versions
        .iter()
        .map(|version| {
            let resources: Vec<Value> = version.resources.iter().map(resource_document).collect();
            json!({"version": version.name, "resources": resources, "freshness": "Current"})
        })
        .collect();
    let mut metadata = Map::new();
    if !group.name.is_empty() {
        metadata.insert("name".into(), group.name.into());
    }
    json!({"metadata": metadata, "versions": versions})
}

fn resource_document(row: &Resource) -> Value {
    let mut entry = json!({
        "resource": row.plural,
        "responseKind": own_kind(row, row.kind),
        "scope": if row.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": row.singular,
        "verbs": verbs(row),
    });
    add_names(row, &mut entry);
    let parts: Vec<Value> = row.subresources.iter().map(|part| part_document(row, part)).collect();
    if !parts.is_empty() {
        entry["subresources"] = parts.into();
    }
    entry
}

/// A kind of the resource's own group; only custom resources say which that is.
fn own_kind(row: &Resource, kind: &str) -> Value {
    let (group, version) = row.custom.map_or(("", ""), |_| (row.group, row.version));
    json!({"group": group, "version": version, "kind": kind})
}

fn part_document(row: &Resource, part: &'static Subresource) -> Value {
    let kind = match part.group_version {
        Some((group, version)) => json!({"group": group, "version": version, "kind": part.kind}),
        None => own_kind(row, kind_of(row, part)),
    };
    json!({"subresource": part.name, "responseKind": kind, "verbs": part.verbs})
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
