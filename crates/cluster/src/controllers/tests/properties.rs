//! From any state that they find, the controllers reach the one that is asked for, and stay there.

use std::{collections::BTreeSet, convert::Infallible};

use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, any, prop_oneof},
    prop_assert, prop_assert_eq, proptest,
};
use serde_json::{Value, json};

use super::*;
use crate::store::Next;

/// What befalls the objects of a workload, in any order.
#[derive(Debug, Clone)]
enum Blow {
    /// A Pod is gone at once.
    Lose(usize),
    /// A Pod ends, and has failed or not.
    End(usize, bool),
    /// A Pod is ready no more.
    Sicken(usize),
    /// Somebody takes a Pod's labels.
    Unlabel(usize),
    /// A Pod of the same labels comes from elsewhere.
    Stray,
    /// Another size is asked for.
    Resize(i64),
    /// Another version is asked for.
    Change(u8),
    /// The controllers lose what they had read.
    Forget,
    /// The kubelet works for a while.
    Run,
}

fn blow() -> impl Strategy<Value = Blow> {
    prop_oneof![
        (0_usize..6).prop_map(Blow::Lose),
        (0_usize..6, any::<bool>()).prop_map(|(pod, failed)| Blow::End(pod, failed)),
        (0_usize..6).prop_map(Blow::Sicken),
        (0_usize..6).prop_map(Blow::Unlabel),
        Just(Blow::Stray),
        (0_i64..5).prop_map(Blow::Resize),
        (0_u8..3).prop_map(Blow::Change),
        Just(Blow::Forget),
        Just(Blow::Run),
    ]
}

/// A workload of some kind in the middle of its life.
struct Life {
    bench: Bench,
    resource: &'static str,
    strays: usize,
}

impl Life {
    fn new(resource: &'static str, kind: &str, spec: Value) -> Self {
        let mut bench = Bench::new();
        bench.put("nodes", "", json!({"metadata": {"name": "n"}, "spec": {}}));
        bench.put("nodes", "", json!({"metadata": {"name": "m"}, "spec": {}}));
        let template =
            json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "v0"}]}});
        let mut object = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "db"}, "spec": spec});
        object["spec"]["selector"] = json!({"matchLabels": {"app": "web"}});
        object["spec"]["template"] = template;
        bench.apply(object);
        Self { bench, resource, strays: 0 }
    }

    fn pods(&self) -> Vec<crate::store::Object> {
        self.bench.world.store.list("pods", None).1
    }

    fn with_pod(&mut self, index: usize, change: impl FnOnce(&mut Value)) {
        let pods = self.pods();
        if let Some(pod) = pods.get(index) {
            self.bench.change("pods", name_of(pod), change);
        }
    }

    fn suffer(&mut self, blow: &Blow) {
        let resource = self.resource;
        match *blow {
            Blow::Lose(index) => {
                if let Some(pod) = self.pods().get(index) {
                    let gone = |_: &Value| Ok::<_, Infallible>(Next::Remove);
                    let _there = self.bench.world.store.modify(&Key::new("pods", "default", name_of(pod)), gone);
                    self.bench.worker.settle();
                }
            }
            Blow::End(index, failed) => {
                let phase = if failed { "Failed" } else { "Succeeded" };
                self.with_pod(index, |pod| pod["status"] = json!({"phase": phase}));
            }
            Blow::Sicken(index) => self.with_pod(index, |pod| pod["status"] = json!({"phase": "Running"})),
            Blow::Unlabel(index) => {
                self.with_pod(index, |pod| pod["metadata"]["labels"] = json!({"app": "other"}));
            }
            Blow::Stray => {
                self.strays += 1;
                let stray = pod(&format!("stray-{}", self.strays), "10.244.0.7", self.strays.is_multiple_of(2));
                self.bench.put("pods", "default", stray);
            }
            Blow::Resize(size) => self.bench.change(resource, "db", |set| set["spec"]["replicas"] = json!(size)),
            Blow::Change(version) => self.bench.change(resource, "db", |set| {
                set["spec"]["template"]["spec"]["containers"][0]["image"] = json!(format!("v{version}"));
            }),
            Blow::Forget => self.bench.pass(1),
            Blow::Run => self.bench.run(),
        }
    }

    /// Lets everything come to rest. What was there before stays as it is.
    fn rest(&mut self) -> Value {
        self.bench.run();
        let still = state(&self.bench);
        self.bench.pass(1);
        self.bench.run();
        assert_eq!(state(&self.bench), still, "what is as it should be is left alone");
        Value::clone(&self.bench.get(self.resource, "default", "db").unwrap())
    }

    /// The Pods that something of this kind controls.
    fn controlled(&self, kind: &str) -> Vec<crate::store::Object> {
        let mut pods = self.pods();
        pods.retain(|pod| owned::controller_of(pod).is_some_and(|owner| owner["kind"] == kind));
        pods
    }
}

