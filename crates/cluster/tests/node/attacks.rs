//! One sandbox at its worst. It meets its own limit, and in another one a learner asks for their Pods and is answered.

use std::path::Path;

use serde_json::{Value, json};

use crate::cluster::{TestCluster, ended, ready};

/// A Pod that uses up what it can.
pub struct Attack {
    pub what: &'static str,
    spec: Value,
    met: Met,
}

/// What tells that it has met its limit.
enum Met {
    /// It says so itself.
    Printed(&'static str),
    /// The node has ended it: `status.reason` of the Pod, or else the reason of its container's end.
    Ended(&'static str),
    /// It goes on, and has done what it was to do once it is ready.
    Ready,
}

/// Lines of 1 KB, so that their times and tags do not count much: 25 MB of them, and then more without end.
const FLOOD: &str = "yes $(printf %01000d 7) | head -c 25000000; touch /tmp/flooded; exec yes $(printf %01000d 7)";
/// One more than there may be. The shell and its child have their own, so that the last ones must fail.
const FILES: &str = "touch /x; exec tail -q -f $(yes /x | head -n $(ulimit -n))";
/// What a log holds at most: the kubelet's default `containerLogMaxSize`.
const LOG_SIZE: u64 = 10 << 20;

pub fn attacks() -> Vec<Attack> {
    let pod = |script: &str, more: Value| {
        let mut container = json!({"name": "c", "image": "busybox", "command": ["sh", "-c", script]});
        for (key, value) in more.as_object().unwrap() {
            container[key] = value.clone();
        }
        json!({"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]})
    };
    let limit = |resource: &str, amount: &str| json!({"resources": {"limits": {resource: amount}}});
    vec![
        Attack {
            what: "fork bomb",
            spec: pod("sh -c 'f() { f | f & }; f' & exec sleep 100000", json!({})),
            met: Met::Printed("can't fork"),
        },
        Attack {
            what: "memory hog",
            spec: pod("exec tail /dev/zero", limit("memory", "64Mi")),
            met: Met::Ended("OOMKilled"),
        },
        Attack {
            what: "log flood",
            spec: pod(
                FLOOD,
                json!({"readinessProbe": {"exec": {"command": ["test", "-e", "/tmp/flooded"]}, "periodSeconds": 1}}),
            ),
            met: Met::Ready,
        },
        Attack {
            what: "all the files that can be open",
            spec: pod(FILES, json!({})),
            met: Met::Printed("Too many open files"),
        },
        // The last: where it fills the node's disk before it is found out, no Pod comes there for five minutes.
        Attack {
            what: "full disk",
            spec: pod(
                "i=0; while :; do i=$((i+1)); dd if=/dev/zero of=/f$i bs=1M count=4 2>/dev/null; done",
                limit("ephemeral-storage", "8Mi"),
            ),
            met: Met::Ended("Evicted"),
        },
    ]
}

impl Attack {
    /// Starts it and waits until it has met its limit; the Pod's name.
    pub async fn begin(&self, victim: &TestCluster) -> String {
        let name = victim.start_pod(self.spec.clone()).await.metadata.name.unwrap();
        match self.met {
            Met::Printed(text) => victim.log_until(&name, text).await,
            Met::Ready => drop(victim.pod_when(&name, ready).await),
            Met::Ended(reason) => {
                let pod = victim.pod_when(&name, ended).await;
                let status = serde_json::to_value(pod.status).unwrap();
                let of_container = &status["containerStatuses"][0]["state"]["terminated"]["reason"];
                assert!([&status["reason"], of_container].contains(&&json!(reason)), "{}: {status:#}", self.what);
            }
        }
        name
    }
}

#[tokio::test]
async fn whatever_one_sandbox_does_a_neighbour_is_answered() {
    let (attacked, neighbour) = (TestCluster::start().await, TestCluster::start().await);
    let calm = json!({"terminationGracePeriodSeconds": 0, "containers": [{"name": "c", "image": "busybox", "command": ["sleep", "100000"]}]});
    let calm = neighbour.start_pod(calm).await.metadata.name.unwrap();
    neighbour.pod_when(&calm, ready).await;
    for attack in attacks() {
        let name = attack.begin(&attacked).await;
        let seen = neighbour.pods.list(&Default::default()).await.unwrap();
        assert_eq!(seen.items.len(), 1, "{}", attack.what);
        assert_eq!(neighbour.exec(&calm, "echo fine").await, "fine\n", "{}", attack.what);
        let logs = used(&attacked.directory().join("logs"));
        // The newest file is begun anew before it is bigger, and nothing else is kept.
        assert!(logs <= LOG_SIZE, "{}: {logs} bytes of logs", attack.what);
        attacked.pods.delete(&name, &Default::default()).await.unwrap();
        attacked.pod_gone(&name).await;
    }
    attacked.cluster.shutdown().await;
    neighbour.cluster.shutdown().await;
}

/// Bytes of all files beneath a directory. One that goes away meanwhile has none.
fn used(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .fold(0, |sum, (path, metadata)| sum + if metadata.is_dir() { used(&path) } else { metadata.len() })
}
