//! ClusterRoles that gather the rules of others by label (clusterrole-aggregation-controller).

use std::time::Duration;

use serde_json::{Value, json};

use super::{Controller, World, selector, write};
use crate::{
    json::{at, has, items, put},
    store::{Event, Key},
};

const ROLES: &str = "clusterroles.rbac.authorization.k8s.io";

pub(super) struct AggregatedRoles;

impl Controller for AggregatedRoles {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        if event.key.resource != ROLES {
            return;
        }
        let gathers = |role: &Value| has(role, "aggregationRule");
        for role in world.store.list(ROLES, None).1.iter().filter(|role| gathers(role)) {
            mark(Key::new(ROLES, "", super::name_of(role)));
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let role = world.get(key)?;
        let rules = gathered(&role, &world.store.list(ROLES, None).1);
        if role["rules"] != json!(rules) {
            write::update(world, key, |role| put(role, "rules", rules));
        }
        None
    }
}

/// The rules of all roles that the selectors mean, each once.
fn gathered(role: &Value, all: &[crate::store::Object]) -> Vec<Value> {
    let selectors = items(&role["aggregationRule"], "clusterRoleSelectors");
    let mut rules: Vec<Value> = Vec::new();
    for chosen in selectors {
        let meant = |other: &&crate::store::Object| {
            super::name_of(other) != super::name_of(role)
                && selector::matches(chosen, at(other, &["metadata", "labels"]))
        };
        for rule in all.iter().filter(meant).flat_map(|other| items(other, "rules")) {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
    }
    rules
}
