//! The nodes and the Pods on them, as the scheduler last saw them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    admission::resources::{Amounts, pod_requests},
    json as tree,
    store::{Key, Object},
};

/// A Pod that has a node.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its node.
    pub node: String,
    /// What it asks for.
    pub requests: Amounts,
    /// The whole Pod.
    pub object: Object,
}

/// The nodes and the Pods on them.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    nodes: BTreeMap<String, Object>,
    pods: BTreeMap<Key, Placed>,
}

impl Snapshot {
    /// Adds or replaces a node.
    pub fn put_node(&mut self, node: Object) {
        self.nodes.insert(tree::text(&node["metadata"], "name").to_owned(), node);
    }

    /// Forgets a node.
    pub fn remove_node(&mut self, name: &str) {
        self.nodes.remove(name);
    }

    /// Adds, replaces or, when it has no node or has ended, forgets a Pod; true if it is new here.
    pub fn put_pod(&mut self, pod: Object) -> bool {
        let key = super::key_of(&pod);
        let node = tree::text(&pod["spec"], "nodeName").to_owned();
        if node.is_empty() || super::is_ended(&pod) {
            self.pods.remove(&key);
            return false;
        }
        let requests = match self.pods.get(&key) {
            Some(old) if old.object["spec"] == pod["spec"] => old.requests.clone(),
            _ => pod_requests(&pod["spec"]),
        };
        self.pods.insert(key, Placed { node, requests, object: pod }).is_none()
    }

    /// Forgets a Pod.
    pub fn remove_pod(&mut self, key: &Key) {
        self.pods.remove(key);
    }

    /// All nodes by name.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.nodes.iter().map(|(name, node)| (name.as_str(), &**node))
    }

    /// A node.
    pub fn node(&self, name: &str) -> Option<&Value> {
        self.nodes.get(name).map(|node| &**node)
    }

    /// All Pods that have a node and have not ended.
    pub fn pods(&self) -> impl Iterator<Item = &Placed> {
        self.pods.values()
    }

    /// Those of one node.
    pub fn pods_on<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a Placed> {
        self.pods.values().filter(move |pod| pod.node == node)
    }
}
