//! Restart policies and rules of single containers.

use serde_json::json;

use super::harness::Bench;
use crate::node::runtime::scripted::Script;

fn rule(action: &str, codes: &[i32]) -> serde_json::Value {
    json!([{"action": action, "exitCodes": {"operator": "In", "values": codes}}])
}

#[tokio::test(start_paused = true)]
async fn a_rule_restarts_a_container_that_the_pod_would_leave_ended() {
    let bench = Bench::new();
    let script = |id: &str| if id == "first" { Script::exits(42) } else { Script::exits(0) };
    let starts = std::sync::atomic::AtomicUsize::new(0);
    bench.runtime.containers(move |_| {
        let first = starts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        script(if first { "first" } else { "then" })
    });
    let main = json!({"name": "main", "restartPolicy": "Never", "restartPolicyRules": rule("Restart", &[42])});
    bench.create("job", json!({"restartPolicy": "Never", "containers": [main]}));
    let pod = bench.until("job", |pod| pod["status"]["phase"] == "Succeeded").await;
    assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 1);
}

/// As measured on a real cluster, but for what a kubelet's own rounds add (`TIMING.md`, "CrashLoopBackOff"), and as
/// documented for a container that ran for ten minutes.
#[tokio::test(start_paused = true)]
async fn delays_double_and_begin_anew_after_a_run_of_ten_minutes() {
    let bench = Bench::new();
    let starts = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = starts.clone();
    bench.runtime.containers(move |_| {
        let mut seen = seen.lock().unwrap();
        seen.push(tokio::time::Instant::now());
        let runs_for = if seen.len() == 6 { 601 } else { 0 };
        Script::exits(1).waits(std::time::Duration::from_secs(runs_for))
    });
    bench.create("web", json!({"restartPolicy": "Always", "containers": [{"name": "main"}]}));
    bench.until("web", |pod| pod["status"]["containerStatuses"][0]["restartCount"] == 9).await;
    let starts = starts.lock().unwrap().clone();
    let gaps: Vec<u64> = starts.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs()).collect();
    assert_eq!(gaps, [0, 10, 20, 40, 80, 601, 10, 20, 40]);
}

