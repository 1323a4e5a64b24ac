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
Modified Pending [-sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=PodInitializing main=PodInitializing watch=PodInitializing
Modified Pending [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=PodInitializing main=PodInitializing watch=PodInitializing
Modified Pending ip [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=running main=PodInitializing watch=PodInitializing
Modified Pending ip [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=Completed(0)+ main=PodInitializing watch=PodInitializing
Modified Pending ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=Completed(0)+ main=PodInitializing watch=running+
Modified Running ip [+sandbox +init +ready +containers +scheduled] init=Completed(0)+ main=running+ watch=running+
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=Completed(0)+ main=running+ watch=Error(88)
Modified Running ip [+AllContainersRestarting:ContainerExited +sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=Completed(0)+ main=running+ watch=Error(88)
Modified Pending ip [-AllContainersRestarting:ContainerExited +sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=PodInitializing main=PodInitializing watch=PodInitializing
Modified Pending ip [-AllContainersRestarting:ContainerExited +sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=running x1 main=PodInitializing watch=PodInitializing
Modified Pending ip [-AllContainersRestarting:ContainerExited +sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=Completed(0)+ x1 main=PodInitializing watch=PodInitializing
Modified Pending ip [-AllContainersRestarting:ContainerExited +sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=Completed(0)+ x1 main=PodInitializing watch=running+ x1
Modified Running ip [-AllContainersRestarting:ContainerExited +sandbox +init +ready +containers +scheduled] init=Completed(0)+ x1 main=running+ x1 watch=running+ x1
"#);
}
