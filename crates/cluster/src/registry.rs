//! The kinds: one row each, which drives discovery, OpenAPI, printing, validation and short names.

/// One kind as the API serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// Empty for the core group.
    pub group: &'static str,
    /// `v1`.
    pub version: &'static str,
    /// `Pod`.
    pub kind: &'static str,
    /// `pods`.
    pub plural: &'static str,
    /// `pod`.
    pub singular: &'static str,
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
}

/// A part of an object with an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subresource {
    /// `log`.
    pub name: &'static str,
    /// Group and version of its kind when they differ from the resource's (`policy`, `v1` for evictions).
    pub group_version: Option<(&'static str, &'static str)>,
    /// The kind it speaks (`Pod`, `Scale`, `PodExecOptions`).
    pub kind: &'static str,
    /// What can be done with it.
    pub verbs: &'static [&'static str],
}

impl Resource {
    /// The store's name for it: `pods`, `deployments.apps`.
    pub fn store_name(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }
}
