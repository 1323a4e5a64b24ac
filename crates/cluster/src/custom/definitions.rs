//! The definitions of a cluster, as requests look them up.

use std::{
    cmp::Ordering,
    collections::HashMap,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use super::{CustomKind, DEFINITIONS, condition_holds};
use crate::{
    json::{flag, items, text},
    store::{Key, Object, Store},
};

/// A definition's served versions.
type Versions = Arc<Vec<Arc<CustomKind>>>;

/// The established definitions of a store. What has been read of one is kept until the definition changes.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    store: Store,
    /// By name, with the `resourceVersion` they were read from.
    read: Mutex<HashMap<String, (String, Versions)>>,
}

impl Definitions {
    /// The definitions in this store.
    pub fn of(store: &Store) -> Self {
        Self { store: store.clone(), read: Mutex::default() }
    }

    /// Whether a definition has a served version in this group.
    pub fn has_group(&self, group: &str) -> bool {
        self.all().iter().any(|kind| kind.row().group == group)
    }

    /// Whether a definition serves this version of the group.
    pub fn has_version(&self, group: &str, version: &str) -> bool {
        self.all().iter().any(|kind| (kind.row().group, kind.row().version) == (group, version))
    }

    /// The kind behind a path.
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<CustomKind>> {
        let definition = self.store.get(&Key::new(DEFINITIONS, "", format!("{plural}.{group}")))?;
        let versions = self.versions(&definition);
        versions.iter().find(|kind| kind.row().version == version).cloned()
    }

    /// Every served version of every definition, by group, versions in the order of their preference.
    pub fn all(&self) -> Vec<Arc<CustomKind>> {
        let (_, definitions) = self.store.list(DEFINITIONS, None);
        let mut all: Vec<Arc<CustomKind>> =
            definitions.iter().flat_map(|definition| self.versions(definition).as_ref().clone()).collect();
        all.sort_by(|a, b| {
            let (a, b) = (a.row(), b.row());
            a.group.cmp(b.group).then_with(|| by_preference(a.version, b.version)).then_with(|| a.plural.cmp(b.plural))
        });
        all
    }

    fn versions(&self, definition: &Object) -> Versions {
        let (name, version) = (text(&definition["metadata"], "name"), text(&definition["metadata"], "resourceVersion"));
        let mut read = self.read.lock().expect("nothing panics while it reads a definition");
        if let Some((known, versions)) = read.get(name)
            && known == version
        {
            return versions.clone();
        }
        let versions: Versions = Arc::new(served_versions(definition));
        read.insert(name.to_owned(), (version.to_owned(), versions.clone()));
        versions
    }
}

fn served_versions(definition: &Value) -> Vec<Arc<CustomKind>> {
    if !condition_holds(definition, "Established") {
        return Vec::new();
    }
    let served = items(&definition["spec"], "versions").iter().filter(|version| flag(version, "served"));
    served.map(|version| CustomKind::read(definition, version)).collect()
}

/// `v2`, `v1`, `v1beta2`, `v1beta1`, `v1alpha1`, then everything else by name (kubernetes.io, "Version priority").
fn by_preference(a: &str, b: &str) -> Ordering {
    match (parts(a), parts(b)) {
        (Some(a), Some(b)) => b.cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// Stability, major and minor number of a version's name.
fn parts(version: &str) -> Option<(u8, u32, u32)> {
    let rest = version.strip_prefix('v')?;
    for (stability, word) in [(0, "alpha"), (1, "beta")] {
        if let Some((major, minor)) = rest.split_once(word) {
            return Some((stability, major.parse().ok()?, minor.parse().ok()?));
        }
    }
    Some((2, rest.parse().ok()?, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_preferred_as_the_documentation_lists_them() {
        let mut names =
            ["v1", "v11alpha2", "foo1", "v3beta1", "v12alpha1", "v10", "v11beta2", "v2", "foo10", "v10beta3"];
        names.sort_by(|a, b| by_preference(a, b));
        let listed = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"];
        assert_eq!(names, listed);
    }
}
