use super::*;

const NOW: &str = "2026-11-23T08:00:00Z";

fn shown(mut pod: Value) -> String {
    pod["metadata"]["name"] = json!("p");
    pod["metadata"]["creationTimestamp"] = json!("2026-11-23T07:59:00Z");
    let row = row(&pod, NOW.parse().unwrap());
    let cells: Vec<&str> = row.cells[1..4].iter().map(|cell| cell.as_str().unwrap()).collect();
    cells.join(" ")
}

fn waiting(reason: &str) -> Value {
    json!({"state": {"waiting": {"reason": reason}}})
}

fn ended_with(code: i64, reason: &str) -> Value {
    json!({"state": {"terminated": {"exitCode": code, "reason": reason}}})
}

fn running() -> Value {
    json!({"state": {"running": {}}, "ready": true})
}

fn pod(containers: &[Value]) -> Value {
    json!({"spec": {"containers": vec![json!({}); containers.len()]}, "status": {"phase": "Running", "containerStatuses": containers}})
}

#[test]
fn the_most_telling_reason_is_shown() {
    assert_eq!(shown(pod(&[waiting("CrashLoopBackOff")])), "0/1 CrashLoopBackOff 0");
    assert_eq!(shown(pod(&[waiting("ErrImagePull"), running()])), "1/2 ErrImagePull 0");
    assert_eq!(shown(pod(&[ended_with(1, "Error")])), "0/1 Error 0");
    assert_eq!(shown(pod(&[ended_with(137, "OOMKilled")])), "0/1 OOMKilled 0");
    assert_eq!(shown(pod(&[ended_with(3, "")])), "0/1 ExitCode:3 0");
    assert_eq!(shown(pod(&[ended_with(0, "Completed"), running()])), "1/2 NotReady 0");
    assert_eq!(shown(pod(&[ended_with(0, "Completed"), ended_with(2, "Error")])), "0/2 Error 0");
    let mut ready = pod(&[ended_with(0, "Completed"), running()]);
    ready["status"]["conditions"] = json!([{"type": "Ready", "status": "True"}]);
    assert_eq!(shown(ready), "1/2 Running 0");
    assert_eq!(shown(json!({"spec": {"containers": [{}]}, "status": {"phase": "Pending"}})), "0/1 Pending 0");
}

#[test]
fn a_pod_being_deleted_is_terminating_until_it_has_ended() {
    let mut pod = pod(&[running()]);
    pod["metadata"]["deletionTimestamp"] = json!(NOW);
    assert_eq!(shown(pod.clone()), "1/1 Terminating 0");
    pod["status"]["phase"] = json!("Failed");
    pod["status"]["containerStatuses"] = json!([ended_with(137, "Error")]);
    assert_eq!(shown(pod), "0/1 Error 0");
}

#[test]
fn restarts_count_from_the_end_of_the_last_run() {
    let mut container = running();
    container["restartCount"] = json!(2);
    container["lastState"] = json!({"terminated": {"finishedAt": "2026-11-23T07:59:45Z"}});
    assert_eq!(shown(pod(&[container])), "1/1 Running 2 (15s ago)");
}

fn with_init(init: &[Value], statuses: &[Value]) -> Value {
    let mut pod = pod(&[waiting("PodInitializing")]);
    pod["status"]["phase"] = json!("Pending");
    pod["spec"]["initContainers"] = json!(init);
    pod["status"]["initContainerStatuses"] = json!(statuses);
    pod
}

#[test]
fn init_containers_show_how_far_they_are() {
    let two = [json!({"name": "a"}), json!({"name": "b"})];
    let named = |name: &str, mut status: Value| {
        status["name"] = json!(name);
        status
    };
    let second = |status| with_init(&two, &[named("a", ended_with(0, "Completed")), named("b", status)]);
    assert_eq!(shown(second(running())), "0/1 Init:1/2 0");
    assert_eq!(shown(second(waiting("PodInitializing"))), "0/1 Init:1/2 0");
    assert_eq!(shown(second(waiting("CrashLoopBackOff"))), "0/1 Init:CrashLoopBackOff 0");
    assert_eq!(shown(second(ended_with(1, "Error"))), "0/1 Init:Error 0");
    assert_eq!(shown(second(ended_with(2, ""))), "0/1 Init:ExitCode:2 0");
    let sidecar = json!({"name": "s", "restartPolicy": "Always"});
    let mut started = named("s", running());
    started["started"] = json!(true);
    started["restartCount"] = json!(1);
    assert_eq!(shown(with_init(&[sidecar], &[started])), "1/2 PodInitializing 1");
}

#[test]
fn gates_and_conditions() {
    let mut gated = json!({"spec": {"containers": [{}]}, "status": {"phase": "Pending"}});
    gated["status"]["conditions"] = json!([{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]);
    gated["spec"]["readinessGates"] = json!([{"conditionType": "a"}, {"conditionType": "PodScheduled"}]);
    assert_eq!(shown(gated.clone()), "0/1 SchedulingGated 0");
    assert_eq!(row(&gated, NOW.parse().unwrap()).cells[8], "0/2");
    let done = json!({"spec": {}, "status": {"phase": "Succeeded"}});
    assert_eq!(row(&done, NOW.parse().unwrap()).conditions[0]["reason"], "Succeeded");
}