/// The versions of all objects; events tell what cannot be done each time it is tried.
fn state(bench: &Bench) -> Vec<(Key, String)> {
    let all = bench.world.store.snapshot().1.into_iter().filter(|(key, _)| key.resource != "events");
    all.map(|(key, object)| (key, object["metadata"]["resourceVersion"].to_string())).collect()
}

fn version_of(object: &Value) -> &Value {
    &object["spec"]["containers"][0]["image"]
}

/// The numbers of a status, in this order; absent ones are nothing.
fn counts<const N: usize>(object: &Value, fields: [&str; N]) -> [i64; N] {
    fields.map(|field| object["status"][field].as_i64().unwrap_or(0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_replica_set_has_as_many_pods_as_asked_for(blows in vec(blow(), 0..10)) {
        let mut life = Life::new("replicasets.apps", "ReplicaSet", json!({"replicas": 2}));
        blows.iter().for_each(|blow| life.suffer(blow));
        let set = life.rest();
        let size = set["spec"]["replicas"].as_i64().unwrap();
        let active = life.controlled("ReplicaSet").iter().filter(|pod| pods::is_active(pod)).count();
        prop_assert_eq!(i64::try_from(active).unwrap(), size);
        prop_assert_eq!(counts(&set, ["replicas", "readyReplicas", "availableReplicas"]), [size; 3]);
    }

    #[test]
    fn a_deployment_arrives_at_its_version(
        blows in vec(blow(), 0..10), recreate: bool, surge in 0_i64..3, missing in 0_i64..3,
    ) {
        let rolling = json!({"type": "RollingUpdate", "rollingUpdate":
            {"maxSurge": surge, "maxUnavailable": if surge == 0 { missing.max(1) } else { missing }}});
        let strategy = if recreate { json!({"type": "Recreate"}) } else { rolling };
        let mut life = Life::new("deployments.apps", "Deployment", json!({"replicas": 2, "strategy": strategy}));
        blows.iter().for_each(|blow| life.suffer(blow));
        let deployment = life.rest();
        let size = deployment["spec"]["replicas"].as_i64().unwrap();
        let version = version_of(&deployment["spec"]["template"]);
        let pods = life.controlled("ReplicaSet");
        let active: Vec<_> = pods.iter().filter(|pod| pods::is_active(pod)).collect();
        prop_assert_eq!(i64::try_from(active.len()).unwrap(), size);
        prop_assert!(active.iter().all(|pod| version_of(pod) == version));
        prop_assert_eq!(counts(&deployment, ["replicas", "updatedReplicas", "availableReplicas"]), [size; 3]);
    }

    #[test]
    fn a_stateful_set_has_its_pods_by_name(blows in vec(blow(), 0..10), parallel: bool, most in 1_i64..4) {
        let policy = if parallel { "Parallel" } else { "OrderedReady" };
        let update = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": most}});
        let spec = json!({"replicas": 2, "podManagementPolicy": policy, "updateStrategy": update});
        let mut life = Life::new("statefulsets.apps", "StatefulSet", spec);
        blows.iter().for_each(|blow| life.suffer(blow));
        let set = life.rest();
        let size = set["spec"]["replicas"].as_i64().unwrap();
        // One whose labels somebody took keeps its name, and nothing can be made in its place.
        let held = |number: i64| {
            let pod = life.bench.get("pods", "default", &format!("db-{number}"));
            pod.is_some_and(|pod| owned::controller_of(&pod).is_none())
        };
        if (0..size).any(held) {
            return Ok(());
        }
        let pods = life.controlled("StatefulSet");
        let names: Vec<String> = pods.iter().map(|pod| name_of(pod).to_owned()).collect();
        prop_assert_eq!(names, (0..size).map(|number| format!("db-{number}")).collect::<Vec<_>>());
        prop_assert!(pods.iter().all(|pod| version_of(pod) == version_of(&set["spec"]["template"])));
        prop_assert_eq!(counts(&set, ["readyReplicas", "updatedReplicas", "availableReplicas"]), [size; 3]);
    }

    #[test]
    fn a_daemon_set_has_a_pod_on_each_node(blows in vec(blow(), 0..10), surges: bool) {
        let rolling = json!({"maxSurge": i64::from(surges), "maxUnavailable": i64::from(!surges)});
        let update = json!({"type": "RollingUpdate", "rollingUpdate": rolling});
        let mut life = Life::new("daemonsets.apps", "DaemonSet", json!({"updateStrategy": update}));
        blows.iter().for_each(|blow| life.suffer(blow));
        let set = life.rest();
        let pods = life.controlled("DaemonSet");
        let nodes: BTreeSet<&str> = pods.iter().map(|pod| pod["spec"]["nodeName"].as_str().unwrap()).collect();
        prop_assert_eq!((pods.len(), nodes), (2, BTreeSet::from(["m", "n"])));
        prop_assert!(pods.iter().all(|pod| version_of(pod) == version_of(&set["spec"]["template"])));
        prop_assert_eq!(counts(&set, ["numberReady", "numberAvailable", "updatedNumberScheduled"]), [2; 3]);
    }

    /// Each turn ends Pods one way; in between, time goes by.
    #[test]
    fn a_job_ends_and_stays_as_it_ended(
        turns in vec((any::<bool>(), 0_i64..700), 0..8), completions in 1_i64..4, parallelism in 1_i64..4,
        limit in 0_i64..3, indexed: bool, per_index: bool,
    ) {
        let mut spec = json!({"completions": completions, "parallelism": parallelism, "backoffLimit": limit});
        if indexed {
            spec["completionMode"] = json!("Indexed");
        }
        if indexed && per_index {
            spec["backoffLimit"] = json!(i32::MAX);
            spec["backoffLimitPerIndex"] = json!(limit);
        }
        let mut bench = Bench::new();
        bench.create(jobs::job(spec));
        for (failed, seconds) in turns {
            let active = bench.world.store.list("pods", None).1.iter().filter(|pod| pods::is_active(pod)).count();
            prop_assert!(active <= usize::try_from(parallelism.min(completions)).unwrap());
            bench.end_pods(if failed { "Failed" } else { "Succeeded" });
            bench.pass(seconds);
        }
        for _ in 0..12 {
            bench.end_pods("Succeeded");
            bench.pass(700);
        }
        let job = Value::clone(&bench.get("jobs.batch", "default", "jo").unwrap());
        let complete = conditions::holds(&job["status"], "Complete");
        prop_assert!(complete != conditions::holds(&job["status"], "Failed"), "{}", job["status"]);
        prop_assert!(!complete || counts(&job, ["succeeded"]) == [completions]);
        let still = state(&bench);
        bench.pass(700);
        prop_assert_eq!(state(&bench), still);
    }

    #[test]
    fn a_cron_job_keeps_to_its_policy(
        turns in vec((any::<bool>(), 0_i64..200), 1..8), policy in 0_usize..3, kept in 0_i64..3,
    ) {
        let policy = ["Allow", "Forbid", "Replace"][policy];
        let mut cron = jobs::cron("* * * * *", policy);
        cron["spec"]["successfulJobsHistoryLimit"] = json!(kept);
        let mut bench = Bench::new();
        bench.create(cron);
        for (ends, seconds) in turns {
            bench.pass(seconds);
            if ends {
                bench.end_pods("Succeeded");
            }
            let jobs = bench.world.store.list("jobs.batch", None).1;
            let (done, open): (Vec<_>, Vec<_>) = jobs.iter().partition(|job| conditions::holds(&job["status"], "Complete"));
            prop_assert!(done.len() <= usize::try_from(kept).unwrap(), "{} are kept", done.len());
            prop_assert!(policy == "Allow" || open.len() <= 1, "{} run at once", open.len());
            let cron = bench.get("cronjobs.batch", "default", "tick").unwrap();
            prop_assert_eq!(crate::json::items(&cron["status"], "active").len(), open.len());
            let still = state(&bench);
            bench.pass(0);
            prop_assert_eq!(state(&bench), still, "a minute is one Job");
        }
    }

    #[test]
    fn endpoints_are_the_pods_that_are_ready(states in vec((0_usize..4, any::<bool>(), any::<bool>()), 0..10)) {
        let mut bench = Bench::new();
        bench.put("services", "default", service(json!({"port": 80, "targetPort": 8080, "protocol": "TCP"})));
        let mut expected = BTreeSet::new();
        for (number, is_there, ready) in states {
            let ip = format!("10.244.0.{}", number + 3);
            if is_there {
                bench.put("pods", "default", pod(&format!("p{number}"), &ip, ready));
            } else if bench.get("pods", "default", &format!("p{number}")).is_some() {
                let gone = |_: &Value| Ok::<_, Infallible>(Next::Remove);
                bench.world.store.modify(&Key::new("pods", "default", format!("p{number}")), gone).unwrap();
                bench.worker.settle();
            }
            if is_there && ready { expected.insert(ip) } else { expected.remove(&ip) };
        }
        let slices = bench.world.store.list("endpointslices.discovery.k8s.io", None).1;
        let all = slices.iter().flat_map(|slice| crate::json::items(slice, "endpoints"));
        let ready = all.filter(|endpoint| endpoint["conditions"]["ready"] == true);
        let ready: BTreeSet<String> = ready.map(|endpoint| endpoint["addresses"][0].as_str().unwrap().to_owned()).collect();
        prop_assert_eq!(ready, expected);
        let still = state(&bench);
        bench.pass(1);
        prop_assert_eq!(state(&bench), still);
    }

    /// Of any net of owners, what has lost all of them goes, and nothing else.
    #[test]
    fn garbage_is_what_has_lost_all_its_owners(
        owners in vec(vec(0_usize..7, 0..3), 7), deleted in vec(0_usize..7, 0..4),
    ) {
        let mut bench = Bench::new();
        // Later ones are owned by earlier ones: there are no circles.
        for (number, owners) in owners.iter().enumerate() {
            let of = |owner: &usize| json!({"uid": format!("u{owner}"), "kind": "ConfigMap", "name": format!("c{owner}")});
            let references: Vec<Value> = owners.iter().filter(|owner| **owner < number).map(of).collect();
            let metadata = json!({"name": format!("c{number}"), "uid": format!("u{number}"), "ownerReferences": references});
            bench.put("configmaps", "default", json!({"metadata": metadata}));
        }
        let mut there: BTreeSet<usize> = (0..owners.len()).collect();
        for number in deleted {
            if there.contains(&number) {
                bench.delete("configmaps", "default", &format!("c{number}"));
                there.remove(&number);
            }
            for (number, owners) in owners.iter().enumerate() {
                let mut owners = owners.iter().filter(|owner| **owner < number).peekable();
                if owners.peek().is_some() && owners.all(|owner| !there.contains(owner)) {
                    there.remove(&number);
                }
            }
        }
        let left: BTreeSet<String> = bench.names("configmaps").into_iter().filter(|name| name != "kube-root-ca.crt").collect();
        prop_assert_eq!(left, there.iter().map(|number| format!("c{number}")).collect::<BTreeSet<_>>());
        let still = state(&bench);
        bench.pass(1);
        prop_assert_eq!(state(&bench), still);
    }
}
