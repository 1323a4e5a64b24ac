//! Pods that have more on the disk than they may.

use serde_json::json;

use super::harness::Bench;
use crate::node::runtime::{Bound, Room, Usage, scripted::Script};

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

#[tokio::test(start_paused = true)]
async fn a_node_with_too_little_memory_evicts_who_uses_the_most_and_takes_no_more() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::runs());
    for name in ["calm", "hog"] {
        bench.create(name, json!({"restartPolicy": "Always", "containers": [{"name": "main"}]}));
        bench.until(name, |pod| pod["status"]["phase"] == "Running").await;
    }
    let ids: Vec<_> = bench.runtime.running().into_iter().map(|spec| spec.id).collect();
    for (id, used) in ids.iter().zip([1 << 20, 900 << 20]) {
        bench.runtime.set_usage(id, Usage { memory: used, cpu_nanos: 0 });
    }
    bench.runtime.set_room(Room { memory: Some(Bound { limit: 1 << 30, used: 964 << 20 }), disk: None });
    let pod = bench.until("hog", |pod| pod["status"]["phase"] == "Failed").await;
    bench.runtime.set_room(Room::default());
    insta::assert_snapshot!(pod["status"]["message"].as_str().unwrap(), @"The node was low on resource: memory. Threshold quantity: 100Mi, available: 60Mi. Container main was using 900Mi, request is 0, has larger consumption of memory. ");
    let condition =
        pod["status"]["conditions"].as_array().unwrap().iter().find(|c| c["type"] == "DisruptionTarget").unwrap();
    assert_eq!((&condition["status"], &condition["reason"]), (&json!("True"), &json!("TerminationByKubelet")));
    bench.create("late", json!({"containers": [{"name": "main"}]}));
    let late = bench.until("late", |pod| pod["status"]["phase"] == "Failed").await;
    assert_eq!(
        (&late["status"]["reason"], &late["status"]["message"]),
        (&json!("Evicted"), &json!("Pod was rejected: The node had condition: [MemoryPressure]. "))
    );
}
