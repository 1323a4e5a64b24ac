use std::sync::Arc;

use super::*;

fn pod(number: usize, owner: Option<&str>, ready: bool) -> Object {
    let owners = owner.map_or(json!([]), |uid| json!([{"controller": true, "uid": uid, "kind": "ReplicaSet"}]));
    let ready = if ready { "True" } else { "False" };
    Arc::new(json!({
        "metadata": {"name": format!("p{number}"), "ownerReferences": owners},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
    }))
}

fn pods(ready: usize, unready: usize) -> Vec<Object> {
    (0..ready + unready).map(|number| pod(number, Some("set"), number < ready)).collect()
}

/// `allowed current/desired of expected` for Pods of a set of `size`.
fn counted(spec: Value, pods: &[Object], size: i64) -> String {
    let budget = json!({"metadata": {"name": "b", "generation": 1}, "spec": spec, "status": {}});
    let expected = expected(&budget["spec"], pods, |owner| Ok((text(owner, "uid").to_owned(), size)));
    let status = status(&budget, pods, &expected, &BTreeMap::new(), Timestamp::UNIX_EPOCH);
    let number = |field: &str| int(&status, field).unwrap();
    let condition = conditions::find(&status, "DisruptionAllowed").unwrap();
    format!(
        "{} {}/{} of {} {}",
        number("disruptionsAllowed"),
        number("currentHealthy"),
        number("desiredHealthy"),
        number("expectedPods"),
        text(condition, "reason")
    )
}

#[test]
fn budgets_are_counted_by_numbers_and_by_shares() {
    assert_eq!(counted(json!({"minAvailable": 2}), &pods(3, 0), 3), "1 3/2 of 3 SufficientPods");
    assert_eq!(counted(json!({"minAvailable": 2}), &pods(2, 1), 3), "0 2/2 of 3 InsufficientPods");
    assert_eq!(counted(json!({"minAvailable": "50%"}), &pods(3, 0), 5), "0 3/3 of 5 InsufficientPods");
    assert_eq!(counted(json!({"minAvailable": "50%"}), &pods(5, 0), 5), "2 5/3 of 5 SufficientPods");
    assert_eq!(counted(json!({"maxUnavailable": 1}), &pods(3, 0), 3), "1 3/2 of 3 SufficientPods");
    assert_eq!(counted(json!({"maxUnavailable": "30%"}), &pods(4, 0), 4), "2 4/2 of 4 SufficientPods");
    assert_eq!(counted(json!({"maxUnavailable": 9}), &pods(1, 0), 1), "1 1/0 of 1 SufficientPods");
    assert_eq!(counted(json!({"minAvailable": 0}), &[], 0), "0 0/0 of 0 InsufficientPods");
}

#[test]
fn pods_on_their_way_out_are_not_healthy() {
    let budget = json!({"metadata": {"name": "b"}, "spec": {"minAvailable": 1},
        "status": {"disruptedPods": {"p0": "2026-11-23T08:00:00Z", "gone": "2026-11-23T08:00:00Z"}}});
    let now: Timestamp = "2026-11-23T08:01:00Z".parse().unwrap();
    let pods = pods(2, 0);
    let expected = expected(&budget["spec"], &pods, |_| unreachable!("a number needs no size"));
    let known = disrupted(&budget, &pods, now);
    let status = status(&budget, &pods, &expected, &known, now);
    assert_eq!((&status["currentHealthy"], &status["disruptionsAllowed"]), (&json!(1), &json!(0)));
    assert_eq!(status["disruptedPods"], json!({"p0": "2026-11-23T08:00:00Z"}));
    assert!(disrupted(&budget, &pods, now + PATIENCE).is_empty(), "one that was not deleted counts again");
}

#[test]
fn pods_that_nobody_controls_and_controllers_without_a_size_are_told() {
    let alone = [pod(0, None, true)];
    let known = |_: &Value| Ok((String::new(), 1));
    assert!(expected(&json!({"maxUnavailable": 1}), &alone, known).unwrap().unmanaged);
    assert!(!expected(&json!({"minAvailable": 1}), &alone, known).unwrap().unmanaged);
    assert_eq!(
        go_selector(&json!({"matchLabels": {"app": "web"}})),
        "&LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}"
    );
    let world = World {
        store: crate::store::Store::new(),
        clock: Arc::new(crate::clock::SystemClock),
        authority: "PEM".into(),
    };
    let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "j"});
    assert_eq!(scale(&world, "default", &owner).unwrap_err(), "jobs.batch does not implement the scale subresource");
    let why = expected(&json!({"maxUnavailable": 1}), &pods(1, 0), |_| Err("no".into()));
    let status = status(&json!({"metadata": {}, "status": {}}), &[], &why, &BTreeMap::new(), Timestamp::UNIX_EPOCH);
    assert_eq!((&status["disruptionsAllowed"], &status["conditions"][0]["reason"]), (&json!(0), &json!("SyncFailed")));
}

proptest::proptest! {
    /// What a budget allows leaves what it asks for, whatever there is.
    #[test]
    fn what_is_allowed_leaves_what_is_asked_for(
        ready in 0_usize..12, unready in 0_usize..6, number in 0_i64..12, percent: bool, least: bool,
    ) {
        let value = if percent { json!(format!("{}%", number * 8)) } else { json!(number) };
        let spec = if least { json!({"minAvailable": value}) } else { json!({"maxUnavailable": value}) };
        let pods = pods(ready, unready);
        let size = i64::try_from(pods.len()).unwrap();
        let budget = json!({"metadata": {"generation": 1}, "spec": spec, "status": {}});
        let expected = expected(&budget["spec"], &pods, |_| Ok(("set".into(), size)));
        let once = status(&budget, &pods, &expected, &BTreeMap::new(), Timestamp::UNIX_EPOCH);
        let allowed = int(&once, "disruptionsAllowed").unwrap();
        proptest::prop_assert!(allowed >= 0);
        let wanted = int(&once, "desiredHealthy").unwrap();
        proptest::prop_assert!(allowed == 0 || int(&once, "currentHealthy").unwrap() - allowed == wanted);
        let again = json!({"metadata": {"generation": 1}, "spec": budget["spec"], "status": once});
        let twice = status(&again, &pods, &expected, &BTreeMap::new(), Timestamp::UNIX_EPOCH);
        proptest::prop_assert_eq!(&once, &twice);
    }
}
