//! Sets of fields, as managedFields write them (`FieldsV1`).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::registry::Resource;

/// A set of paths: a tree whose nodes are in the set or only on the way to one that is. Steps are written as in
/// `FieldsV1`: `f:name`, `k:{"name":"x"}`, `v:"x"`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    member: bool,
    below: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    /// Puts a path into the set.
    pub fn insert(&mut self, path: &[String]) {
        match path {
            [] => self.member = true,
            [step, rest @ ..] => self.below.entry(step.clone()).or_default().insert(rest),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        !self.member && self.below.values().all(Self::is_empty)
    }

    /// Whether this very path is in it.
    pub fn contains(&self, path: &[String]) -> bool {
        match path {
            [] => self.member,
            [step, rest @ ..] => self.below.get(step).is_some_and(|node| node.contains(rest)),
        }
    }

    /// Whether this path or one below it is in it.
    pub fn reaches(&self, path: &[String]) -> bool {
        match path {
            [] => !self.is_empty(),
            [step, rest @ ..] => self.below.get(step).is_some_and(|node| node.reaches(rest)),
        }
    }

    /// What is in either.
    pub fn union(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.member |= other.member;
        for (step, node) in &other.below {
            let merged = both.below.get(step).map_or_else(|| node.clone(), |own| own.union(node));
            both.below.insert(step.clone(), merged);
        }
        both
    }

    /// What is in this and not in the other, path by path.
    pub fn difference(&self, other: &Self) -> Self {
        let below = self.below.iter().map(|(step, node)| {
            let left = other.below.get(step).map_or_else(|| node.clone(), |gone| node.difference(gone));
            (step.clone(), left)
        });
        Self { member: self.member && !other.member, below: below.filter(|(_, node)| !node.is_empty()).collect() }
    }

    /// What is in both, path by path.
    pub fn intersection(&self, other: &Self) -> Self {
        let below = self.below.iter().filter_map(|(step, node)| {
            let common = node.intersection(other.below.get(step)?);
            (!common.is_empty()).then(|| (step.clone(), common))
        });
        Self { member: self.member && other.member, below: below.collect() }
    }

    /// All paths in it, a parent before its children.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        self.collect(&mut Vec::new(), &mut all);
        all
    }

    fn collect(&self, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
        if self.member && !path.is_empty() {
            all.push(path.clone());
        }
        for (step, node) in &self.below {
            path.push(step.clone());
            node.collect(path, all);
            path.pop();
        }
    }

    /// Takes out what nobody can own: the object's identity, and what a write to another part of it may not touch.
    pub fn disown(&mut self, resource: &Resource, subresource: &str) {
        self.below.remove("f:apiVersion");
        self.below.remove("f:kind");
        if let Some(metadata) = self.below.get_mut("f:metadata") {
            metadata.member = false;
            for name in [
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "generation",
                "managedFields",
                "resourceVersion",
            ] {
                metadata.below.remove(&format!("f:{name}"));
            }
        }
        if subresource == "resize" {
            self.keep_sizes();
        } else if subresource == "status" {
            self.below.remove("f:spec");
        } else if resource.subresource("status").is_some() {
            self.below.remove("f:status");
        }
        self.below.retain(|_, node| !node.is_empty());
    }

    /// Of a Pod's fields only those that a resize writes.
    fn keep_sizes(&mut self) {
        self.below.retain(|step, _| step == "f:spec");
        let Some(spec) = self.below.get_mut("f:spec") else { return };
        spec.below.retain(|step, _| matches!(step.as_str(), "f:containers" | "f:initContainers" | "f:resources"));
        for list in ["f:containers", "f:initContainers"] {
            let Some(list) = spec.below.get_mut(list) else { continue };
            for container in list.below.values_mut() {
                container.member = false;
                container.below.retain(|step, _| matches!(step.as_str(), "f:resources" | "f:resizePolicy"));
            }
            list.below.retain(|_, container| !container.is_empty());
        }
        spec.below.retain(|_, field| !field.is_empty());
    }

    /// Reads `FieldsV1`.
    pub fn read(value: &Value) -> Self {
        let Some(fields) = value.as_object() else { return Self::default() };
        let below: BTreeMap<String, Self> = fields
            .iter()
            .filter(|(step, _)| *step != ".")
            .map(|(step, value)| (step.clone(), Self::read(value)))
            .collect();
        Self { member: fields.contains_key(".") || below.is_empty(), below }
    }

    /// Writes `FieldsV1`; the whole object itself is no field.
    pub fn write(&self) -> Value {
        self.below.iter().map(|(step, node)| (step.clone(), node.write_node())).collect::<Map<_, _>>().into()
    }

    fn write_node(&self) -> Value {
        let mut fields = self.write();
        if let Some(fields) = fields.as_object_mut().filter(|fields| self.member && !fields.is_empty()) {
            fields.insert(".".into(), Map::new().into());
        }
        fields
    }
}

/// A path as messages show it: `.spec.containers[name="web"].image`.
pub(crate) fn shown(path: &[String]) -> String {
    path.iter().map(|step| show_step(step)).collect()
}

fn show_step(step: &str) -> String {
    match step.split_once(':') {
        Some(("f", name)) => format!(".{name}"),
        Some(("v", value)) => format!("[={value}]"),
        Some(("k", keys)) => {
            let keys: BTreeMap<String, Value> = serde_json::from_str(keys).unwrap_or_default();
            let pairs: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("[{}]", pairs.join(","))
        }
        _ => format!("[{}]", step.trim_start_matches("i:")),
    }
}
