//! `run`: one Pod of one container.

mod attached;
mod image;
pub mod overrides;

pub use image::is_reference;

use serde_json::{Value, json};

use super::{
    pod,
    result::{DryRun, Reporter},
};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    server::query,
    session::Session,
};

const HELP: &str = "kubectl run";

/// Runs `run`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    check(matches)?;
    let mut reporter = Reporter::of(session, matches).await?.typed();
    if attaches(matches) && reporter.dry_run() != DryRun::No {
        return Err(Failure::usage(
            HELP,
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        ));
    }
    session.reachable().await?;
    let mut pod = pod_of(matches)?;
    overrides::apply(matches, &mut pod)?;
    let created = create(session, "pods", &pod, reporter.dry_run()).await?;
    if matches.on("expose") {
        let service = service_of(matches, &pod);
        let service = create(session, "services", &service, reporter.dry_run()).await?;
        reporter.report(&service, "created").await?;
        // kubectl prints a document of its own between the two.
        reporter.separate().await?;
    }
    if attaches(matches) {
        return attached::run(session, matches, &created).await;
    }
    reporter.report(&created, "created").await
}

/// Whether the Pod is attached to once it runs.
pub fn attaches(matches: &Matches) -> bool {
    if matches.given("attach") { matches.on("attach") } else { matches.on("stdin") }
}

fn check(matches: &Matches) -> Outcome {
    if !matches.given("image") {
        return Err(Failure::said("required flag(s) \"image\" not set"));
    }
    if matches.args.is_empty() || matches.dash == Some(0) {
        return Err(Failure::usage(HELP, "NAME is required for run"));
    }
    let image = matches.text("image");
    if image.is_empty() {
        return Err(Failure::said("--image is required"));
    }
    if !is_reference(image) {
        return Err(Failure::Said(format!("Invalid image name {image:?}: invalid reference format")));
    }
    if matches.on("tty") && !matches.on("stdin") {
        return Err(Failure::usage(HELP, "-i/--stdin is required for containers with -t/--tty=true"));
    }
    if matches.on("expose") && matches.some("port").is_none() {
        return Err(Failure::usage(HELP, "--port must be set when exposing a service"));
    }
    if !matches!(matches.text("restart"), "" | "Always" | "OnFailure" | "Never") {
        return Err(Failure::usage(HELP, format!("invalid restart policy: {}", matches.text("restart"))));
    }
    if matches.on("rm") && !attaches(matches) {
        return Err(Failure::usage(HELP, "--rm should only be used for attached containers"));
    }
    if !matches!(matches.text("image-pull-policy"), "" | "Always" | "IfNotPresent" | "Never") {
        return Err(Failure::usage(HELP, format!("invalid image pull policy: {}", matches.text("image-pull-policy"))));
    }
    Ok(())
}

/// The Pod that the flags describe.
fn pod_of(matches: &Matches) -> Outcome<Value> {
    let name = &matches.args[0];
    let mut container = json!({"name": name, "image": matches.text("image"), "resources": {}});
    let words = &matches.args[1..];
    if !words.is_empty() {
        container[if matches.on("command") { "command" } else { "args" }] = words.to_vec().into();
    }
    if let Some(policy) = matches.some("image-pull-policy") {
        container["imagePullPolicy"] = policy.into();
    }
    if let Some(port) = matches.some("port") {
        let number: i64 =
            port.parse().map_err(|_| Failure::Said(format!("strconv.Atoi: parsing {port:?}: invalid syntax")))?;
        container["ports"] = json!([{"containerPort": number}]);
    }
    let env = environment(&matches.list("env"))?;
    if !env.is_empty() {
        container["env"] = env.into();
    }
    for (flag, field) in [("stdin", "stdin"), ("tty", "tty")] {
        if matches.on(flag) {
            container[field] = true.into();
        }
    }
    if matches.on("stdin") && !matches.on("leave-stdin-open") {
        container["stdinOnce"] = true.into();
    }
    if matches.on("privileged") {
        container["securityContext"] = json!({"privileged": true});
    }
    let mut metadata = json!({"name": name, "labels": labels(matches, name)?});
    let annotations = pairs(&matches.list("annotations"), "annotation")?;
    if !annotations.is_empty() {
        metadata["annotations"] = annotations.into();
    }
    let restart = if matches.text("restart").is_empty() {
        if matches.on("stdin") { "OnFailure" } else { "Always" }
    } else {
        matches.text("restart")
    };
    let spec = json!({"containers": [container], "restartPolicy": restart, "dnsPolicy": "ClusterFirst"});
    Ok(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {}}))
}

fn labels(matches: &Matches, name: &str) -> Outcome<serde_json::Map<String, Value>> {
    match matches.some("labels") {
        None => Ok([("run".to_owned(), Value::String(name.to_owned()))].into_iter().collect()),
        Some(text) => pairs(&text.split(',').map(str::to_owned).collect::<Vec<_>>(), "label"),
    }
}

fn pairs(all: &[String], what: &str) -> Outcome<serde_json::Map<String, Value>> {
    all.iter()
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), Value::String(value.to_owned()))),
            _ => Err(Failure::Said(if what == "label" {
                format!("unexpected label spec: {pair}")
            } else {
                format!("unexpected annotation: {pair}")
            })),
        })
        .collect()
}

/// `NAME=value` pairs as variables.
pub fn environment(all: &[String]) -> Outcome<Vec<Value>> {
    all.iter()
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(json!({"name": name, "value": value})),
            _ => Err(Failure::Said(format!("invalid env: {pair}"))),
        })
        .collect()
}

fn service_of(matches: &Matches, pod: &Value) -> Value {
    let port = matches.int("port");
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": matches.args[0]},
        "spec": {"ports": [{"port": port, "protocol": "TCP", "targetPort": port}], "selector": pod["metadata"]["labels"]},
        "status": {"loadBalancer": {}},
    })
}

async fn create(session: &Session, resource: &str, object: &Value, dry_run: DryRun) -> Outcome<Value> {
    if dry_run == DryRun::Client {
        return Ok(object.clone());
    }
    let mut pairs: Vec<(&str, String)> = dry_run.query().into_iter().collect();
    pairs.push(("fieldManager", "kubectl-run".to_owned()));
    session.server.post(&format!("/api/v1/namespaces/{}/{resource}{}", session.namespace, query(&pairs)), object).await
}

/// The path of a Pod.
pub fn pod_path(pod: &Value) -> String {
    let text = |pointer| crate::failure::text_at(pod, pointer);
    format!("/api/v1/namespaces/{}/pods/{}", text("/metadata/namespace"), crate::server::encode(text("/metadata/name")))
}

/// The only container's name.
pub fn only_container(pod: &Value) -> String {
    pod::containers(pod, "containers").first().copied().unwrap_or_default().to_owned()
}
