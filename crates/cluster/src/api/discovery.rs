//! Discovery: which groups, versions and kinds there are, in the old form and in the one document of the new form.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};

use super::{encoding, metrics, path::Target, respond};
use crate::registry::{self, Group, Resource, Subresource, Version};

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
pub(crate) fn aggregated(target: &Target, headers: &HeaderMap, with_metrics: bool) -> Option<Response> {
    let groups: Vec<&Group> = match target {
        Target::CoreVersions => vec![&registry::CORE],
        Target::Groups => registry::GROUPS.iter().collect(),
        _ => return None,
    };
    let mut items: Vec<Value> = groups.into_iter().map(group_document).collect();
    if with_metrics && *target == Target::Groups {
        items.push(metrics::group_document());
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
pub(crate) fn legacy(target: &Target, server: &str, with_metrics: bool) -> Option<Value> {
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
                .chain(with_metrics.then(metrics::group_versions))
                .collect::<Vec<_>>(),
        }),
        Target::Group(group) => {
            let mut body = group_versions(group);
            body["kind"] = "APIGroup".into();
            body["apiVersion"] = "v1".into();
            body
        }
        Target::Resources(group, version) => resource_list(group, version),
        _ => return None,
    })
}

fn group_versions(group: &Group) -> Value {
    let version = |row: &Version| json!({"groupVersion": format!("{}/{}", group.name, row.name), "version": row.name});
    let versions: Vec<Value> = group.versions.iter().map(version).collect();
    json!({"name": group.name, "versions": versions, "preferredVersion": versions[0]})
}

fn resource_list(group: &Group, version: &Version) -> Value {
    let mut resources = Vec::new();
    for row in version.resources {
        resources.push(resource_entry(row));
        resources.extend(row.subresources.iter().map(|part| part_entry(row, part)));
    }
    let mut body = json!({"kind": "APIResourceList", "resources": resources});
    if group.name.is_empty() {
        body["groupVersion"] = version.name.into();
    } else {
        body["apiVersion"] = "v1".into();
        body["groupVersion"] = format!("{}/{}", group.name, version.name).into();
    }
    body
}

fn resource_entry(row: &Resource) -> Value {
    let mut entry = json!({
        "name": row.plural, "singularName": row.singular, "namespaced": row.namespaced, "kind": row.kind,
        "verbs": row.verbs,
    });
    add_names(row, &mut entry);
    if row.verbs.contains(&"create") && row.is_stored() {
        entry["storageVersionHash"] = storage_version_hash(row).into();
    }
    entry
}

fn part_entry(row: &Resource, part: &Subresource) -> Value {
    let mut entry = json!({
        "name": format!("{}/{}", row.plural, part.name), "singularName": "", "namespaced": row.namespaced,
        "kind": part.kind, "verbs": part.verbs,
    });
    if let Some((group, version)) = part.group_version {
        entry["group"] = group.into();
        entry["version"] = version.into();
    }
    entry
}

fn add_names(row: &Resource, entry: &mut Value) {
    for (key, names) in [("shortNames", row.short_names), ("categories", row.categories)] {
        if !names.is_empty() {
            entry[key] = names.into();
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
        "responseKind": {"group": "", "version": "", "kind": row.kind},
        "scope": if row.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": row.singular,
        "verbs": row.verbs,
    });
    add_names(row, &mut entry);
    let parts: Vec<Value> = row.subresources.iter().map(part_document).collect();
    if !parts.is_empty() {
        entry["subresources"] = parts.into();
    }
    entry
}

fn part_document(part: &Subresource) -> Value {
    let (group, version) = part.group_version.unwrap_or(("", ""));
    json!({
        "subresource": part.name,
        "responseKind": {"group": group, "version": version, "kind": part.kind},
        "verbs": part.verbs,
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
