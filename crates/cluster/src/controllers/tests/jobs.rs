//! Jobs and CronJobs, with a kubelet that ends Pods as told.

use serde_json::{Value, json};

use super::*;
use crate::admission::{Context, prepare_create};

impl Bench {
    pub(super) fn create(&mut self, mut object: Value) {
        let version = object["apiVersion"].as_str().unwrap().to_owned();
        let resource = crate::registry::find_kind(&version, object["kind"].as_str().unwrap()).unwrap();
        object["metadata"]["namespace"] = json!("default");
        object["metadata"]["creationTimestamp"] = json!("2026-11-23T08:00:00Z");
        crate::admission::default_object(resource, &mut object);
        let context = Context { store: &self.world.store, clock: &*self.world.clock, dry_run: false };
        prepare_create(resource, &mut object, &context).unwrap();
        self.put(&resource.store_name(), "default", object);
    }

    /// Ends the Pods that run.
    pub(super) fn end_pods(&mut self, phase: &str) {
        for name in self.names("pods") {
            let pod = self.get("pods", "default", &name).unwrap();
            if pods::is_active(&pod) {
                write::update(&self.world, &Key::new("pods", "default", name.as_str()), |pod| {
                    pod["status"] = json!({"phase": phase, "containerStatuses": [
                        {"state": {"terminated": {"finishedAt": "2026-11-23T07:59:59Z"}}}]});
                });
            }
        }
        self.worker.settle();
    }

    fn conditions(&self, name: &str) -> Vec<String> {
        let job = self.get("jobs.batch", "default", name).unwrap();
        let all = job["status"]["conditions"].as_array().cloned().unwrap_or_default();
        all.iter().map(|c| format!("{}={} {}", c["type"], c["status"], c["reason"]).replace('"', "")).collect()
    }
}

pub(super) fn job(spec: Value) -> Value {
    let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "jo"}, "spec": spec});
    job["spec"]["template"] =
        json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}});
    job
}

/// `workloads/job.yaml`, `wire/job.json`
#[test]
fn a_job_completes() {
    let mut bench = Bench::new();
    bench.create(job(json!({})));
    assert_eq!(bench.names("pods").len(), 1);
    bench.end_pods("Succeeded");
    assert_eq!(
        bench.conditions("jo"),
        ["SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached"]
    );
    let status = bench.get("jobs.batch", "default", "jo").unwrap()["status"].clone();
    assert_eq!(
        (&status["succeeded"], &status["ready"], &status["terminating"], &status["uncountedTerminatedPods"]),
        (&json!(1), &json!(0), &json!(0), &json!({}))
    );
    assert!(status["completionTime"].is_string() && status["active"].is_null());
    let mut reasons: Vec<String> = bench
        .world
        .store
        .list("events", None)
        .1
        .iter()
        .map(|event| event["reason"].as_str().unwrap().to_owned())
        .collect();
    reasons.sort();
    assert_eq!(reasons, ["Completed", "SuccessfulCreate"]);
}

#[test]
fn a_job_gives_up() {
    let mut bench = Bench::new();
    bench.create(job(json!({"backoffLimit": 0})));
    bench.end_pods("Failed");
    assert_eq!(bench.conditions("jo"), ["FailureTarget=True BackoffLimitExceeded", "Failed=True BackoffLimitExceeded"]);
}

#[test]
fn a_failed_pod_is_replaced_after_a_while() {
    let mut bench = Bench::new();
    bench.create(job(json!({})));
    bench.end_pods("Failed");
    // The clock of these tests stands still one second after the failure: the delay is not over.
    assert_eq!(bench.names("pods").len(), 1);
    assert!(bench.conditions("jo").is_empty());
}

#[test]
fn several_pods_run_at_once_and_indexed_ones_have_numbers() {
    let mut bench = Bench::new();
    bench.create(job(json!({"completions": 3, "parallelism": 2, "completionMode": "Indexed"})));
    assert_eq!(bench.names("pods").len(), 2);
    bench.end_pods("Succeeded");
    assert_eq!(bench.names("pods").len(), 3);
    bench.end_pods("Succeeded");
    let status = bench.get("jobs.batch", "default", "jo").unwrap()["status"].clone();
    assert_eq!((&status["completedIndexes"], &status["succeeded"]), (&json!("0-2"), &json!(3)));
    let pod = bench.world.store.list("pods", None).1[0].clone();
    assert_eq!(pod["spec"]["containers"][0]["env"][0]["name"], "JOB_COMPLETION_INDEX");
}

#[test]
fn a_suspended_job_has_no_pods() {
    let mut bench = Bench::new();
    bench.create(job(json!({"suspend": true})));
    assert!(bench.names("pods").is_empty());
    assert_eq!(bench.conditions("jo"), ["Suspended=True JobSuspended"]);
    write::update(&bench.world, &Key::new("jobs.batch", "default", "jo"), |job| job["spec"]["suspend"] = json!(false));
    bench.worker.settle();
    assert_eq!(bench.names("pods").len(), 1);
    assert_eq!(bench.conditions("jo"), ["Suspended=False JobResumed"]);
}

