//! From `po`, `Deployment` or `pods.v1.` to a resource of the server, through its discovery documents.

mod discovery;

use std::fmt;

pub use discovery::Discovery;

use crate::failure::{Failure, Outcome};

/// A resource that the server has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resource {
    /// API group; empty for the core one.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind of its objects.
    pub kind: String,
    /// Its name in paths: `pods`.
    pub plural: String,
    /// One of it: `pod`.
    pub singular: String,
    /// `po`.
    pub short: Vec<String>,
    /// `all`.
    pub categories: Vec<String>,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// What can be done with it.
    pub verbs: Vec<String>,
    /// Names of its subresources.
    pub subresources: Vec<String>,
}

impl Resource {
    /// What a kind's resource is most likely called: `ingresses` for `Ingress`.
    pub fn guessed(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let singular = kind.to_lowercase();
        let plural = match singular.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None if singular.ends_with('s') => format!("{singular}es"),
            None => format!("{singular}s"),
        };
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural,
            singular,
            namespaced: true,
            ..Self::default()
        }
    }

    /// Refuses a kind of which kubectl has no type of its own: a custom one, and those of aggregated servers.
    pub fn typed(&self) -> Outcome {
        const FOREIGN: [&str; 3] = ["apiextensions.k8s.io", "apiregistration.k8s.io", "metrics.k8s.io"];
        let group = self.group.as_str();
        if !group.contains('.') || group.ends_with(".k8s.io") && !FOREIGN.contains(&group) {
            return Ok(());
        }
        let (kind, version) = (&self.kind, self.api_version());
        let why = format!("no kind {kind:?} is registered for version {version:?}");
        Err(Failure::Said(format!("{why} in scheme \"pkg/scheme/scheme.go:28\"")))
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods` or `deployments.apps`.
    pub fn full_plural(&self) -> String {
        with_group(&self.plural, &self.group)
    }

    /// `pod` or `deployment.apps`, as results are printed.
    pub fn full_singular(&self) -> String {
        with_group(&self.kind.to_lowercase(), &self.group)
    }

    /// The path of all its objects, of a namespace's or of all when `namespace` is `None`.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }

    /// The path of one object.
    pub fn object(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{}", self.path(namespace), crate::server::encode(name))
    }

    /// Whether the verb is among those that the server lists.
    pub fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    /// Whether this is a Pod-like core kind of that name.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

impl fmt::Display for Resource {
    /// As Go prints a GroupVersionResource: `/v1, Resource=pods`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}, Resource={}", self.group, self.version, self.plural)
    }
}

fn with_group(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

/// What somebody wrote for a resource, taken apart.
struct Wanted<'a> {
    name: &'a str,
    version: Option<&'a str>,
    group: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// `pods`, `deployments.apps`.
    fn with_group(text: &'a str) -> Self {
        let (name, group) = text.split_once('.').map_or((text, None), |(name, group)| (name, Some(group)));
        Self { name, version: None, group }
    }

    /// `deployments.v1.apps`, `pods.v1.`.
    fn with_version(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (name, version, group) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { name, version: Some(version), group: Some(group) })
    }

    fn fits(&self, resource: &Resource) -> bool {
        let group = self
            .group
            .is_none_or(|group| resource.group == group || (!group.is_empty() && resource.group.starts_with(group)));
        group && self.version.is_none_or(|version| resource.version == version)
    }
}

/// Finds what somebody called a resource: by plural, singular, short name or kind, whatever the case.
pub fn find<'a>(resources: &'a [Resource], text: &str) -> Option<&'a Resource> {
    let written: Vec<Wanted<'_>> = Wanted::with_version(text).into_iter().chain([Wanted::with_group(text)]).collect();
    written
        .iter()
        .find_map(|wanted| by_name(resources, wanted))
        .or_else(|| written.iter().find_map(|wanted| by_kind(resources, wanted)))
}

/// Other resources that have the short name which somebody wrote, behind the one that is meant.
pub fn also_meant<'a>(resources: &'a [Resource], text: &str) -> Vec<&'a Resource> {
    let name = text.to_lowercase();
    let mut found: Vec<&Resource> = Vec::new();
    if resources.iter().any(|resource| resource.plural == name || resource.singular == name) {
        return found;
    }
    for resource in resources.iter().filter(|resource| resource.short.contains(&name)) {
        if !found.iter().any(|known| (&known.group, &known.plural) == (&resource.group, &resource.plural)) {
            found.push(resource);
        }
    }
    found.drain(..found.len().min(1));
    found
}

fn by_name<'a>(resources: &'a [Resource], wanted: &Wanted<'_>) -> Option<&'a Resource> {
    let name = wanted.name.to_lowercase();
    let full = |resource: &&Resource| (resource.plural == name || resource.singular == name) && wanted.fits(resource);
    let short = |resource: &&Resource| resource.short.contains(&name) && wanted.fits(resource);
    resources.iter().find(full).or_else(|| resources.iter().find(short))
}

fn by_kind<'a>(resources: &'a [Resource], wanted: &Wanted<'_>) -> Option<&'a Resource> {
    resources.iter().find(|resource| resource.kind == wanted.name && wanted.fits(resource))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Resource> {
        let one = |group: &str, kind: &str, plural: &str, short: &str| Resource {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            plural: plural.into(),
            singular: kind.to_lowercase(),
            short: vec![short.into()],
            namespaced: true,
            ..Resource::default()
        };
        vec![
            one("", "Pod", "pods", "po"),
            one("", "Event", "events", "ev"),
            one("apps", "Deployment", "deployments", "deploy"),
            one("events.k8s.io", "Event", "events", "ev"),
        ]
    }

    #[test]
    fn all_the_names_of_a_pod() {
        let known = known();
        for name in ["po", "pod", "pods", "Pods", "POD", "Pod", "pods.v1.", "PO"] {
            assert_eq!(find(&known, name).map(|found| found.plural.as_str()), Some("pods"), "{name}");
        }
        assert_eq!(find(&known, "Podz"), None);
    }

    #[test]
    fn groups_and_versions() {
        let known = known();
        for name in ["deploy", "deployments.apps", "deployments.v1.apps", "deploy.apps"] {
            assert_eq!(find(&known, name).map(|found| found.group.as_str()), Some("apps"), "{name}");
        }
        assert_eq!(find(&known, "events").map(|found| found.group.as_str()), Some(""));
        assert_eq!(find(&known, "events.events.k8s.io").map(|found| found.group.as_str()), Some("events.k8s.io"));
        assert_eq!(find(&known, "deployments.batch"), None);
    }

    #[test]
    fn a_short_name_of_two_resources() {
        let known = known();
        let others = |text| also_meant(&known, text).iter().map(|other| other.full_plural()).collect::<Vec<_>>();
        assert_eq!(others("ev"), ["events.events.k8s.io"]);
        assert!(others("events").is_empty() && others("po").is_empty() && others("nope").is_empty());
    }

    #[test]
    fn paths() {
        let known = known();
        assert_eq!(known[0].object(Some("a"), "web"), "/api/v1/namespaces/a/pods/web");
        assert_eq!(known[2].path(None), "/apis/apps/v1/deployments");
        assert_eq!(known[0].to_string(), "/v1, Resource=pods");
    }
}
