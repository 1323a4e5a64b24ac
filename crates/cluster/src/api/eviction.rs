//! POST to a Pod's `eviction`: deleting it, if its disruption budget allows.

use std::convert::Infallible;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Api, call::Call, create::text, decode, failure::Failure, parts::success, respond::Reply};
use crate::{
    clock::api_time,
    controllers::selector,
    json::{child, int, items, put},
    store::{Key, Next, Object, WriteError},
};

const BUDGETS: &str = "poddisruptionbudgets.policy";
const FORBIDDEN: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

/// What a budget says to an eviction.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// It goes, and counts.
    Counted,
    /// It goes, as it was not healthy anyway.
    Uncounted,
    /// It stays, for this reason; whether the answer may be another one soon.
    Refused { why: String, soon: bool },
}

/// What the only budget of a Pod says.
fn answer(budget: &Value, pod: &Value) -> Answer {
    let (status, name) = (&budget["status"], text(budget, "name"));
    let count = |key: &str| int(status, key).unwrap_or(0);
    let (healthy, desired) = (count("currentHealthy"), count("desiredHealthy"));
    if !is_ready(pod) {
        let always = budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow";
        if always || (healthy >= desired && desired > 0) {
            return Answer::Uncounted;
        }
    }
    if count("observedGeneration") < int(&budget["metadata"], "generation").unwrap_or(0) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Answer::Refused { why, soon: true };
    }
    if count("disruptionsAllowed") > 0 {
        return Answer::Counted;
    }
    let failed = items(status, "conditions").iter().find(|condition| condition["reason"] == "SyncFailed");
    let why = match failed {
        Some(failed) => {
            let message = crate::json::text(failed, "message");
            format!(
                "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
            )
        }
        None => format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"),
    };
    Answer::Refused { why, soon: false }
}

fn is_ready(pod: &Value) -> bool {
    let ready = items(&pod["status"], "conditions").iter().find(|condition| condition["type"] == "Ready");
    ready.is_some_and(|ready| ready["status"] == "True")
}

/// A Pod that has ended, or has not begun, disrupts nothing by going.
fn is_over(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed" | "Pending"))
        || pod["metadata"].get("deletionTimestamp").is_some()
}

impl Api {
    /// Deletes a Pod unless a budget forbids it.
    pub(super) fn evict(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let eviction = decode::body(call, body)?;
        if text(&eviction, "name") != call.name {
            return Err(Failure::bad_request("name in URL does not match name in Eviction object"));
        }
        let dry = call.query.dry_run() || !items(&eviction["deleteOptions"], "dryRun").is_empty();
        let pod = self.find(call)?;
        if !is_over(&pod) {
            self.ask_budget(call, &pod, dry)?;
        }
        if !dry {
            self.say_evicted(call);
        }
        let options = eviction["deleteOptions"].to_string();
        let body = if eviction["deleteOptions"].is_object() { options.as_bytes() } else { &[] };
        let mut deletion = call.clone();
        deletion.part = None;
        deletion.headers.remove(http::header::CONTENT_TYPE);
        self.delete(&deletion, body)?;
        Ok(Reply::created(success()))
    }

    /// The Pod's budget; more than one is an error of its own.
    fn budget(&self, call: &Call, pod: &Value) -> Result<Option<Object>, Failure> {
        let mut budgets = self.store.list(BUDGETS, Some(call.namespace())).1;
        budgets.retain(|budget| selector::matches(&budget["spec"]["selector"], selector::labels(pod)));
        if budgets.len() > 1 {
            let why =
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            return Err(Failure::new(500, "", why));
        }
        Ok(budgets.pop())
    }

    /// A budget that allows no more disruptions stands in the way (`429 Too Many Requests`); one that does has one less
    /// until its controller has counted again.
    fn ask_budget(&self, call: &Call, pod: &Value, dry: bool) -> Result<(), Failure> {
        let Some(budget) = self.budget(call, pod)? else { return Ok(()) };
        let key = Key::new(BUDGETS, call.namespace(), text(&budget, "name"));
        let asked = self.store.modify(&key, |budget| match answer(budget, pod) {
            Answer::Refused { why, soon } => Err(refusal(&why, soon)),
            Answer::Counted if !dry => Ok(Next::Put(counted(budget, &call.name, self.clock.now()))),
            Answer::Counted | Answer::Uncounted => Ok(Next::Keep),
        });
        match asked {
            Err(WriteError::Refused(failure)) => Err(failure),
            // A budget that has just gone forbids nothing.
            Ok(_) | Err(WriteError::NotFound) => Ok(()),
        }
    }

