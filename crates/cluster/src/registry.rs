//! The kinds: one row each, which drives discovery, OpenAPI, printing, validation and short names.

use std::{collections::HashMap, sync::OnceLock};

use crate::custom::CustomKind;

mod build;
mod core;
mod others;
mod workloads;

/// One kind as the API serves it. The rows of this room live as long as the program; those of custom resources as long
/// as what was read from their definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource<'a> {
    /// Empty for the core group.
    pub group: &'a str,
    /// `v1`.
    pub version: &'a str,
    /// `Pod`.
    pub kind: &'a str,
    /// `pods`.
    pub plural: &'a str,
    /// `pod`.
    pub singular: &'a str,
    /// `po`.
    pub short_names: &'static [&'static str],
    /// `all`.
    pub categories: &'static [&'static str],
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
    /// What can be done with it, in discovery's order.
    pub verbs: &'static [&'static str],
    /// `status`, `log`, `exec`, … with the kind each speaks and its verbs.
    pub subresources: &'static [Subresource],
    /// Whether `metadata.generation` counts its spec changes.
    pub has_generation: bool,
    /// Why no object of this kind may be made, when that is so.
    pub awaits: Option<Awaits>,
    /// Group and version of the kind that holds its objects, when another version or group does.
    pub stored_as: Option<(&'static str, &'static str)>,
    /// What its definition says, of a custom resource.
    pub custom: Option<&'a CustomKind>,
}

/// What a kind lacks: it is listed by discovery, as on a real cluster, and refused in words, so that nobody waits for
/// something that never comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    /// The part of the API server or node that would act on it.
    Nothing,
}

/// A part of an object with an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subresource {
    /// `log`.
    pub name: &'static str,
    /// Group and version of its kind when they differ from the resource's (`policy`, `v1` for evictions).
    pub group_version: Option<(&'static str, &'static str)>,
    /// The kind it speaks (`Pod`, `Scale`, `PodExecOptions`); empty for the resource's own.
    pub kind: &'static str,
    /// What can be done with it.
    pub verbs: &'static [&'static str],
}

/// An API group with its versions, the preferred one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Empty for the core group.
    pub name: &'static str,
    /// `v1`, …
    pub versions: &'static [Version],
}

/// A version of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// `v1`.
    pub name: &'static str,
    /// Its kinds, in discovery's order.
    pub resources: &'static [Resource<'static>],
}

/// What can be done with custom resources.
pub(crate) const CUSTOM_VERBS: &[&str] =
    &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

/// The parts that a custom resource may have.
pub(crate) const STATUS_AND_SCALE: [Subresource; 2] = [
    build::part("status", "", build::STATUS),
    build::part("scale", "Scale", build::STATUS).speaks("autoscaling", "v1"),
];

/// The core group.
pub const CORE: Group = Group { name: "", versions: &[Version { name: "v1", resources: core::CORE }] };

