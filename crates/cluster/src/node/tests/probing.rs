use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;

use super::harness::Bench;
use crate::node::runtime::scripted::{Call, Script};

/// A switch that decides what the probes' command answers.
fn switch(bench: &Bench, at_first: bool) -> Arc<AtomicBool> {
    let good = Arc::new(AtomicBool::new(at_first));
    let answer = good.clone();
    bench.runtime.execs(move |_, _| {
        if answer.load(Ordering::Relaxed) { Script::exits(0) } else { Script::exits(1).complains("no such file\n") }
    });
    good
}

#[tokio::test(start_paused = true)]
async fn a_failing_liveness_probe_restarts_the_container() {
    let bench = Bench::new();
    let good = switch(&bench, true);
    let probe = json!({"exec": {"command": ["cat", "/ok"]}, "periodSeconds": 1, "failureThreshold": 2});
    bench.create(
        "live",
        json!({"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "livenessProbe": probe}]}),
    );
    bench.until_status("live", "Running").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    good.store(false, Ordering::Relaxed);
    bench.until_event("live", "Killing").await;
    good.store(true, Ordering::Relaxed);
    bench.until("live", |pod| pod["status"]["containerStatuses"][0]["restartCount"] == 1).await;
    insta::assert_snapshot!(bench.events("live"), @r#"
Normal Pulled (x2) spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created (x2) spec.containers{main}: Container created
Normal Started (x2) spec.containers{main}: Container started
Warning Unhealthy (x3) spec.containers{main}: Liveness probe failed: no such file

Normal Killing spec.containers{main}: Container main failed liveness probe, will be restarted
"#);
    insta::assert_snapshot!(bench.journal("live").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+ x1
"#);
}

#[tokio::test(start_paused = true)]
async fn readiness_comes_and_goes() {
    let bench = Bench::new();
    let good = switch(&bench, false);
    let probe = json!({"exec": {"command": ["test"]}, "periodSeconds": 1, "failureThreshold": 1});
    bench.create("ready", json!({"containers": [{"name": "main", "readinessProbe": probe}]}));
    bench.until_event("ready", "Unhealthy").await;
    let ready = |wanted: bool| move |pod: &serde_json::Value| pod["status"]["containerStatuses"][0]["ready"] == wanted;
    good.store(true, Ordering::Relaxed);
    bench.until("ready", ready(true)).await;
    good.store(false, Ordering::Relaxed);
    bench.until("ready", ready(false)).await;
    insta::assert_snapshot!(bench.journal("ready").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=running
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=running
"#);
}

#[tokio::test(start_paused = true)]
async fn a_startup_probe_holds_the_others_back() {
    let bench = Bench::new();
    let good = switch(&bench, false);
    let probe = |port: u16| json!({"tcpSocket": {"port": port}, "periodSeconds": 1});
    let startup = json!({"exec": {"command": ["go"]}, "periodSeconds": 1, "failureThreshold": 60});
    bench.runtime.ports(|_, to| (to.port() == 80).then(Vec::new));
    let container = json!({"name": "main", "startupProbe": startup, "readinessProbe": probe(80)});
    bench.create("starter", json!({"containers": [container]}));
    bench.until_event("starter", "Unhealthy").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!bench.runtime.calls().iter().any(|call| matches!(call, Call::Connect(..))));
    good.store(true, Ordering::Relaxed);
    let pod = bench.until("starter", |pod| pod["status"]["containerStatuses"][0]["ready"] == true).await;
    assert_eq!(pod["status"]["containerStatuses"][0]["started"], true);
    insta::assert_snapshot!(bench.events("starter"), @r#"
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
Warning Unhealthy (x3) spec.containers{main}: Startup probe failed: no such file
"#);
}

#[tokio::test(start_paused = true)]
async fn probes_over_the_network_say_what_they_got() {
    let bench = Bench::new();
    bench.runtime.ports(|_, to| match to.port() {
        80 => Some(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec()),
        81 => Some(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()),
        _ => None,
    });
    let container = |name: &str, probe| json!({"name": name, "readinessProbe": probe, "ports": [{"name": "web", "containerPort": 81}]});
    let containers = json!([
        container("a", json!({"httpGet": {"path": "/x", "port": 80, "scheme": "HTTP"}})),
        container("b", json!({"httpGet": {"path": "/", "port": "web", "scheme": "HTTP"}})),
        container("c", json!({"httpGet": {"port": 82, "scheme": "HTTP"}})),
        container("d", json!({"tcpSocket": {"port": 82}})),
        container("e", json!({"grpc": {"port": 82}})),
        container("f", json!({"tcpSocket": {"port": "none"}})),
    ]);
    bench.create("net", json!({"containers": containers}));
    bench.until("net", |pod| pod["status"]["containerStatuses"][1]["ready"] == true).await;
    // gRPC's client waits for its connection as long as it may: a second.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let events = bench.events("net");
    let mut lines: Vec<&str> = events.lines().filter(|line| line.contains("Unhealthy")).collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"), @r#"
Warning Unhealthy spec.containers{a}: Readiness probe failed: HTTP probe failed with statuscode: 404
Warning Unhealthy spec.containers{c}: Readiness probe failed: Get "http://10.244.0.2:82/": dial tcp 10.244.0.2:82: connect: connection refused
Warning Unhealthy spec.containers{d}: Readiness probe failed: dial tcp 10.244.0.2:82: connect: connection refused
Warning Unhealthy spec.containers{e}: Readiness probe failed: timeout: failed to connect service "10.244.0.2:82" within 1s: context deadline exceeded
Warning Unhealthy spec.containers{f}: Readiness probe errored and resulted in unknown state: strconv.Atoi: parsing "none": invalid syntax
"#);
}

#[tokio::test(start_paused = true)]
async fn a_failing_post_start_hook_ends_the_container() {
    let bench = Bench::new();
    switch(&bench, false);
    let hook = json!({"postStart": {"exec": {"command": ["sh", "-c", "exit 1"]}}});
    let spec = |policy: &str| json!({"restartPolicy": policy, "terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "lifecycle": hook}]});
    bench.create("never", spec("Never"));
    bench.until("never", |pod| pod["status"]["phase"] == "Failed").await;
    insta::assert_snapshot!(bench.events("never"), @r#"
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
Warning FailedPostStartHook spec.containers{main}: PostStartHook failed
Normal Killing spec.containers{main}: FailedPostStartHook
"#);
    insta::assert_snapshot!(bench.journal("never").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending ip [+sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Error(143)
Modified Failed ip [-sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Error(143)
"#);
    bench.create("always", spec("Always"));
    let pod = bench.until_status("always", "PostStartHookError").await;
    insta::assert_snapshot!(pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"], @r#""Exec lifecycle hook ([sh -c exit 1]) for Container \"main\" in Pod \"always_default(uid-always)\" failed - error: command 'sh -c exit 1' exited with 1: no such file\n, message: \"no such file\\n\"""#);
}

#[tokio::test(start_paused = true)]
async fn a_pre_stop_hook_runs_before_term_and_counts() {
    let bench = Bench::new();
    bench.runtime.execs(|_, _| Script::exits(0).waits(Duration::from_secs(3)));
    bench.runtime.containers(|_| Script::runs().ignores_term());
    let hook = json!({"preStop": {"exec": {"command": ["sleep", "3"]}}});
    bench.create("slow", json!({"containers": [{"name": "main", "lifecycle": hook}]}));
    bench.until_status("slow", "Running").await;
    let start = bench.clock.start.elapsed();
    bench.delete("slow", 8);
    bench.until_gone("slow").await;
    assert_eq!((bench.clock.start.elapsed() - start).as_secs(), 8);
    let calls = bench.runtime.calls();
    let order: Vec<String> = calls
        .iter()
        .filter_map(|call| match call {
            Call::Exec(_, spec) => Some(spec.argv.join(" ")),
            Call::Signal(_, signal) => Some(format!("signal {signal}")),
            _ => None,
        })
        .collect();
    assert_eq!(order, ["sleep 3", "signal 15", "signal 9"]);
}
