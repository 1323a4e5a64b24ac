//! `autoscale`: a HorizontalPodAutoscaler for what runs Pods.

use serde_json::{Value, json};

use super::{derive::Derived, result::Reporter};
use crate::{
    args::Matches,
    describe::quantity,
    failure::{Failure, Outcome},
    selection::Object,
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
    AUTOSCALERS.of_each(session, matches, &mut reporter, |object, _| scaler(matches, object)).await
}

const AUTOSCALERS: Derived =
    Derived { root: "/apis/autoscaling/v2", plural: "horizontalpodautoscalers", done: "autoscaled", tried: "created" };

fn scaler(matches: &Matches, object: &Object) -> Outcome<Value> {
    let resource = &object.target.resource;
    if !resource.subresources.iter().any(|name| name == "scale") {
        return Err(Failure::Said(format!(
            "cannot autoscale a {}: could not find scale subresource for {resource} in discovery information",
            resource.kind
        )));
    }
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