pub(super) fn cron(schedule: &str, policy: &str) -> Value {
    json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"}, "spec": {"schedule": schedule,
        "concurrencyPolicy": policy, "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never",
        "containers": [{"name": "c", "image": "busybox"}]}}}}}})
}

#[test]
fn a_cron_job_that_is_due_makes_a_job() {
    let mut bench = Bench::new();
    let mut tick = cron("* * * * *", "Forbid");
    tick["metadata"]["creationTimestamp"] = json!("2026-11-23T07:58:30Z");
    bench.put("serviceaccounts", "default", json!({"metadata": {"name": "x"}}));
    crate::admission::default_object(crate::registry::find_kind("batch/v1", "CronJob").unwrap(), &mut tick);
    bench.put("cronjobs.batch", "default", tick);
    let jobs = bench.names("jobs.batch");
    // Minutes since 1970 of 2026-11-23T08:00:00Z.
    assert_eq!(jobs, ["tick-29923680"]);
    let status = bench.get("cronjobs.batch", "default", "tick").unwrap()["status"].clone();
    assert_eq!(status["lastScheduleTime"], "2026-11-23T08:00:00Z");
    assert_eq!(status["active"][0]["name"], "tick-29923680");
    bench.end_pods("Succeeded");
    let status = bench.get("cronjobs.batch", "default", "tick").unwrap()["status"].clone();
    assert!(status["active"].is_null() && status["lastSuccessfulTime"].is_string());
}

#[test]
fn a_cron_job_that_is_not_due_waits() {
    let mut bench = Bench::new();
    bench.create(cron("0 0 1 1 *", "Allow"));
    assert!(bench.names("jobs.batch").is_empty());
}

#[test]
fn a_policy_fails_the_job_at_once_or_lets_failures_pass() {
    let rule = |action: &str, code: i64| json!({"action": action, "onExitCodes": {"operator": "In", "values": [code]}});
    let mut bench = Bench::new();
    let rules = json!([rule("Ignore", 3), rule("FailJob", 42)]);
    bench.create(job(json!({"backoffLimit": 0, "podFailurePolicy": {"rules": rules}})));
    let fail = |bench: &mut Bench, code: i64| {
        let pods = bench.names("pods");
        let status = json!({"phase": "Failed", "containerStatuses": [
            {"name": "c", "state": {"terminated": {"exitCode": code, "finishedAt": "2026-11-23T07:59:59Z"}}}]});
        bench.change("pods", pods.last().unwrap(), |pod| pod["status"] = status);
    };
    fail(&mut bench, 3);
    assert_eq!(bench.names("pods").len(), 1, "the next try waits, whatever the failure counts");
    bench.pass(11);
    assert_eq!(bench.names("pods").len(), 2, "what is ignored is tried again");
    fail(&mut bench, 42);
    assert_eq!(bench.conditions("jo"), ["FailureTarget=True PodFailurePolicy", "Failed=True PodFailurePolicy"]);
    let status = bench.get("jobs.batch", "default", "jo").unwrap()["status"].clone();
    assert_eq!(status["failed"], 1);
}

#[test]
fn indexes_fail_on_their_own() {
    let mut bench = Bench::new();
    bench.create(job(
        json!({"completions": 2, "parallelism": 2, "completionMode": "Indexed", "backoffLimitPerIndex": 0}),
    ));
    let first = bench.names("pods")[0].clone();
    let status =
        json!({"phase": "Failed", "containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 1}}}]});
    bench.change("pods", &first, |pod| pod["status"] = status);
    bench.end_pods("Succeeded");
    assert_eq!(bench.conditions("jo"), ["FailureTarget=True FailedIndexes", "Failed=True FailedIndexes"]);
    let status = bench.get("jobs.batch", "default", "jo").unwrap()["status"].clone();
    assert_eq!((&status["failedIndexes"], &status["completedIndexes"]), (&json!("0"), &json!("1")));
    let pod = bench.get("pods", "default", &first).unwrap();
    assert_eq!(pod["metadata"]["annotations"]["batch.kubernetes.io/job-index-failure-count"], "0");
}

#[test]
fn a_job_is_done_when_its_success_policy_says_so_and_goes_after_its_time() {
    let mut bench = Bench::new();
    bench.create(job(
        json!({"completions": 3, "parallelism": 3, "completionMode": "Indexed", "ttlSecondsAfterFinished": 60,
        "successPolicy": {"rules": [{"succeededIndexes": "0"}]}}),
    ));
    let leader = bench.names("pods")[0].clone();
    bench.change("pods", &leader, |pod| pod["status"] = json!({"phase": "Succeeded"}));
    assert_eq!(bench.conditions("jo")[0], "SuccessCriteriaMet=True SuccessPolicy");
    bench.run();
    assert_eq!(bench.conditions("jo")[1], "Complete=True SuccessPolicy");
    bench.pass(59);
    assert_eq!(bench.names("jobs.batch"), ["jo"]);
    bench.pass(1);
    assert!(bench.names("jobs.batch").is_empty());
}