/// The named groups, in the order `/apis` lists them (`wire/discovery-apis.json`).
pub const GROUPS: &[Group] = &[
    Group {
        name: "apiregistration.k8s.io",
        versions: &[Version { name: "v1", resources: others::APIREGISTRATION_V1 }],
    },
    Group { name: "apps", versions: &[Version { name: "v1", resources: workloads::APPS_V1 }] },
    Group { name: "events.k8s.io", versions: &[Version { name: "v1", resources: others::EVENTS_V1 }] },
    Group { name: "authentication.k8s.io", versions: &[Version { name: "v1", resources: others::AUTHENTICATION_V1 }] },
    Group { name: "authorization.k8s.io", versions: &[Version { name: "v1", resources: others::AUTHORIZATION_V1 }] },
    Group {
        name: "autoscaling",
        versions: &[
            Version { name: "v2", resources: workloads::AUTOSCALING_V2 },
            Version { name: "v1", resources: workloads::AUTOSCALING_V1 },
        ],
    },
    Group { name: "batch", versions: &[Version { name: "v1", resources: workloads::BATCH_V1 }] },
    Group { name: "certificates.k8s.io", versions: &[Version { name: "v1", resources: others::CERTIFICATES_V1 }] },
    Group { name: "networking.k8s.io", versions: &[Version { name: "v1", resources: others::NETWORKING_V1 }] },
    Group { name: "policy", versions: &[Version { name: "v1", resources: workloads::POLICY_V1 }] },
    Group { name: "rbac.authorization.k8s.io", versions: &[Version { name: "v1", resources: others::RBAC_V1 }] },
    Group { name: "storage.k8s.io", versions: &[Version { name: "v1", resources: others::STORAGE_V1 }] },
    Group {
        name: "admissionregistration.k8s.io",
        versions: &[Version { name: "v1", resources: others::ADMISSIONREGISTRATION_V1 }],
    },
    Group { name: "apiextensions.k8s.io", versions: &[Version { name: "v1", resources: others::APIEXTENSIONS_V1 }] },
    Group { name: "scheduling.k8s.io", versions: &[Version { name: "v1", resources: others::SCHEDULING_V1 }] },
    Group { name: "coordination.k8s.io", versions: &[Version { name: "v1", resources: others::COORDINATION_V1 }] },
    Group { name: "node.k8s.io", versions: &[Version { name: "v1", resources: others::NODE_V1 }] },
    Group { name: "discovery.k8s.io", versions: &[Version { name: "v1", resources: others::DISCOVERY_V1 }] },
    Group { name: "resource.k8s.io", versions: &[Version { name: "v1", resources: others::RESOURCE_V1 }] },
    Group {
        name: "flowcontrol.apiserver.k8s.io",
        versions: &[Version { name: "v1", resources: others::FLOWCONTROL_V1 }],
    },
];

impl Resource<'_> {
    /// The store's name for it: `pods`, `deployments.apps`.
    pub fn store_name(&self) -> String {
        let group = self.stored_as.map_or(self.group, |(group, _)| group);
        if group.is_empty() { self.plural.to_owned() } else { format!("{}.{group}", self.plural) }
    }

    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// As messages name it: `pods`, `deployments.apps`.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// As messages name its kind: `Pod`, `Deployment.apps`.
    pub fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// The part of this name.
    pub fn subresource(&self, name: &str) -> Option<&'static Subresource> {
        self.subresources.iter().find(|part| part.name == name)
    }

    /// Whether its objects can be stored at all; reviews and bindings only pass through.
    pub fn is_stored(&self) -> bool {
        self.verbs.contains(&"get")
    }
}

/// All groups, the core group first.
pub fn groups() -> impl Iterator<Item = &'static Group> {
    std::iter::once(&CORE).chain(GROUPS)
}

/// All kinds of all versions.
pub fn all() -> impl Iterator<Item = &'static Resource<'static>> {
    groups().flat_map(|group| group.versions).flat_map(|version| version.resources)
}

/// The kinds of a version, if there is such a version.
pub fn version(group: &str, version: &str) -> Option<&'static Version> {
    groups().find(|row| row.name == group)?.versions.iter().find(|row| row.name == version)
}

/// The kind behind a path such as `/apis/apps/v1/…/deployments`.
pub fn find(group: &str, version_name: &str, plural: &str) -> Option<&'static Resource<'static>> {
    version(group, version_name)?.resources.iter().find(|row| row.plural == plural)
}

/// The kind that an `apiVersion` and `kind` name.
pub fn find_kind(api_version: &str, kind: &str) -> Option<&'static Resource<'static>> {
    let (group, version_name) = api_version.split_once('/').unwrap_or(("", api_version));
    version(group, version_name)?.resources.iter().find(|row| row.kind == kind)
}

/// The kind whose objects the store holds under this name (`deployments.apps`).
pub fn stored(store_name: &str) -> Option<&'static Resource<'static>> {
    static BY_NAME: OnceLock<HashMap<String, &'static Resource<'static>>> = OnceLock::new();
    let by_name = BY_NAME
        .get_or_init(|| all().filter(|row| row.stored_as.is_none()).map(|row| (row.store_name(), row)).collect());
    by_name.get(store_name).copied()
}
