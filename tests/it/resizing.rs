//! Resizing a running container as people do it: `kubectl patch --subresource resize`
//! (kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/).

use std::{fs, process::Command};

use crate::program::{TestCluster, real_kubectl};

/// More processor time needs no restart, more memory does.
const POD: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: busybox
    command: [sleep, "100000"]
    resources: {requests: {cpu: 100m, memory: 32Mi}, limits: {cpu: 200m, memory: 64Mi}}
    resizePolicy:
    - {resourceName: cpu, restartPolicy: NotRequired}
    - {resourceName: memory, restartPolicy: RestartContainer}
"#;
const OF_CONTAINER: &str = ".status.containerStatuses[0]";
const PENDING: &str = r#".status.conditions[?(@.type=="PodResizePending")]"#;

/// Runs kubectl and gives what it printed.
fn kubectl(cluster: &TestCluster, args: &[&str]) -> String {
    let mut command: Command = cluster.command(&real_kubectl());
    let output = command.args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "kubectl {args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn resize(cluster: &TestCluster, resources: &str) {
    let patch = format!(r#"{{"spec":{{"containers":[{{"name":"c","resources":{resources}}}]}}}}"#);
    kubectl(cluster, &["patch", "pod", "web", "--subresource", "resize", "--patch", &patch]);
}

fn wait(cluster: &TestCluster, path: &str, value: &str) {
    let wanted = format!("--for=jsonpath={{{path}}}={value}");
    kubectl(cluster, &["wait", &wanted, "pod/web", "--timeout=120s"]);
}

fn see(cluster: &TestCluster, path: &str) -> String {
    kubectl(cluster, &["get", "pod", "web", "-o", &format!("jsonpath={{{path}}}")])
}

#[test]
fn a_running_container_gets_more_with_a_restart_where_its_policy_wants_one() {
    let cluster = TestCluster::start();
    let manifest = cluster.home.path().join("pod.yaml");
    fs::write(&manifest, POD).unwrap();
    kubectl(&cluster, &["apply", "-f", manifest.to_str().unwrap()]);
    kubectl(&cluster, &["wait", "--for=condition=Ready", "pod/web", "--timeout=120s"]);
    resize(&cluster, r#"{"requests":{"cpu":"150m"},"limits":{"cpu":"400m"}}"#);
    wait(&cluster, &format!("{OF_CONTAINER}.resources.limits.cpu"), "400m");
    assert_eq!(see(&cluster, &format!("{OF_CONTAINER}.restartCount")), "0");
    assert_eq!(see(&cluster, &format!("{OF_CONTAINER}.allocatedResources.cpu")), "150m");
    resize(&cluster, r#"{"limits":{"memory":"96Mi"}}"#);
    wait(&cluster, &format!("{OF_CONTAINER}.restartCount"), "1");
    wait(&cluster, &format!("{OF_CONTAINER}.resources.limits.memory"), "96Mi");
    resize(&cluster, r#"{"requests":{"cpu":"100000"},"limits":{"cpu":"100000"}}"#);
    wait(&cluster, &format!("{PENDING}.reason"), "Infeasible");
    let why = see(&cluster, &format!("{PENDING}.message"));
    assert!(why.starts_with("Node didn't have enough capacity: cpu, requested: 100000000, capacity: "), "{why}");
    assert_eq!(see(&cluster, &format!("{OF_CONTAINER}.resources.limits.cpu")), "400m", "it keeps what it has");
    resize(&cluster, r#"{"requests":{"cpu":"100m"},"limits":{"cpu":"200m"}}"#);
    wait(&cluster, &format!("{OF_CONTAINER}.resources.limits.cpu"), "200m");
    assert_eq!(see(&cluster, &format!("{PENDING}.reason")), "");
    assert_eq!(see(&cluster, &format!("{OF_CONTAINER}.restartCount")), "1");
}
