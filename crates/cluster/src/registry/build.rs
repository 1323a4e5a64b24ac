//! Short words for writing rows.

use super::{Awaits, Resource, Subresource};

pub(super) const ALL: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
pub(super) const NO_COLLECTION: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];
pub(super) const CREATE: &[&str] = &["create"];
pub(super) const READ: &[&str] = &["get", "list"];
pub(super) const GET: &[&str] = &["get"];
pub(super) const UPDATE: &[&str] = &["update"];
pub(super) const STATUS: &[&str] = &["get", "patch", "update"];
pub(super) const CONNECT: &[&str] = &["create", "get"];
pub(super) const PROXY: &[&str] = &["create", "delete", "get", "patch", "update"];

/// A kind in namespaces with all verbs.
pub(super) const fn namespaced(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
) -> Resource<'static> {
    Resource {
        group,
        version,
        kind,
        plural,
        singular,
        short_names: &[],
        categories: &[],
        namespaced: true,
        verbs: ALL,
        subresources: &[],
        has_generation: false,
        awaits: None,
        stored_as: None,
        custom: None,
    }
}

/// A kind of the whole cluster with all verbs.
pub(super) const fn cluster_wide(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
) -> Resource<'static> {
    let mut row = namespaced(group, version, kind, plural, singular);
    row.namespaced = false;
    row
}

/// A subresource that speaks a kind of the resource's own group.
pub(super) const fn part(name: &'static str, kind: &'static str, verbs: &'static [&'static str]) -> Subresource {
    Subresource { name, group_version: None, kind, verbs }
}

impl Subresource {
    /// Its kind belongs to another group.
    pub(super) const fn speaks(mut self, group: &'static str, version: &'static str) -> Self {
        self.group_version = Some((group, version));
        self
    }
}

impl Resource<'static> {
    pub(super) const fn verbs(mut self, verbs: &'static [&'static str]) -> Self {
        self.verbs = verbs;
        self
    }

    pub(super) const fn short(mut self, names: &'static [&'static str]) -> Self {
        self.short_names = names;
        self
    }

    pub(super) const fn categories(mut self, categories: &'static [&'static str]) -> Self {
        self.categories = categories;
        self
    }

    pub(super) const fn parts(mut self, parts: &'static [Subresource]) -> Self {
        self.subresources = parts;
        self
    }

    /// Its spec changes are counted in `metadata.generation`.
    pub(super) const fn counted(mut self) -> Self {
        self.has_generation = true;
        self
    }

    pub(super) const fn awaits(mut self, what: Awaits) -> Self {
        self.awaits = Some(what);
        self
    }

    /// Another version or group holds its objects.
    pub(super) const fn stored_as(mut self, group: &'static str, version: &'static str) -> Self {
        self.stored_as = Some((group, version));
        self
    }
}