    /// Why the Pod goes, for who looks at it while it does.
    fn say_evicted(&self, call: &Call) {
        let now = api_time(self.clock.now());
        let _gone = self.store.modify(&Key::new("pods", call.namespace(), &*call.name), |pod| {
            let mut pod = pod.clone();
            let mut conditions = items(&pod["status"], "conditions").to_vec();
            conditions.retain(|known| known["type"] != "DisruptionTarget");
            conditions.push(json!({
                "type": "DisruptionTarget", "status": "True", "lastProbeTime": null, "lastTransitionTime": now,
                "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting",
            }));
            put(child(&mut pod, "status"), "conditions", conditions);
            Ok::<_, Infallible>(Next::Put(pod))
        });
    }
}

/// A budget with one Pod less to spare.
fn counted(budget: &Value, pod: &str, now: Timestamp) -> Value {
    let mut budget = budget.clone();
    let status = child(&mut budget, "status");
    let left = int(status, "disruptionsAllowed").unwrap_or(0) - 1;
    put(status, "disruptionsAllowed", left);
    put(child(status, "disruptedPods"), pod, api_time(now));
    budget
}

fn refusal(why: &str, soon: bool) -> Failure {
    let mut failure = Failure::new(429, "TooManyRequests", FORBIDDEN);
    let mut details = json!({"causes": [{"reason": "DisruptionBudget", "message": why}]});
    if soon {
        put(&mut details, "retryAfterSeconds", 10);
    }
    failure.details = Some(details);
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(allowed: i64, policy: Value) -> Value {
        json!({
            "metadata": {"name": "b", "generation": 2}, "spec": {"unhealthyPodEvictionPolicy": policy},
            "status": {"disruptionsAllowed": allowed, "currentHealthy": 1, "desiredHealthy": 2, "observedGeneration": 2},
        })
    }

    fn pod(ready: &str) -> Value {
        json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}})
    }

    #[test]
    fn a_healthy_pod_goes_when_there_is_one_to_spare() {
        assert_eq!(answer(&budget(1, json!(null)), &pod("True")), Answer::Counted);
        let why = "The disruption budget b needs 2 healthy pods and has 1 currently".to_owned();
        assert_eq!(answer(&budget(0, json!("AlwaysAllow")), &pod("True")), Answer::Refused { why, soon: false });
        let counted = counted(&budget(1, json!(null)), "p", Timestamp::UNIX_EPOCH);
        assert_eq!(counted["status"]["disruptionsAllowed"], 0);
        assert_eq!(counted["status"]["disruptedPods"], json!({"p": "1970-01-01T00:00:00Z"}));
    }

    #[test]
    fn one_that_is_not_healthy_goes_if_enough_others_are_or_its_policy_says_so() {
        assert!(matches!(answer(&budget(0, json!(null)), &pod("False")), Answer::Refused { .. }));
        assert_eq!(answer(&budget(0, json!("AlwaysAllow")), &pod("False")), Answer::Uncounted);
        let mut enough = budget(0, json!("IfHealthyBudget"));
        enough["status"]["currentHealthy"] = json!(2);
        assert_eq!(answer(&enough, &pod("False")), Answer::Uncounted);
    }

    #[test]
    fn a_budget_that_was_not_counted_says_so() {
        let mut young = budget(0, json!(null));
        young["status"]["observedGeneration"] = json!(1);
        let Answer::Refused { why, soon: true } = answer(&young, &pod("True")) else { panic!("it is young") };
        assert_eq!(why, "The disruption budget b is still being processed by the server.");
        assert_eq!(refusal(&why, true).details.unwrap()["retryAfterSeconds"], 10);
        let mut broken = budget(0, json!(null));
        broken["status"]["conditions"] = json!([{"type": "DisruptionAllowed", "reason": "SyncFailed", "message": "x"}]);
        let Answer::Refused { why, .. } = answer(&broken, &pod("True")) else { panic!("it is broken") };
        assert_eq!(why, "The disruption budget b does not allow evicting pods currently because it failed sync: x");
    }
}
