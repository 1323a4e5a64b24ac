//! The server's list of resources.

use std::{collections::HashSet, sync::Arc};

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

mod remembered;

use super::Resource;
use crate::{
    failure::{Failure, Outcome, text_at},
    server::{JSON, Notice, Server, collect, parse},
};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// All resources of a server, preferred groups and versions first.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// The resources; the first that fits a name is meant.
    pub resources: Arc<[Resource]>,
    /// Group versions, in the server's order.
    pub versions: Arc<[String]>,
    /// Where warnings about names of several meanings go.
    pub warn: Option<UnboundedSender<Notice>>,
}

impl Discovery {
    /// Asks the server. What the same answers were read as before is taken from memory.
    pub async fn load(server: &Server) -> Outcome<Self> {
        let warn = Some(server.notices());
        let core = collect(server.open("/api?timeout=32s", AGGREGATED).await?).await?;
        let groups = collect(server.open("/apis?timeout=32s", AGGREGATED).await?).await?;
        let answers = [core, groups];
        if let Some(known) = remembered::of(&answers) {
            return Ok(Self { warn, ..known });
        }
        let (mut found, mut whole) = (Found::default(), true);
        for answer in &answers {
            let document = parse(answer)?;
            if text_at(&document, "/kind") == "APIGroupDiscoveryList" {
                found.read_aggregated(&document);
            } else {
                whole = false;
                found.read_plain(server, &document).await?;
            }
        }
        let known = found.in_order();
        // Otherwise more was asked than these two answers say.
        if whole {
            remembered::keep(answers, known.clone());
        }
        Ok(Self { warn, ..known })
    }

    /// The resource somebody named, or kubectl's words when there is none.
    pub fn find(&self, text: &str) -> Outcome<&Resource> {
        for other in super::also_meant(&self.resources, text) {
            let said = format!("short name {text:?} could also match lower priority resource {}", other.full_plural());
            // Nobody listens where there is nobody to warn.
            let _ = self.warn.as_ref().map(|warn| warn.send(Notice::Warning(said)));
        }
        super::find(&self.resources, text).ok_or_else(|| {
            let name = text.split('.').next().unwrap_or(text);
            Failure::Said(format!("the server doesn't have a resource type {name:?}"))
        })
    }

    /// The resource of a kind.
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.api_version() == api_version && resource.kind == kind)
    }

    /// The resource in the version that its group prefers.
    pub fn preferred(&self, group: &str, plural: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.group == group && resource.plural == plural)
    }

    /// The resource of a kind written in lower case, which kubectl's mapper knows too.
    pub fn lower_kind(&self, api_version: &str, kind: &str) -> Option<&Resource> {
        self.resources
            .iter()
            .find(|resource| resource.api_version() == api_version && resource.kind.to_lowercase() == kind)
    }

    /// The resources of a category such as `all`, that can be listed; each once.
    pub fn category(&self, name: &str) -> Vec<&Resource> {
        let mut found: Vec<&Resource> = Vec::new();
        for resource in
            self.resources.iter().filter(|resource| resource.categories.iter().any(|category| category == name))
        {
            if !found.iter().any(|other| other.group == resource.group && other.plural == resource.plural) {
                found.push(resource);
            }
        }
        found
    }
}

/// What has been read of a server's answers so far.
#[derive(Default)]
struct Found {
    resources: Vec<Resource>,
    versions: Vec<String>,
}

impl Found {
    fn read_aggregated(&mut self, document: &Value) {
        for group in items(document, "items") {
            let name = text_at(group, "/metadata/name");
            for version in items(group, "versions") {
                let label = text_at(version, "/version");
                self.versions.push(if name.is_empty() { label.to_owned() } else { format!("{name}/{label}") });
                self.resources
                    .extend(items(version, "resources").iter().map(|resource| aggregated(name, label, resource)));
            }
        }
    }

    async fn read_plain(&mut self, server: &Server, document: &Value) -> Outcome {
        let paths: Vec<(String, String)> = match text_at(document, "/kind") {
            "APIVersions" => {
                texts(document, "versions").into_iter().map(|version| (format!("/api/{version}"), version)).collect()
            }
            _ => items(document, "groups")
                .iter()
                .flat_map(|group| items(group, "versions"))
                .map(|version| text_at(version, "/groupVersion").to_owned())
                .map(|version| (format!("/apis/{version}"), version))
                .collect(),
        };
        for (path, version) in paths {
            let list = server.get(&format!("{path}?timeout=32s"), JSON).await?;
            self.resources.extend(plain(&version, &list));
            self.versions.push(version);
        }
        Ok(())
    }

    /// Older versions of a group stand behind all preferred ones, as they do for kubectl's mapper.
    fn in_order(mut self) -> Discovery {
        let mut seen = HashSet::new();
        self.resources.sort_by_cached_key(|resource| !seen.insert((resource.group.clone(), resource.plural.clone())));
        Discovery { resources: self.resources.into(), versions: self.versions.into(), warn: None }
    }
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    items(value, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn aggregated(group: &str, version: &str, value: &Value) -> Resource {
    let plural = text_at(value, "/resource").to_owned();
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: text_at(value, "/responseKind/kind").to_owned(),
        singular: singular(text_at(value, "/singularResource"), text_at(value, "/responseKind/kind")),
        plural,
        short: texts(value, "shortNames"),
        categories: texts(value, "categories"),
        namespaced: text_at(value, "/scope") == "Namespaced",
        verbs: texts(value, "verbs"),
        subresources: items(value, "subresources").iter().map(|sub| text_at(sub, "/subresource").to_owned()).collect(),
    }
}

fn singular(name: &str, kind: &str) -> String {
    if name.is_empty() { kind.to_lowercase() } else { name.to_owned() }
}

fn plain(version: &str, list: &Value) -> Vec<Resource> {
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let mut found: Vec<Resource> = Vec::new();
    for value in items(list, "resources") {
        let name = text_at(value, "/name");
        if let Some((parent, sub)) = name.split_once('/') {
            if let Some(resource) = found.iter_mut().find(|resource| resource.plural == parent) {
                resource.subresources.push(sub.to_owned());
            }
            continue;
        }
        found.push(Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text_at(value, "/kind").to_owned(),
            plural: name.to_owned(),
            singular: singular(text_at(value, "/singularName"), text_at(value, "/kind")),
            short: texts(value, "shortNames"),
            categories: texts(value, "categories"),
            namespaced: value.get("namespaced").and_then(Value::as_bool).unwrap_or_default(),
            verbs: texts(value, "verbs"),
            subresources: Vec::new(),
        });
    }
    found
}
