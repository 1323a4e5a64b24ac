use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{clock::Clock, store::Store};

/// A clock that is set by hand.
struct Set(Mutex<Timestamp>);

impl Clock for Set {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn uid(&self) -> String {
        "uid".into()
    }

    fn suffix(&self, length: usize) -> String {
        "x".repeat(length)
    }
}

/// A Deployment of which all Pods are ready at once, and its autoscaler.
struct Bench {
    world: World,
    clock: Arc<Set>,
    autoscalers: Autoscalers,
}

impl Bench {
    fn new(replicas: i64, spec: Value) -> Self {
        let clock = Arc::new(Set(Mutex::new("2026-11-23T08:00:00Z".parse().unwrap())));
        let world = World { store: Store::new(), clock: clock.clone(), authority: "PEM".into() };
        let put = |key: Key, object: Value| drop(world.store.insert(key, object).unwrap());
        put(
            Key::new("deployments.apps", "default", "web"),
            json!({"metadata": {"name": "web", "namespace": "default"},
                "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}}}),
        );
        let mut autoscaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": "default"}, "spec": spec});
        autoscaler["spec"]["scaleTargetRef"] = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
        let resource = registry::find_kind("autoscaling/v2", "HorizontalPodAutoscaler").unwrap();
        crate::admission::default_object(resource, &mut autoscaler);
        put(key(), autoscaler);
        let mut bench = Self { autoscalers: Autoscalers::new(&world), world, clock };
        bench.follow();
        bench
    }

    /// Makes and removes Pods, each with a request of 100m.
    fn follow(&mut self) {
        let wanted = self.replicas();
        for number in 0..20 {
            let key = Key::new("pods", "default", format!("web-{number}"));
            let pod = json!({"metadata": {"name": key.name, "namespace": "default", "labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "100m"}}}]},
                "status": {"phase": "Running", "startTime": "2026-11-23T07:00:00Z", "conditions": [
                    {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T07:00:01Z"}]}});
            if number < wanted {
                let _there = self.world.store.insert(key, pod);
            } else {
                let gone = |_: &Value| Ok::<_, std::convert::Infallible>(crate::store::Next::Remove);
                let _absent = self.world.store.modify(&key, gone);
            }
        }
    }

    fn replicas(&self) -> i64 {
        self.world.get(&Key::new("deployments.apps", "default", "web")).unwrap()["spec"]["replicas"].as_i64().unwrap()
    }

    /// A quarter of a minute later, all Pods together use so many millicores.
    fn look(&mut self, load: u64) -> i64 {
        *self.clock.0.lock().unwrap() += SignedDuration::from_secs(15);
        let pods = self.world.store.list("pods", None).1;
        let each = load * 1_000_000 / u64::try_from(pods.len().max(1)).unwrap();
        let used = pods.iter().map(|pod| ContainerUsage {
            namespace: "default".into(),
            pod: name_of(pod).into(),
            container: "c".into(),
            cpu_nanos: each,
            memory: 0,
        });
        let reading = Reading::Of(used.collect());
        self.autoscalers.look(&key(), &reading);
        self.follow();
        self.replicas()
    }

    fn status(&self) -> Value {
        self.world.get(&key()).unwrap()["status"].clone()
    }

    fn reasons(&self) -> Vec<String> {
        let status = self.status();
        items(&status, "conditions").iter().map(|c| format!("{} {}", text(c, "status"), text(c, "reason"))).collect()
    }

    fn events(&self) -> Vec<String> {
        let events = self.world.store.list("events", None).1;
        events.iter().map(|e| format!("{} {}", text(e, "reason"), text(e, "message"))).collect()
    }
}

fn key() -> Key {
    Key::new(RESOURCE, "default", "web")
}

fn half_of_cpu() -> Value {
    let target = json!({"type": "Utilization", "averageUtilization": 50});
    json!({"minReplicas": 1, "maxReplicas": 5, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]})
}

#[test]
fn a_load_makes_pods_and_its_end_takes_them_away_after_a_while() {
    let mut bench = Bench::new(1, half_of_cpu());
    assert_eq!(bench.look(50), 1);
    assert_eq!(bench.reasons(), ["True ReadyForNewScale", "True ValidMetricFound", "False DesiredWithinRange"]);
    assert_eq!(bench.look(400), 4, "no more than four from one");
    assert_eq!(bench.reasons(), ["True SucceededRescale", "True ValidMetricFound", "True ScaleUpLimit"]);
    assert_eq!(bench.status()["currentMetrics"][0]["resource"]["current"]["averageUtilization"], 400);
    assert_eq!(
        (bench.status()["currentReplicas"].clone(), bench.status()["desiredReplicas"].clone()),
        (json!(1), json!(4))
    );
    assert_eq!(bench.look(400), 5);
    assert_eq!(bench.reasons()[2], "True TooManyReplicas");
    assert_eq!(bench.look(10), 5);
    assert_eq!(bench.reasons()[0], "True ScaleDownStabilized");
    let looks = (0..30).find(|_| bench.look(10) == 1).unwrap();
    assert_eq!(looks, 18, "five minutes after it last had to be more");
    let told = bench.events();
    assert!(
        told.contains(
            &"SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of request) above target"
                .to_owned()
        ) && told.contains(&"SuccessfulRescale New size: 1; reason: All metrics below target".to_owned()),
        "{told:?}"
    );
    let resource = registry::find_kind("autoscaling/v2", "HorizontalPodAutoscaler").unwrap();
    let row = crate::printers::row(resource, &bench.world.get(&key()).unwrap(), bench.clock.now());
    assert_eq!(row.cells[2], "cpu: 2%/50%");
}

#[test]
fn without_metrics_it_keeps_the_least_and_says_why_no_more() {
    let mut spec = half_of_cpu();
    spec["minReplicas"] = json!(2);
    let mut bench = Bench::new(1, spec);
    bench.autoscalers.look(&key(), &Reading::NoServer);
    assert_eq!(bench.replicas(), 2);
    bench.autoscalers.look(&key(), &Reading::NoServer);
    assert_eq!(bench.reasons(), ["True SucceededGetScale", "False FailedGetResourceMetric"]);
    assert_eq!(bench.status()["currentMetrics"], json!([{"type": ""}]));
    insta::assert_snapshot!(bench.events().join("\n"), @"
    SuccessfulRescale New size: 2; reason: Current number of replicas below Spec.MinReplicas
    FailedGetResourceMetric failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)
    FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)
    ");
}

#[test]
fn a_target_that_is_off_or_missing_or_shared_is_left_alone() {
    let mut bench = Bench::new(0, half_of_cpu());
    assert_eq!(bench.look(400), 0);
    assert_eq!(bench.reasons(), ["True SucceededGetScale", "False ScalingDisabled"]);
    let mut bench = Bench::new(1, half_of_cpu());
    let mut twin = Value::clone(&bench.world.get(&key()).unwrap());
    twin["metadata"]["name"] = json!("twin");
    bench.world.store.insert(Key::new(RESOURCE, "default", "twin"), twin).unwrap();
    assert_eq!(bench.look(400), 1);
    let status = bench.status();
    let active = conditions::find(&status, "ScalingActive").unwrap();
    assert_eq!(
        active["message"],
        "pods by selector app=web are controlled by multiple HPAs: [default/twin default/web]"
    );
    write::update(&bench.world, &key(), |object| object["spec"]["scaleTargetRef"]["name"] = json!("gone"));
    bench.look(400);
    let status = bench.status();
    let able = conditions::find(&status, "AbleToScale").unwrap();
    insta::assert_snapshot!(
        text(able, "message"),
        @r#"the HPA controller was unable to get the target's current scale: deployments.apps "gone" not found"#
    );
}

#[test]
fn sizes_are_kept_between_the_least_and_the_most() {
    let spec = json!({"minReplicas": 2, "maxReplicas": 4});
    assert_eq!(size(&spec, 0), Size::Zero);
    assert_eq!(size(&spec, 1), Size::Change(2, "Current number of replicas below Spec.MinReplicas"));
    assert_eq!(size(&spec, 3), Size::Within);
    assert_eq!(size(&spec, 9), Size::Change(4, "Current number of replicas above Spec.MaxReplicas"));
}

#[test]
fn a_condition_keeps_its_time_as_long_as_its_status() {
    let mut status = json!({});
    set(&mut status, "A", "True", "X", "x", "then");
    set(&mut status, "B", "True", "X", "x", "then");
    set(&mut status, "A", "True", "Y", "y", "now");
    set(&mut status, "B", "False", "Y", "y", "now");
    let shown: Vec<String> = items(&status, "conditions")
        .iter()
        .map(|c| format!("{} {} {}", text(c, "type"), text(c, "reason"), text(c, "lastTransitionTime")))
        .collect();
    assert_eq!(shown, ["A Y then", "B Y now"]);
}

#[tokio::test(start_paused = true)]
async fn it_looks_at_what_is_new_and_again_every_quarter_of_a_minute() {
    let bench = Bench::new(1, half_of_cpu());
    let (asked, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let meter: Meter = Arc::new(move || {
        asked.send(Instant::now()).unwrap();
        Box::pin(std::future::ready(Vec::new()))
    });
    let cancel = CancellationToken::new();
    let task = tokio::spawn(bench.autoscalers.run(Some(meter), cancel.clone()));
    let first = answers.recv().await.unwrap();
    assert_eq!(answers.recv().await.unwrap() - first, PERIOD);
    write::update(&bench.world, &key(), |object| object["spec"]["maxReplicas"] = json!(9));
    assert_eq!(answers.recv().await.unwrap() - first, PERIOD, "a change is looked at at once");
    cancel.cancel();
    task.await.unwrap();
}
