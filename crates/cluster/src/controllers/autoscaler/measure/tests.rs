use std::sync::Arc;

use super::*;

/// A Pod that has been ready for long.
fn pod(name: &str, request: &str) -> Object {
    changed(name, request, &json!({}))
}

fn changed(name: &str, request: &str, status: &Value) -> Object {
    let mut whole = json!({
        "phase": "Running", "startTime": "2026-11-23T07:00:00Z",
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T07:00:05Z"}],
    });
    for (field, value) in status.as_object().unwrap() {
        whole[field] = value.clone();
    }
    let requests = if request.is_empty() { json!({}) } else { json!({"cpu": request, "memory": "100Mi"}) };
    Arc::new(json!({
        "metadata": {"name": name}, "status": whole,
        "spec": {"containers": [{"name": "c", "resources": {"requests": requests}}]},
    }))
}

/// Millicores of Pods' only containers, and a mebibyte each.
fn reading(used: &[(&str, u64)]) -> Reading {
    let one = |(pod, cpu): &(&str, u64)| ContainerUsage {
        namespace: "default".into(),
        pod: (*pod).into(),
        container: "c".into(),
        cpu_nanos: cpu * 1_000_000,
        memory: 1 << 20,
    };
    Reading::Of(used.iter().map(one).collect())
}

fn asked(metric: &Value, pods: &[Object], current: i64, reading: &Reading) -> Result<Proposal, Unknown> {
    let (behavior, now) = (Value::Null, "2026-11-23T08:00:00Z".parse().unwrap());
    propose(metric, &Scene { pods, current, namespace: "default", reading, behavior: &behavior, now })
}

fn share_of_cpu(percent: i64) -> Value {
    let target = json!({"type": "Utilization", "averageUtilization": percent});
    json!({"type": "Resource", "resource": {"name": "cpu", "target": target}})
}

/// Replicas for a share of the processor, or why not.
fn wanted(percent: i64, pods: &[Object], used: &[(&str, u64)]) -> String {
    let current = i64::try_from(pods.len()).unwrap();
    match asked(&share_of_cpu(percent), pods, current, &reading(used)) {
        Ok(proposal) => proposal.replicas.to_string(),
        Err(unknown) => unknown.why,
    }
}

#[test]
fn a_share_of_what_was_asked_for_decides() {
    let pods = [pod("a", "100m"), pod("b", "100m")];
    assert_eq!(wanted(50, &pods, &[("a", 100), ("b", 100)]), "4");
    assert_eq!(wanted(50, &pods, &[("a", 52), ("b", 54)]), "2", "within a tenth of the goal");
    assert_eq!(wanted(50, &pods, &[("a", 10), ("b", 10)]), "1");
    assert_eq!(wanted(50, &pods, &[("a", 0), ("b", 0)]), "0", "least and most are for others to keep");
}

#[test]
fn the_status_says_what_was_seen() {
    let pods = [pod("a", "200m"), pod("b", "200m")];
    let proposal = asked(&share_of_cpu(50), &pods, 2, &reading(&[("a", 25), ("b", 24)])).unwrap();
    assert_eq!(proposal.metric, "cpu resource utilization (percentage of request)");
    let seen = json!({"averageUtilization": 12, "averageValue": "24m"});
    assert_eq!(proposal.status, json!({"type": "Resource", "resource": {"name": "cpu", "current": seen}}));
    let target = json!({"type": "AverageValue", "averageValue": "512Ki"});
    let metric = json!({"type": "Resource", "resource": {"name": "memory", "target": target}});
    let proposal = asked(&metric, &pods, 2, &reading(&[("a", 0), ("b", 0)])).unwrap();
    assert_eq!((proposal.replicas, proposal.metric.as_str()), (4, "memory resource"));
    assert_eq!(proposal.status["resource"]["current"], json!({"averageValue": "1048576"}));
}

#[test]
fn one_container_may_be_meant() {
    let source = json!({"name": "cpu", "container": "c", "target": {"averageUtilization": 50}});
    let metric = json!({"type": "ContainerResource", "containerResource": source});
    let proposal = asked(&metric, &[pod("a", "100m")], 1, &reading(&[("a", 100)])).unwrap();
    assert_eq!((proposal.replicas, proposal.status["containerResource"]["container"].as_str()), (2, Some("c")));
    assert_eq!(proposal.metric, "cpu container resource utilization (percentage of request)");
}

/// What is not known of a Pod is taken to speak against a change.
#[test]
fn pods_without_a_sample_hold_a_change_back() {
    let pods = [pod("a", "100m"), pod("b", "100m")];
    assert_eq!(wanted(50, &pods, &[("a", 20)]), "2", "the other may use all that it asked for");
    assert_eq!(wanted(50, &pods, &[("a", 90)]), "2", "the other may use nothing");
    assert_eq!(wanted(50, &pods, &[("a", 190)]), "4", "even then there are too few");
}

#[test]
fn pods_that_start_count_as_idle_on_the_way_up_and_not_on_the_way_down() {
    let fresh = json!({"startTime": "2026-11-23T07:59:50Z", "conditions": [
        {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T07:59:52Z"}]});
    let pods = [pod("a", "100m"), changed("b", "100m", &fresh)];
    assert_eq!(wanted(50, &pods, &[("a", 90), ("b", 500)]), "2");
    assert_eq!(wanted(50, &pods, &[("a", 10), ("b", 500)]), "1");
    let pods = [pod("a", "100m"), changed("b", "100m", &json!({"phase": "Pending"}))];
    assert_eq!(wanted(50, &pods, &[("a", 190)]), "4");
    let alone = [changed("b", "100m", &fresh)];
    assert_eq!(
        wanted(50, &alone, &[("b", 500)]),
        "failed to get cpu utilization: did not receive metrics for any ready pods"
    );
    let failed = [pod("a", "100m"), changed("b", "100m", &json!({"phase": "Failed"}))];
    assert_eq!(wanted(50, &failed, &[("a", 100), ("b", 0)]), "2", "only the one that runs is counted");
}

#[test]
fn what_is_not_known_is_told_in_upstreams_words() {
    let nothing = [
        wanted(50, &[pod("a", "100m")], &[]),
        wanted(50, &[pod("a", "")], &[("a", 1)]),
        asked(&share_of_cpu(50), &[pod("a", "1")], 1, &Reading::NoServer).unwrap_err().whole,
        asked(&json!({"type": "Pods", "pods": {"metric": {"name": "hits"}}}), &[], 1, &reading(&[])).unwrap_err().whole,
    ];
    insta::assert_snapshot!(nothing.join("\n"), @"
    failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API
    failed to get cpu utilization: missing request for cpu in container c of Pod a
    failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)
    failed to get pods metric value: unable to get metric hits: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered
    ");
}

#[test]
fn the_tolerance_may_be_the_objects_own() {
    let behavior = json!({"scaleUp": {"tolerance": "0"}, "scaleDown": {"tolerance": "500m"}});
    assert!(!is_near(&behavior, 1.01) && is_near(&behavior, 0.5) && !is_near(&behavior, 0.49));
    assert!(is_near(&Value::Null, 1.1) && !is_near(&Value::Null, 1.11));
}
