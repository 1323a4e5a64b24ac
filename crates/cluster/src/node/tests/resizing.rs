//! Changing the resources of containers while they run.

use serde_json::{Value, json};

use super::harness::Bench;
use crate::node::runtime::{
    Limits,
    scripted::{Call, Script},
};

fn container(cpu: &str, policy: &str) -> Value {
    json!({
        "name": "main",
        "resources": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}},
        "resizePolicy": [{"resourceName": "cpu", "restartPolicy": policy}],
    })
}

fn ask(bench: &Bench, cpu: &str) {
    bench.change("web", |pod| {
        pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": cpu}, "limits": {"cpu": cpu}});
    });
}

fn cpu(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]["resources"]["limits"]["cpu"]
}

fn condition<'a>(pod: &'a Value, kind: &str) -> Option<&'a Value> {
    pod["status"]["conditions"].as_array().unwrap().iter().find(|condition| condition["type"] == kind)
}

async fn running(policy: &str) -> Bench {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::runs());
    bench.create("web", json!({"restartPolicy": "Never", "containers": [container("100m", policy)]}));
    bench.until("web", |pod| pod["status"]["phase"] == "Running").await;
    bench
}

#[tokio::test(start_paused = true)]
async fn a_running_container_gets_its_new_limits() {
    let bench = running("NotRequired").await;
    ask(&bench, "200m");
    let pod = bench.until("web", |pod| cpu(pod) == "200m").await;
    let status = &pod["status"]["containerStatuses"][0];
    assert_eq!((&status["allocatedResources"]["cpu"], &status["restartCount"]), (&json!("200m"), &json!(0)));
    assert_eq!(condition(&pod, "PodResizeInProgress"), None);
    let limits = Limits { cpu_milli: Some(200), cpu_shares: Some(204), ..Limits::default() };
    assert!(bench.runtime.calls().iter().any(|call| matches!(call, Call::Update(_, set) if *set == limits)));
    insta::assert_snapshot!(bench.journal("web").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+PodResizeInProgress +sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
"#);
    insta::assert_snapshot!(bench.events("web"), @r#"
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
Normal ResizeStarted Pod resize started: {"containers":[{"name":"main","resources":{"limits":{"cpu":"200m"},"requests":{"cpu":"200m"}}}],"generation":2}
Normal ResizeCompleted Pod resize completed: {"containers":[{"name":"main","resources":{"limits":{"cpu":"200m"},"requests":{"cpu":"200m"}}}],"generation":2}
"#);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_wants_it_restarts_the_container_whatever_its_restart_policy() {
    let bench = running("RestartContainer").await;
    ask(&bench, "200m");
    let pod = bench.until("web", |pod| cpu(pod) == "200m").await;
    assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 1);
    bench.until_event("web", "ResizeCompleted").await;
    insta::assert_snapshot!(bench.events("web"), @r#"
Normal Pulled (x2) spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created (x2) spec.containers{main}: Container created
Normal Started (x2) spec.containers{main}: Container started
Normal ResizeStarted Pod resize started: {"containers":[{"name":"main","resources":{"limits":{"cpu":"200m"},"requests":{"cpu":"200m"}}}],"generation":2}
Normal Killing spec.containers{main}: Container main resize requires restart
Normal ResizeCompleted Pod resize completed: {"containers":[{"name":"main","resources":{"limits":{"cpu":"200m"},"requests":{"cpu":"200m"}}}],"generation":2}
"#);
}

#[tokio::test(start_paused = true)]
async fn what_the_node_can_not_give_is_told_and_given_when_there_is_room() {
    let bench = running("NotRequired").await;
    ask(&bench, "1000000");
    let pod = bench.until("web", |pod| condition(pod, "PodResizePending").is_some()).await;
    assert_eq!(
        (cpu(&pod), &condition(&pod, "PodResizePending").unwrap()["reason"]),
        (&json!("100m"), &json!("Infeasible"))
    );
    let processors = std::thread::available_parallelism().unwrap().get();
    let most = format!("{}m", processors * 1000 - 50);
    bench.create("other", json!({"containers": [container("100m", "NotRequired")]}));
    bench.until("other", |pod| pod["status"]["phase"] == "Running").await;
    ask(&bench, &most);
    let deferred = |pod: &Value| condition(pod, "PodResizePending").is_some_and(|told| told["reason"] == "Deferred");
    bench.until("web", deferred).await;
    bench.delete("other", 1);
    let pod = bench.until("web", |pod| cpu(pod) == most.as_str()).await;
    assert_eq!(condition(&pod, "PodResizePending"), None);
}

/// A container without a limit of its own has what the Pod has (`InPlacePodLevelResourcesVerticalScaling`).
#[tokio::test(start_paused = true)]
async fn what_a_pod_may_have_as_a_whole_is_resized_with_its_containers() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::runs());
    let whole = |memory: &str| json!({"requests": {"memory": memory}, "limits": {"memory": memory}});
    bench
        .create("web", json!({"restartPolicy": "Never", "resources": whole("64Mi"), "containers": [{"name": "main"}]}));
    bench.until("web", |pod| pod["status"]["phase"] == "Running").await;
    bench.change("web", |pod| pod["spec"]["resources"] = whole("128Mi"));
    bench.until_event("web", "ResizeCompleted").await;
    let given = |pod: &Value| pod["status"]["resources"]["limits"]["memory"] == "128Mi";
    let pod = bench.until("web", given).await;
    assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 0);
    let limited = |set: &Limits| set.memory == Some(128 << 20);
    let calls = bench.runtime.calls();
    assert!(calls.iter().any(|call| matches!(call, Call::Update(_, set) if limited(set))), "{calls:?}");
    bench.change("web", |pod| pod["spec"]["resources"] = whole("1000Ti"));
    let pod = bench.until("web", |pod| condition(pod, "PodResizePending").is_some()).await;
    assert_eq!(pod["status"]["resources"]["limits"]["memory"], "128Mi", "it keeps what it has");
}
