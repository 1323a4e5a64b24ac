//! A node that is started again on the objects that the one before it left.

use std::time::Duration;

use serde_json::json;

use super::harness::Bench;
use crate::node::runtime::scripted::Script;

#[tokio::test(start_paused = true)]
async fn a_pod_that_ran_is_started_again_in_a_new_sandbox() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::runs());
    bench.create("web", json!({"restartPolicy": "Always", "containers": [{"name": "main"}]}));
    bench.until("web", |pod| pod["status"]["phase"] == "Running").await;
    let bench = bench.reboot().await;
    let pod = bench.until("web", |pod| pod["status"]["containerStatuses"][0]["restartCount"] == 1).await;
    insta::assert_snapshot!(bench.journal("web").await, @r#"
Modified Running [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+ x1
"#);
    insta::assert_snapshot!(bench.events("web"), @r#"
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
"#);
    let last = &pod["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!((&last["exitCode"], &last["reason"]), (&json!(255), &json!("Unknown")));
}

#[tokio::test(start_paused = true)]
async fn init_containers_run_again_and_restarts_are_counted_on() {
    let bench = Bench::new();
    bench.runtime.containers(|spec| match spec.argv.last().map(String::as_str) {
        Some("init") => Script::exits(0).waits(Duration::from_secs(1)),
        _ => Script::runs(),
    });
    let spec = json!({
        "restartPolicy": "Always",
        "initContainers": [{"name": "init", "args": ["init"]}], "containers": [{"name": "main"}],
    });
    bench.create("web", spec);
    bench.until("web", |pod| pod["status"]["phase"] == "Running").await;
    let bench = bench.reboot().await;
    bench.until("web", |pod| pod["status"]["containerStatuses"][0]["restartCount"] == 1).await;
    let bench = bench.reboot().await;
    bench.until("web", |pod| pod["status"]["containerStatuses"][0]["restartCount"] == 2).await;
    insta::assert_snapshot!(bench.journal("web").await, @r#"
Modified Running [-sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=PodInitializing x1 main=PodInitializing x1
Modified Running [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=PodInitializing x1 main=PodInitializing x1
Modified Pending ip [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=running x2 main=PodInitializing x1
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] init=Completed(0)+ x2 main=PodInitializing x1
Modified Running ip [+sandbox +init +ready +containers +scheduled] init=Completed(0)+ x2 main=running+ x2
"#);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_is_never_restarted_has_failed_and_one_that_was_done_stays_so() {
    let bench = Bench::new();
    bench.runtime.containers(|spec| match spec.argv.last().map(String::as_str) {
        Some("done") => Script::exits(0),
        _ => Script::runs(),
    });
    bench.create("once", json!({"restartPolicy": "Never", "containers": [{"name": "main"}]}));
    bench.create("done", json!({"restartPolicy": "Never", "containers": [{"name": "main", "args": ["done"]}]}));
    bench.until("once", |pod| pod["status"]["phase"] == "Running").await;
    bench.until("done", |pod| pod["status"]["phase"] == "Succeeded").await;
    let bench = bench.reboot().await;
    bench.until("once", |pod| pod["status"]["phase"] == "Failed").await;
    insta::assert_snapshot!(bench.journal("once").await, @r#"
Modified Running [-sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Unknown(255)
Modified Failed [-sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Unknown(255)
"#);
    insta::assert_snapshot!(bench.journal("done").await, @"");
}

#[tokio::test(start_paused = true)]
async fn what_was_printed_before_can_still_be_read() {
    let bench = Bench::new();
    let starts = std::sync::atomic::AtomicUsize::new(0);
    bench.runtime.containers(move |spec| {
        let count = starts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let script =
            if spec.argv.last().is_some_and(|word| word == "done") { Script::exits(0) } else { Script::runs() };
        script.says(&format!("start {count}\n"))
    });
    bench.create("done", json!({"restartPolicy": "Never", "containers": [{"name": "main", "args": ["done"]}]}));
    bench.until("done", |pod| pod["status"]["phase"] == "Succeeded").await;
    bench.create("web", json!({"restartPolicy": "Always", "containers": [{"name": "main"}]}));
    bench.until("web", |pod| pod["status"]["phase"] == "Running").await;
    while bench.logs("web", false).await.is_empty() {
        tokio::task::yield_now().await;
    }
    let bench = bench.reboot().await;
    bench.until("web", |pod| pod["status"]["containerStatuses"][0]["restartCount"] == 1).await;
    assert_eq!(bench.logs("done", false).await, "start 0\n");
    assert_eq!(bench.logs("web", true).await, "start 1\n");
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_nobody_knows_how_containers_ended() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::runs());
    for (name, policy) in [("web", "Always"), ("once", "Never")] {
        bench.create(name, json!({"restartPolicy": policy, "containers": [{"name": "main"}]}));
        bench.until(name, |pod| pod["status"]["phase"] == "Running").await;
    }
    let bench = bench.crash();
    let pod = bench.until("web", |pod| pod["status"]["containerStatuses"][0]["restartCount"] == 1).await;
    let mut last = pod["status"]["containerStatuses"][0]["lastState"]["terminated"].clone();
    assert!(last["containerID"].take().is_string());
    assert_eq!(
        last,
        json!({"exitCode": 137, "reason": "ContainerStatusUnknown", "startedAt": null, "finishedAt": null, "containerID": null,
            "message": "The container could not be located when the pod was deleted.  The container used to be Running"})
    );
    let pod = bench.until("once", |pod| pod["status"]["phase"] == "Failed").await;
    let ended = &pod["status"]["containerStatuses"][0]["state"]["terminated"];
    assert_eq!((&ended["reason"], &ended["exitCode"]), (&json!("ContainerStatusUnknown"), &json!(137)));
}