#[tokio::test(start_paused = true)]
async fn a_containers_own_policy_goes_before_the_pods() {
    let bench = Bench::new();
    bench.runtime.containers(|spec| match spec.argv.last().map(String::as_str) {
        Some("once") => Script::exits(3),
        _ => Script::runs(),
    });
    let once = json!({"name": "once", "args": ["once"], "restartPolicy": "Never"});
    bench.create("web", json!({"restartPolicy": "Always", "containers": [{"name": "main"}, once]}));
    let ended = |pod: &serde_json::Value| pod["status"]["containerStatuses"][1]["state"]["terminated"].is_object();
    let pod = bench.until("web", ended).await;
    assert_eq!(
        (&pod["status"]["phase"], &pod["status"]["containerStatuses"][1]["restartCount"]),
        (&json!("Running"), &json!(0))
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_starts_all_containers_anew_in_their_sandbox() {
    let bench = Bench::new();
    let watches = std::sync::atomic::AtomicUsize::new(0);
    bench.runtime.containers(move |spec| match spec.argv.last().map(String::as_str) {
        Some("init") => Script::exits(0),
        Some("watch") if watches.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 => {
            Script::exits(88).waits(std::time::Duration::from_secs(5))
        }
        _ => Script::runs(),
    });
    let watch = json!({"name": "watch", "args": ["watch"], "restartPolicy": "Always",
        "restartPolicyRules": rule("RestartAllContainers", &[88])});
    bench.create(
        "web",
        json!({"restartPolicy": "Never", "containers": [{"name": "main"}],
        "initContainers": [{"name": "init", "args": ["init"]}, watch]}),
    );
    bench.until("web", |pod| pod["status"]["phase"] == "Running").await;
    let again = |pod: &serde_json::Value| {
        let main = &pod["status"]["containerStatuses"][0];
        main["restartCount"] == 1 && main["ready"] == true
    };
    bench.until("web", again).await;
    assert_eq!(bench.runtime.sandboxes().len(), 1);
    insta::assert_snapshot!(bench.journal("web").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled -AllContainersRestarting] init=PodInitializing main=PodInitializing watch=PodInitializing
Modified Pending [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled -AllContainersRestarting] init=PodInitializing main=PodInitializing watch=PodInitializing
Modified Pending ip [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled -AllContainersRestarting] init=running main=PodInitializing watch=PodInitializing
Modified Pending ip [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled -AllContainersRestarting] init=Completed(0)+ main=PodInitializing watch=PodInitializing
Modified Pending ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled -AllContainersRestarting] init=Completed(0)+ main=PodInitializing watch=running+
Modified Running ip [+sandbox +init +ready +containers +scheduled -AllContainersRestarting] init=Completed(0)+ main=running+ watch=running+
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled -AllContainersRestarting] init=Completed(0)+ main=running+ watch=Error(88)
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled +AllContainersRestarting:RestartAllContainersStarted] init=Completed(0)+ main=running+ watch=Error(88)
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled +AllContainersRestarting:RestartAllContainersStarted] init=RestartingAllContainers x1 main=RestartingAllContainers x1 watch=RestartingAllContainers x1
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled -AllContainersRestarting] init=PodInitializing x1 main=PodInitializing x1 watch=PodInitializing x1
Modified Pending ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled -AllContainersRestarting] init=running x1 main=PodInitializing x1 watch=PodInitializing x1
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled -AllContainersRestarting] init=Completed(0)+ x1 main=PodInitializing x1 watch=PodInitializing x1
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled -AllContainersRestarting] init=Completed(0)+ x1 main=PodInitializing x1 watch=running+ x1
Modified Running ip [+sandbox +init +ready +containers +scheduled -AllContainersRestarting] init=Completed(0)+ x1 main=running+ x1 watch=running+ x1
"#);
}

/// What has never run when a Pod ends is told as lost, but for what could not begin yet (the kubelet's `TerminatePod`).
#[tokio::test(start_paused = true)]
async fn a_container_that_never_began_is_lost_with_its_pod() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::runs());
    let main = json!({"name": "main", "image": "nosuch", "imagePullPolicy": "Always"});
    let states = |pod: &serde_json::Value, list: &str| {
        let all = pod["status"][list].as_array().unwrap();
        let reason = |state: &serde_json::Value| {
            let told = ["waiting", "terminated"].into_iter().find(|kind| state[kind].is_object()).unwrap();
            format!("{told} {}", state[told]["reason"].as_str().unwrap())
        };
        all.iter().map(|status| reason(&status["state"])).collect::<Vec<_>>()
    };
    bench.create("late", json!({"activeDeadlineSeconds": 5, "containers": [main.clone()]}));
    let pod = bench.until("late", |pod| pod["status"]["phase"] == "Failed").await;
    assert_eq!(states(&pod, "containerStatuses"), ["terminated ContainerStatusUnknown"]);
    let inits = json!([{"name": "first", "image": "nosuch", "imagePullPolicy": "Always"}, {"name": "second"}]);
    bench.create(
        "early",
        json!({"activeDeadlineSeconds": 5, "initContainers": inits, "containers": [{"name": "main"}]}),
    );
    let pod = bench.until("early", |pod| pod["status"]["phase"] == "Failed").await;
    assert_eq!(states(&pod, "initContainerStatuses"), ["terminated ContainerStatusUnknown", "waiting PodInitializing"]);
    assert_eq!(states(&pod, "containerStatuses"), ["waiting PodInitializing"]);
    bench.create("gone", json!({"containers": [main]}));
    bench.until_status("gone", "ErrImagePull").await;
    bench.delete("gone", 30);
    let pod = bench.until("gone", |pod| pod["status"]["phase"] == "Failed").await;
    assert_eq!(states(&pod, "containerStatuses"), ["terminated ContainerStatusUnknown"]);
    bench.until_gone("gone").await;
}
