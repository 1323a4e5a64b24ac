//! Keeps `status` of ResourceQuotas: what is allowed and what is used.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Controller, World, write::put_status};
use crate::{
    admission::{quota_usage, resources::Amounts},
    json::at,
    store::{Event, Key},
};

pub(super) struct Quotas;

impl Controller for Quotas {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        if event.key.resource == "resourcequotas" {
            mark(event.key.clone());
        }
        // Events come and go all the time and are in no quota but `count/events`, which nobody sets.
        if !event.key.namespace.is_empty() && event.key.resource != "events" {
            for quota in world.store.list("resourcequotas", Some(&event.key.namespace)).1 {
                mark(Key::new("resourcequotas", event.key.namespace.as_str(), super::name_of(&quota)));
            }
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let quota = world.get(key)?;
        let hard = at(&quota, &["spec", "hard"]).clone();
        let used = to_json(&quota_usage(&quota, &world.store));
        put_status(world, key, json!({"hard": hard, "used": used}));
        None
    }
}

fn to_json(amounts: &Amounts) -> Value {
    let written: Map<String, Value> =
        amounts.iter().map(|(name, amount)| (name.clone(), json!(amount.to_string()))).collect();
    Value::Object(written)
}
