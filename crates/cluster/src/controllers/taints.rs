//! Pods on nodes with `NoExecute` taints: those that do not tolerate them go, at once or after their `tolerationSeconds`
//! (kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions).

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Controller, World, conditions, deletion, name_of, pods, write};
use crate::{
    clock::api_time,
    events::{Recorder, Severity, Subject},
    json::{child, has, int, items, put, text},
    scheduler::taints::matches,
    store::{Change, Event, Key, Object},
};

/// For how long a Pod bears its node's taints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    Endless,
    For(SignedDuration),
}

/// The shortest time that any toleration allows, when all taints are tolerated; else none.
fn patience(pod: &Value, taints: &[&Value]) -> Patience {
    let none = Patience::For(SignedDuration::ZERO);
    let mut least = Patience::Endless;
    for taint in taints {
        let mut fitting = items(&pod["spec"], "tolerations").iter().filter(|one| matches(one, taint)).peekable();
        if fitting.peek().is_none() {
            return none;
        }
        for seconds in fitting.filter_map(|toleration| int(toleration, "tolerationSeconds")) {
            let left = SignedDuration::from_secs(seconds.max(0));
            least = match least {
                Patience::For(known) if known < left => least,
                _ => Patience::For(left),
            };
        }
    }
    least
}

/// The taints of a node that Pods have to bear to stay.
fn taints(node: &Value) -> Vec<&Value> {
    items(&node["spec"], "taints").iter().filter(|taint| text(taint, "effect") == "NoExecute").collect()
}

pub(super) struct TaintEvictions {
    recorder: Recorder,
    /// Since when Pods bear something that they do not bear for ever.
    since: HashMap<Key, Timestamp>,
}

impl TaintEvictions {
    pub(super) fn new(world: &World) -> Self {
        let recorder = Recorder::controller(world.store.clone(), world.clock.clone(), "taint-eviction-controller");
        Self { recorder, since: HashMap::new() }
    }

    fn say(&self, pod: &Value, what: &str) {
        let message = format!("{what} Pod {}/{}", text(&pod["metadata"], "namespace"), name_of(pod));
        self.recorder.event(&Subject::of(pod), Severity::Normal, "TaintManagerEviction", "", &message);
    }

    fn evict(&mut self, world: &World, key: &Key, pod: &Value) {
        self.since.remove(key);
        self.say(pod, "Marking for deletion");
        let now = api_time(world.clock.now());
        write::update(world, key, |pod| {
            let mut condition = conditions::plain(
                "DisruptionTarget",
                "True",
                "DeletionByTaintManager",
                "Taint manager: deleting due to NoExecute taint",
                &now,
            );
            put(&mut condition, "lastProbeTime", Value::Null);
            put(&mut condition, "observedGeneration", json!(int(&pod["metadata"], "generation")));
            conditions::replace(child(pod, "status"), condition);
        });
        deletion::delete(world, key);
    }
}

impl Controller for TaintEvictions {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        let before = event.previous.as_deref().unwrap_or(&Value::Null);
        match event.key.resource.as_str() {
            "nodes" if event.object["spec"]["taints"] != before["spec"]["taints"] => {
                for pod in world.store.list("pods", None).1 {
                    if text(&pod["spec"], "nodeName") == event.key.name {
                        mark(Key::new("pods", text(&pod["metadata"], "namespace"), name_of(&pod)));
                    }
                }
            }
            "pods" if event.change == Change::Deleted => drop(self.since.remove(&event.key)),
            "pods" => {
                let news = |field: &str| event.object["spec"][field] != before["spec"][field];
                if has(&event.object["spec"], "nodeName") && (news("nodeName") || news("tolerations")) {
                    mark(event.key.clone());
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let pod = world.get(key).filter(|pod| pods::is_active(pod))?;
        let node: Object = world.get(&Key::new("nodes", "", text(&pod["spec"], "nodeName")))?;
        let now = world.clock.now();
        let Patience::For(time) = patience(&pod, &taints(&node)) else {
            if self.since.remove(key).is_some() {
                self.say(&pod, "Cancelling deletion of");
            }
            return None;
        };
        let since = *self.since.entry(key.clone()).or_insert(now);
        let left = (since + time).duration_since(now);
        if left.is_positive() {
            return left.try_into().ok();
        }
        self.evict(world, key, &pod);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tolerating(tolerations: Value) -> Value {
        json!({"spec": {"tolerations": tolerations}})
    }

    #[test]
    fn the_shortest_toleration_counts_when_all_taints_are_tolerated() {
        let (down, own) =
            (json!({"key": "down", "effect": "NoExecute"}), json!({"key": "own", "value": "x", "effect": "NoExecute"}));
        let seconds = |count| Patience::For(SignedDuration::from_secs(count));
        let told = |tolerations: Value| patience(&tolerating(tolerations), &[&down, &own]);
        assert_eq!(told(json!([])), seconds(0));
        assert_eq!(told(json!([{"key": "down", "operator": "Exists", "tolerationSeconds": 300}])), seconds(0));
        assert_eq!(told(json!([{"operator": "Exists"}])), Patience::Endless);
        let both = json!([{"key": "down", "operator": "Exists", "tolerationSeconds": 300},
            {"key": "own", "value": "x", "effect": "NoExecute", "tolerationSeconds": 60}]);
        assert_eq!(told(both), seconds(60));
        let negative = json!([{"operator": "Exists", "tolerationSeconds": -1}]);
        assert_eq!(told(negative), seconds(0));
        assert_eq!(patience(&tolerating(json!([])), &[]), Patience::Endless);
    }
}
