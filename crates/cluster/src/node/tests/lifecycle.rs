use std::time::Duration;

use serde_json::json;

use super::harness::Bench;
use crate::node::runtime::{RuntimeError, scripted::Script};

#[tokio::test(start_paused = true)]
async fn a_pod_runs_to_completion() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::exits(0).says("Hello World\n").waits(Duration::from_secs(1)));
    bench.create("hello", json!({"restartPolicy": "Never", "containers": [{"name": "main"}]}));
    bench.until("hello", |pod| pod["status"]["phase"] == "Succeeded").await;
    insta::assert_snapshot!(bench.journal("hello").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init:PodCompleted -ready:PodCompleted -containers:PodCompleted +scheduled] main=Completed(0)
Modified Succeeded ip [-sandbox +init:PodCompleted -ready:PodCompleted -containers:PodCompleted +scheduled] main=Completed(0)
"#);
    insta::assert_snapshot!(bench.events("hello"), @r#"
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
"#);
    assert_eq!(bench.logs("hello", false).await, "Hello World\n");
    insta::assert_snapshot!(bench.logs("hello", true).await, @r#"400 previous terminated container "main" in pod "hello" not found"#);
    assert_eq!(bench.runtime.sandboxes(), []);
}

#[tokio::test(start_paused = true)]
async fn the_status_of_a_completed_pod_is_as_recorded() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::exits(0).waits(Duration::from_secs(1)));
    bench.create("done", json!({"restartPolicy": "Never", "containers": [{"name": "main"}]}));
    let pod = bench.until("done", |pod| pod["status"]["phase"] == "Succeeded").await;
    insta::assert_json_snapshot!(pod["status"], @r#"
{
  "conditions": [
    {
      "lastProbeTime": null,
      "lastTransitionTime": "2026-11-23T07:32:59Z",
      "observedGeneration": 1,
      "status": "False",
      "type": "PodReadyToStartContainers"
    },
    {
      "lastProbeTime": null,
      "lastTransitionTime": "2026-11-23T07:32:58Z",
      "observedGeneration": 1,
      "reason": "PodCompleted",
      "status": "True",
      "type": "Initialized"
    },
    {
      "lastProbeTime": null,
      "lastTransitionTime": "2026-11-23T07:32:59Z",
      "observedGeneration": 1,
      "reason": "PodCompleted",
      "status": "False",
      "type": "Ready"
    },
    {
      "lastProbeTime": null,
      "lastTransitionTime": "2026-11-23T07:32:59Z",
      "observedGeneration": 1,
      "reason": "PodCompleted",
      "status": "False",
      "type": "ContainersReady"
    },
    {
      "lastProbeTime": null,
      "lastTransitionTime": "2026-11-23T07:32:58Z",
      "observedGeneration": 1,
      "status": "True",
      "type": "PodScheduled"
    }
  ],
  "containerStatuses": [
    {
      "containerID": "containerd://0000000000000000000000000000000700000000000000000000000000000008",
      "image": "docker.io/library/busybox:1.36",
      "imageID": "docker.io/library/busybox@sha256:0000000000000000000000000000000000000000000000000000000000000012",
      "lastState": {},
      "name": "main",
      "ready": false,
      "resources": {},
      "restartCount": 0,
      "started": false,
      "state": {
        "terminated": {
          "containerID": "containerd://0000000000000000000000000000000700000000000000000000000000000008",
          "exitCode": 0,
          "finishedAt": "2026-11-23T07:32:59Z",
          "reason": "Completed",
          "startedAt": "2026-11-23T07:32:58Z"
        }
      },
      "user": {
        "linux": {
          "gid": 0,
          "supplementalGroups": [
            0
          ],
          "uid": 0
        }
      }
    }
  ],
  "hostIP": "172.18.0.2",
  "hostIPs": [
    {
      "ip": "172.18.0.2"
    }
  ],
  "observedGeneration": 1,
  "phase": "Succeeded",
  "podIP": "10.244.0.2",
  "podIPs": [
    {
      "ip": "10.244.0.2"
    }
  ],
  "qosClass": "BestEffort",
  "resources": {
    "limits": {
      "memory": "9007199254740988Ki"
    }
  },
  "startTime": "2026-11-23T07:32:58Z"
}
"#);
    insta::assert_json_snapshot!(pod["metadata"]["managedFields"], @r#"
[
  {
    "apiVersion": "v1",
    "fieldsType": "FieldsV1",
    "fieldsV1": {
      "f:status": {
        "f:conditions": {
          "k:{\"type\":\"ContainersReady\"}": {
            ".": {},
            "f:lastProbeTime": {},
            "f:lastTransitionTime": {},
            "f:observedGeneration": {},
            "f:reason": {},
            "f:status": {},
            "f:type": {}
          },
          "k:{\"type\":\"Initialized\"}": {
            ".": {},
            "f:lastProbeTime": {},
            "f:lastTransitionTime": {},
            "f:observedGeneration": {},
            "f:reason": {},
            "f:status": {},
            "f:type": {}
          },
          "k:{\"type\":\"PodReadyToStartContainers\"}": {
            ".": {},
            "f:lastProbeTime": {},
            "f:lastTransitionTime": {},
            "f:observedGeneration": {},
            "f:status": {},
            "f:type": {}
          },
          "k:{\"type\":\"PodScheduled\"}": {
            "f:observedGeneration": {}
          },
          "k:{\"type\":\"Ready\"}": {
            ".": {},
            "f:lastProbeTime": {},
            "f:lastTransitionTime": {},
            "f:observedGeneration": {},
            "f:reason": {},
            "f:status": {},
            "f:type": {}
          }
        },
        "f:containerStatuses": {},
        "f:hostIP": {},
        "f:hostIPs": {},
        "f:observedGeneration": {},
        "f:phase": {},
        "f:podIP": {},
        "f:podIPs": {
          ".": {},
          "k:{\"ip\":\"10.244.0.2\"}": {
            ".": {},
            "f:ip": {}
          }
        },
        "f:resources": {
          ".": {},
          "f:limits": {
            ".": {},
            "f:memory": {}
          }
        },
        "f:startTime": {}
      }
    },
    "manager": "kubelet",
    "operation": "Update",
    "subresource": "status",
    "time": "2026-11-23T07:32:59Z"
  }
]
"#);
}

#[tokio::test(start_paused = true)]
async fn a_failing_container_backs_off() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::exits(1).says("trying\n"));
    bench.create("crash", json!({"restartPolicy": "Always", "containers": [{"name": "main"}]}));
    bench.until("crash", |pod| pod["status"]["containerStatuses"][0]["restartCount"] == 3).await;
    insta::assert_snapshot!(bench.journal("crash").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=Error(1)
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+ x1
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=Error(1) x1
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=CrashLoopBackOff x1
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+ x2
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=Error(1) x2
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=CrashLoopBackOff x2
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+ x3
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=Error(1) x3
"#);
    insta::assert_snapshot!(bench.events("crash"), @r#"
Normal Pulled (x4) spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created (x4) spec.containers{main}: Container created
Normal Started (x4) spec.containers{main}: Container started
Warning BackOff (x3) spec.containers{main}: Back-off restarting failed container main in pod crash_default(uid-crash)
"#);
    assert_eq!(bench.logs("crash", true).await, "trying\n");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_pod_ends_in_order() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::runs().ignores_term());
    bench.create("hello", json!({"containers": [{"name": "main"}]}));
    bench.until_status("hello", "Running").await;
    bench.delete("hello", 1);
    bench.until_gone("hello").await;
    insta::assert_snapshot!(bench.journal("hello").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running deleting(1) ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running deleting(1) ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Failed deleting(1) ip [-sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Error(137)
Modified Failed deleting(0) ip [-sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Error(137)
Deleted Failed deleting(0) ip [-sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Error(137)
"#);
    insta::assert_snapshot!(bench.events("hello"), @r#"
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
Normal Killing spec.containers{main}: Stopping container main
"#);
    assert_eq!(bench.runtime.running(), []);
}

#[tokio::test(start_paused = true)]
async fn a_missing_image_backs_off_and_can_be_repaired() {
    let bench = Bench::new();
    bench.create("web", json!({"containers": [{"name": "main", "image": "nginx:1.99"}]}));
    bench.until_status("web", "ImagePullBackOff").await;
    assert_eq!(
        bench.logs("web", false).await,
        "400 container \"main\" in pod \"web\" is waiting to start: trying and failing to pull image"
    );
    bench.change("web", |pod| pod["spec"]["containers"][0]["image"] = json!("nginx:1.27"));
    bench.until_status("web", "Running").await;
    insta::assert_snapshot!(bench.journal("web").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ErrImagePull
Modified Pending ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ImagePullBackOff
Modified Pending ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ImagePullBackOff
Modified Pending ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ImagePullBackOff
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
"#);
    insta::assert_snapshot!(bench.events("web"), @r#"
Normal Pulling spec.containers{main}: Pulling image "nginx:1.99"
Warning Failed spec.containers{main}: Failed to pull image "nginx:1.99": rpc error: code = NotFound desc = docker.io/library/nginx:1.99: not found
Warning Failed spec.containers{main}: Error: ErrImagePull
Normal BackOff spec.containers{main}: Back-off pulling image "nginx:1.99"
Warning Failed spec.containers{main}: Error: ImagePullBackOff
Normal Pulling spec.containers{main}: Pulling image "nginx:1.27"
Normal Pulled spec.containers{main}: Successfully pulled image "nginx:1.27" in 55ms (55ms including waiting). Image size: 2130730 bytes.
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
"#);
}

#[tokio::test(start_paused = true)]
async fn images_that_can_not_be_had_are_told_apart() {
    let bench = Bench::new();
    bench.create("never", json!({"containers": [{"name": "main", "image": "my:dev", "imagePullPolicy": "Never"}]}));
    bench.create("shouty", json!({"containers": [{"name": "main", "image": "BusyBox"}]}));
    bench.until_status("never", "ErrImageNeverPull").await;
    let pod = bench.until_status("shouty", "InvalidImageName").await;
    insta::assert_snapshot!(pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"], @r#""Failed to apply default image tag \"BusyBox\": couldn't parse image name \"BusyBox\": invalid reference format: repository name (library/BusyBox) must be lowercase""#);
    insta::assert_snapshot!(bench.events("never"), @r#"
Warning ErrImageNeverPull spec.containers{main}: Container image "my:dev" is not present with pull policy of Never
Warning Failed spec.containers{main}: Error: ErrImageNeverPull
"#);
    insta::assert_snapshot!(bench.events("shouty"), @r#"
Warning InspectFailed spec.containers{main}: Failed to apply default image tag "BusyBox": couldn't parse image name "BusyBox": invalid reference format: repository name (library/BusyBox) must be lowercase
Warning Failed spec.containers{main}: Error: InvalidImageName
"#);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_is_not_there() {
    let bench = Bench::new();
    let error = "failed to create containerd task: exec: \"ecko\": executable file not found in $PATH";
    bench.runtime.containers(move |_| Script::fails_to_start(RuntimeError::Start(error.to_owned())));
    bench.create("never", json!({"restartPolicy": "Never", "containers": [{"name": "main"}]}));
    let pod = bench.until("never", |pod| pod["status"]["phase"] == "Failed").await;
    insta::assert_json_snapshot!(pod["status"]["containerStatuses"][0]["state"], @r#"
{
  "terminated": {
    "containerID": "containerd://0000000000000000000000000000000700000000000000000000000000000008",
    "exitCode": 128,
    "finishedAt": "2026-11-23T07:32:58Z",
    "message": "failed to create containerd task: exec: \"ecko\": executable file not found in $PATH",
    "reason": "StartError",
    "startedAt": "1970-01-01T00:00:00Z"
  }
}
"#);
    insta::assert_snapshot!(bench.events("never"), @r#"
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Warning Failed spec.containers{main}: Error: failed to create containerd task: exec: "ecko": executable file not found in $PATH
"#);
    assert_eq!(bench.logs("never", false).await, "");
    bench.create("always", json!({"containers": [{"name": "main"}]}));
    bench.until_status("always", "CrashLoopBackOff").await;
    insta::assert_snapshot!(bench.journal("always").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=RunContainerError
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=RunContainerError x1
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=CrashLoopBackOff x1
"#);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_pod() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::runs().ignores_term());
    let spec = json!({"restartPolicy": "Never", "activeDeadlineSeconds": 3, "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "main"}]});
    bench.create("limited", spec);
    bench.until("limited", |pod| pod["status"]["phase"] == "Failed").await;
    insta::assert_snapshot!(bench.journal("limited").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=running+
Modified Running ip [+sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Error(137)
Modified Failed DeadlineExceeded ip [-sandbox +init -ready:PodFailed -containers:PodFailed +scheduled] main=Error(137)
"#);
    insta::assert_snapshot!(bench.events("limited"), @r#"
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
Normal DeadlineExceeded Pod was active on the node longer than the specified deadline
Normal Killing spec.containers{main}: Stopping container main
"#);
}

#[tokio::test(start_paused = true)]
async fn missing_configuration_is_told_and_waited_for() {
    let bench = Bench::new();
    let from = json!({"configMapKeyRef": {"name": "settings", "key": "greeting"}});
    let spec = json!({"restartPolicy": "Never",
        "containers": [{"name": "main", "env": [{"name": "GREETING", "valueFrom": from}]}]});
    bench.create("needs", spec);
    let pod = bench.until_status("needs", "CreateContainerConfigError").await;
    assert_eq!(
        pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"],
        "configmap \"settings\" not found"
    );
    let before = bench.clock.start.elapsed();
    let map = json!({"data": {"greeting": "hi"}});
    bench.store.insert(crate::store::Key::new("configmaps", "default", "settings"), map).unwrap();
    bench.until_status("needs", "Running").await;
    assert_eq!(bench.clock.start.elapsed(), before);
    assert_eq!(bench.runtime.wait_for_starts(1).await[0].env.last().unwrap().1, "hi");
    insta::assert_snapshot!(bench.events("needs"), @r#"
Normal Pulled (x2) spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Warning Failed spec.containers{main}: Error: configmap "settings" not found
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
"#);
}

#[tokio::test(start_paused = true)]
async fn a_missing_volume_is_told_and_waited_for() {
    let bench = Bench::new();
    let spec = json!({"volumes": [{"name": "keys", "secret": {"secretName": "nokeys"}}],
        "containers": [{"name": "main", "volumeMounts": [{"name": "keys", "mountPath": "/keys"}]}]});
    bench.create("vol", spec);
    bench.until_event("vol", "FailedMount").await;
    let secret = json!({"data": {"a": "Yg=="}});
    bench.store.insert(crate::store::Key::new("secrets", "default", "nokeys"), secret).unwrap();
    bench.until_status("vol", "Running").await;
    assert_eq!(bench.runtime.wait_for_starts(1).await[0].mounts[0].target, "/keys");
    insta::assert_snapshot!(bench.events("vol"), @r#"
Warning FailedMount (x2) MountVolume.SetUp failed for volume "keys" : secret "nokeys" not found
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
"#);
}

#[tokio::test(start_paused = true)]
async fn init_containers_run_one_after_the_other() {
    let bench = Bench::new();
    bench.runtime.containers(|spec| match spec.argv[0].as_str() {
        "main" => Script::runs(),
        _ => Script::exits(0).waits(Duration::from_secs(3)),
    });
    let spec = json!({"initContainers": [{"name": "one", "command": ["one"]}, {"name": "two", "command": ["two"]}],
        "containers": [{"name": "main", "command": ["main"]}]});
    bench.create("init", spec);
    bench.until_status("init", "Running").await;
    insta::assert_snapshot!(bench.journal("init").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=PodInitializing one=PodInitializing two=PodInitializing
Modified Pending [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=PodInitializing one=PodInitializing two=PodInitializing
Modified Pending ip [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=PodInitializing one=running two=PodInitializing
Modified Pending ip [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=PodInitializing one=Completed(0)+ two=PodInitializing
Modified Pending ip [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=PodInitializing one=Completed(0)+ two=running
Modified Pending ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=PodInitializing one=Completed(0)+ two=Completed(0)+
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+ one=Completed(0)+ two=Completed(0)+
"#);
}

#[tokio::test(start_paused = true)]
async fn a_failing_init_container_fails_the_pod_or_is_tried_again() {
    let bench = Bench::new();
    bench.runtime.containers(|_| Script::exits(7));
    let spec = |policy: &str| json!({"restartPolicy": policy, "initContainers": [{"name": "check"}], "containers": [{"name": "main"}]});
    bench.create("never", spec("Never"));
    bench.until("never", |pod| pod["status"]["phase"] == "Failed").await;
    insta::assert_snapshot!(bench.journal("never").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] check=PodInitializing main=PodInitializing
Modified Pending [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] check=PodInitializing main=PodInitializing
Modified Pending ip [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] check=running main=PodInitializing
Modified Pending ip [+sandbox -init:ContainersNotInitialized -ready:PodFailed -containers:PodFailed +scheduled] check=Error(7) main=PodInitializing
Modified Failed ip [-sandbox -init:ContainersNotInitialized -ready:PodFailed -containers:PodFailed +scheduled] check=Error(7) main=PodInitializing
"#);
    bench.create("always", spec("Always"));
    let backs_off = |pod: &serde_json::Value| {
        pod["status"]["initContainerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    };
    let pod = bench.until("always", backs_off).await;
    assert_eq!(pod["status"]["phase"], "Pending");
    insta::assert_snapshot!(bench.events("always"), @r#"
Normal Pulled (x2) spec.initContainers{check}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created (x2) spec.initContainers{check}: Container created
Normal Started (x2) spec.initContainers{check}: Container started
Warning BackOff spec.initContainers{check}: Back-off restarting failed container check in pod always_default(uid-always)
"#);
}

#[tokio::test(start_paused = true)]
async fn a_sidecar_runs_beside_the_main_container_and_ends_after_it() {
    let bench = Bench::new();
    bench.runtime.containers(|spec| match spec.argv[0].as_str() {
        "main" => Script::exits(0).waits(Duration::from_secs(3)),
        _ => Script::runs().on_term(0),
    });
    let spec = json!({"restartPolicy": "Never",
        "initContainers": [{"name": "logger", "command": ["logger"], "restartPolicy": "Always"}],
        "containers": [{"name": "main", "command": ["main"]}]});
    bench.create("sidecar", spec);
    bench.until("sidecar", |pod| pod["status"]["phase"] == "Succeeded").await;
    insta::assert_snapshot!(bench.journal("sidecar").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] logger=PodInitializing main=PodInitializing
Modified Pending [+sandbox -init:ContainersNotInitialized -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] logger=PodInitializing main=PodInitializing
Modified Pending ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] logger=running+ main=PodInitializing
Modified Running ip [+sandbox +init +ready +containers +scheduled] logger=running+ main=running+
Modified Running ip [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] logger=running+ main=Completed(0)
Modified Running ip [+sandbox +init:PodCompleted -ready:PodCompleted -containers:PodCompleted +scheduled] logger=Completed(0) main=Completed(0)
Modified Succeeded ip [-sandbox +init:PodCompleted -ready:PodCompleted -containers:PodCompleted +scheduled] logger=Completed(0) main=Completed(0)
"#);
    insta::assert_snapshot!(bench.events("sidecar"), @r#"
Normal Pulled spec.initContainers{logger}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.initContainers{logger}: Container created
Normal Started spec.initContainers{logger}: Container started
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created spec.containers{main}: Container created
Normal Started spec.containers{main}: Container started
Normal Killing spec.initContainers{logger}: Stopping container logger
"#);
}

#[tokio::test(start_paused = true)]
async fn a_changed_image_restarts_the_container() {
    let bench = Bench::new();
    bench.create("web", json!({"terminationGracePeriodSeconds": 1, "containers": [{"name": "main"}]}));
    bench.until_status("web", "Running").await;
    bench.change("web", |pod| pod["spec"]["containers"][0]["image"] = json!("busybox:1.35"));
    bench.until("web", |pod| pod["status"]["containerStatuses"][0]["restartCount"] == 1).await;
    insta::assert_snapshot!(bench.journal("web").await, @r#"
Added Pending [+scheduled] 
Modified Pending [-sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Pending [+sandbox +init -ready:ContainersNotReady -containers:ContainersNotReady +scheduled] main=ContainerCreating
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+
Modified Running ip [+sandbox +init +ready +containers +scheduled] main=running+ x1
"#);
    insta::assert_snapshot!(bench.events("web"), @r#"
Normal Pulled spec.containers{main}: Container image "busybox:1.36" already present on machine and can be accessed by the pod
Normal Created (x2) spec.containers{main}: Container created
Normal Started (x2) spec.containers{main}: Container started
Normal Killing spec.containers{main}: Container main definition changed, will be restarted
Normal Pulled spec.containers{main}: Container image "busybox:1.35" already present on machine and can be accessed by the pod
"#);
}
