//! Pods that have more on the disk than they may.

use serde_json::json;

use super::harness::Bench;
use crate::node::runtime::scripted::Script;

#[tokio::test(start_paused = true)]
async fn a_container_that_writes_too_much_is_evicted_with_its_pod() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::runs());
    let limited = json!({"name": "main", "resources": {"limits": {"ephemeral-storage": "1Mi"}}});
    bench.create("hog", json!({"restartPolicy": "Always", "containers": [limited]}));
    bench.until("hog", |pod| pod["status"]["phase"] == "Running").await;
    let id = bench.runtime.running()[0].id.clone();
    bench.runtime.set_on_disk(&id, 2 << 20);
    let pod = bench.until("hog", |pod| pod["status"]["phase"] == "Failed").await;
    assert_eq!(pod["status"]["reason"], "Evicted");
    insta::assert_snapshot!(pod["status"]["message"].as_str().unwrap(), @"Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ");
    insta::assert_snapshot!(bench.journal("hog").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=running+
Modified Running ip [+sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Error(143)
Modified Failed Evicted ip [-sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Error(143)
"#);
    insta::assert_snapshot!(bench.events("hog"), @r#"
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
Warning Evicted Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. 
Normal Killing spec.containers{main}: Stopping container main
"#);
}
