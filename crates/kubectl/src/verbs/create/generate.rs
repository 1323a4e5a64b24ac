//! `create configmap`, `create deployment` and the rest: an object from flags.

mod access;
mod hash;
mod keys;
mod services;
mod small;
mod workloads;

pub use keys::base64;
use serde_json::{Map, Value, json};

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    resolve::Resource,
    server::query,
    session::Session,
    verbs::{
        apply,
        create::validation,
        result::{DryRun, Reporter},
    },
};

/// Runs a generator.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    required(matches)?;
    let path = matches.command.path;
    if path == "create token" {
        return access::token(session, matches).await;
    }
    let name = name(matches)?;
    let mut object = object(session, matches, &name).await?;
    if matches.on("append-hash") {
        let end = hash::of(&object, &name);
        named(&mut object, &format!("{name}-{end}"));
    } else {
        named(&mut object, &name);
    }
    if matches.on("save-config") {
        apply::annotate(&mut object);
    }
    let mut reporter = Reporter::of(session, matches).await?.typed();
    let created = if reporter.dry_run() == DryRun::Client { object } else { send(session, matches, &object).await? };
    reporter.report(&created, "created").await
}

async fn object(session: &Session, matches: &Matches, name: &str) -> Outcome<Value> {
    match matches.command.path.trim_start_matches("create ") {
        "configmap" => keys::config_map(session, matches, name).await,
        "secret generic" => keys::secret(session, matches, name).await,
        "secret tls" => keys::tls(session, matches).await,
        "secret docker-registry" => keys::docker(session, matches, name).await,
        "deployment" => workloads::deployment(matches, name),
        "job" => workloads::job(session, matches, name).await,
        "cronjob" => workloads::cron_job(matches, name),
        "namespace" => Ok(small::namespace()),
        "serviceaccount" => Ok(small::service_account()),
        "quota" => small::quota(matches),
        "priorityclass" => Ok(small::priority_class(matches)),
        "poddisruptionbudget" => small::disruption_budget(matches),
        "ingress" => services::ingress(matches, name),
        "role" | "clusterrole" => access::role(session, matches).await,
        "rolebinding" | "clusterrolebinding" => access::binding(matches),
        service => services::service(matches, name, service.trim_start_matches("service ")),
    }
}

/// The kinds among those of the generators that are in no namespace.
const CLUSTER_WIDE: [&str; 4] = ["Namespace", "ClusterRole", "ClusterRoleBinding", "PriorityClass"];

/// Flags without which a generator does not start.
fn required(matches: &Matches) -> Outcome {
    let needed: &[&str] = match matches.command.path {
        "create deployment" => &["image"],
        "create cronjob" => &["image", "schedule"],
        "create service externalname" => &["external-name"],
        "create clusterrolebinding" => &["clusterrole"],
        _ => &[],
    };
    let missing: Vec<String> =
        needed.iter().filter(|flag| !matches.given(flag)).map(|flag| format!("{flag:?}")).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Failure::Said(format!("required flag(s) {} not set", missing.join(", "))))
    }
}

/// Generators that look at the name before the server does.
const NAMED: [&str; 10] = [
    "clusterrole",
    "configmap",
    "docker-registry",
    "generic",
    "namespace",
    "poddisruptionbudget",
    "quota",
    "role",
    "rolebinding",
    "serviceaccount",
];

fn name(matches: &Matches) -> Outcome<String> {
    match matches.before_dash() {
        [name] if name.is_empty() && NAMED.contains(&matches.command.name()) => {
            Err(Failure::said("name must be specified"))
        }
        [name] => Ok(name.clone()),
        other => Err(Failure::usage(
            &matches.command.full_path(),
            format!("exactly one NAME is required, got {}", other.len()),
        )),
    }
}

fn named(object: &mut Value, name: &str) {
    let Some(map) = object.as_object_mut() else { return };
    let metadata = map.entry("metadata").or_insert_with(|| json!({}));
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.insert("name".to_owned(), name.into());
    }
}

async fn send(session: &Session, matches: &Matches, object: &Value) -> Outcome<Value> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let resource = Resource { namespaced: !CLUSTER_WIDE.contains(&kind), ..Resource::guessed(version, kind) };
    let mut pairs: Vec<(&str, String)> = DryRun::of(matches)?.query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    pairs.extend(validation(matches)?);
    let path = format!("{}{}", resource.path(Some(&session.namespace)), query(&pairs));
    session.server.post(&path, object).await.map_err(|failure| wrapped(matches, object, failure))
}

/// Most generators put words of their own around a refusal, which then counts as theirs.
fn wrapped(matches: &Matches, object: &Value, failure: Failure) -> Failure {
    let what = match matches.command.path.trim_start_matches("create ") {
        path @ ("configmap" | "deployment" | "job" | "cronjob" | "quota" | "serviceaccount" | "priorityclass"
        | "ingress" | "rolebinding" | "clusterrolebinding") => format!("{path}:"),
        "poddisruptionbudget" => "poddisruptionbudgets:".to_owned(),
        path if path.starts_with("secret") => "secret".to_owned(),
        path if path.starts_with("service ") => {
            format!("{} service:", object.pointer("/spec/type").and_then(Value::as_str).unwrap_or_default())
        }
        _ => return failure,
    };
    let text = format!("failed to create {what} {}", failure.message());
    match failure {
        Failure::Server(status) => Failure::Within(text, status),
        Failure::Refused { .. } => Failure::Said(text),
        other => other,
    }
}

/// `key=value` pairs.
pub fn pairs(all: &[String], wrong: impl Fn(&str) -> String) -> Outcome<Map<String, Value>> {
    all.iter()
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), Value::String(value.to_owned()))),
            _ => Err(Failure::Said(wrong(pair))),
        })
        .collect()
}
