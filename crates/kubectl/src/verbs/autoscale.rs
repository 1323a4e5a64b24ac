//! `autoscale`: a HorizontalPodAutoscaler for what runs Pods.

use serde_json::{Value, json};

use super::result::{DryRun, Reporter};
use crate::{
    args::Matches,
    describe::quantity,
    failure::{Failure, Outcome},
    selection::{Object, Request},
    server::query,
    session::Session,
};

/// The fields of an autoscaler as Go declares them.
const FIELDS: &str = "kind apiVersion metadata spec status; scaleTargetRef minReplicas maxReplicas metrics; \
    kind name apiVersion; type resource; name target; type averageUtilization averageValue; desiredReplicas currentMetrics";

/// Runs `autoscale`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if !matches.given("max") {
        return Err(Failure::said("required flag(s) \"max\" not set"));
    }
    if matches.given("cpu-percent") {
        session.err("Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).\n").await?;
    }
    if matches.given("cpu-percent") && matches.given("cpu") {
        return Err(Failure::said("--cpu-percent and --cpu are mutually exclusive"));
    }
    let (min, max) = (matches.int("min"), matches.int("max"));
    if max < 1 {
        return Err(Failure::Said(format!("--max=MAXPODS is required and must be at least 1, max: {max}")));
    }
    if max < min {
        return Err(Failure::Said(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"
        )));
    }
    let mut reporter = Reporter::of(session, matches).await?.ordered_by(FIELDS);
    let request = Request { selector: None, ..Request::of(matches, &matches.args) };
    let (objects, mut failures) = request.select(session).await?.objects(session).await;
    for object in &objects {
        if let Err(failure) = one(session, matches, object, &mut reporter).await {
            failures.push(failure);
        }
    }
    Failure::of(failures)
}

async fn one(session: &Session, matches: &Matches, object: &Object, reporter: &mut Reporter<'_>) -> Outcome {
    let resource = &object.target.resource;
    if !resource.subresources.iter().any(|name| name == "scale") {
        return Err(Failure::Said(format!(
            "cannot autoscale a {}: could not find scale subresource for {resource} in discovery information",
            resource.kind
        )));
    }
    let mut scaler = scaler(matches, object)?;
    if matches.on("save-config") {
        super::apply::annotate(&mut scaler);
    }
    if reporter.dry_run() == DryRun::Client {
        return reporter.report(&scaler, "created").await;
    }
    let mut pairs: Vec<(&str, String)> = reporter.dry_run().query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    let namespace = object.target.namespace.as_deref().unwrap_or(&session.namespace);
    let path = format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers{}", query(&pairs));
    let answer = session.server.post(&path, &scaler).await?;
    reporter.report(&answer, "autoscaled").await
}

fn scaler(matches: &Matches, object: &Object) -> Outcome<Value> {
    let resource = &object.target.resource;
    let mut spec = json!({
        "maxReplicas": matches.int("max"),
        "scaleTargetRef": {"apiVersion": resource.api_version(), "kind": resource.kind, "name": object.target.name},
    });
    if matches.int("min") > 0 {
        spec["minReplicas"] = matches.int("min").into();
    }
    let percent = matches.int("cpu-percent");
    let mut metrics = Vec::new();
    match matches.some("cpu") {
        Some(text) => metrics.push(metric("cpu", text)?),
        None if percent > 0 => metrics.push(metric("cpu", &format!("{percent}%"))?),
        None => {}
    }
    if let Some(text) = matches.some("memory") {
        metrics.push(metric("memory", text)?);
    }
    if !metrics.is_empty() {
        spec["metrics"] = metrics.into();
    }
    let name = matches.some("name").unwrap_or(&object.target.name);
    Ok(json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name},
        "spec": spec, "status": {"currentMetrics": null, "desiredReplicas": 0},
    }))
}

/// `80%` of what is requested, or so much for each Pod.
fn metric(name: &str, text: &str) -> Outcome<Value> {
    let invalid = || Failure::Said(format!("invalid resource {name} value: {text}"));
    let target = match text.strip_suffix('%') {
        Some(percent) => {
            let percent: i32 = percent.parse().map_err(|_| invalid())?;
            json!({"type": "Utilization", "averageUtilization": percent})
        }
        None if quantity::milli(text).is_some() => json!({"type": "AverageValue", "averageValue": text}),
        None => return Err(invalid()),
    };
    Ok(json!({"type": "Resource", "resource": {"name": name, "target": target}}))
}
