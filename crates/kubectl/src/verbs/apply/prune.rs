//! `apply --prune`: what was applied before and is in no file any more is deleted.

use std::collections::BTreeSet;

use serde_json::json;

use super::last_applied;
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    resolve::Resource,
    selection::{Selection, items},
    server::JSON,
    session::Session,
    verbs::{
        delete::propagation,
        result::{DryRun, Reporter},
    },
};

/// What is looked through when `--prune-allowlist` names nothing, in kubectl's order.
const USUAL: [(&str, &str); 16] = [
    ("v1", "ConfigMap"),
    ("v1", "Endpoints"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("networking.k8s.io/v1", "Ingress"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("v1", "Namespace"),
    ("v1", "PersistentVolume"),
];

const DEPRECATED: &str = "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.";

/// What this call has applied.
#[derive(Debug, Default)]
pub struct Applied {
    /// The objects, by uid.
    pub uids: BTreeSet<String>,
    /// The namespaces they are in.
    pub namespaces: BTreeSet<String>,
}

/// Checks the flags; gives the kinds to look through, none without `--prune`.
pub async fn kinds(session: &Session, matches: &Matches) -> Outcome<Vec<Resource>> {
    let mut kinds = Vec::new();
    for text in matches.list("prune-allowlist") {
        let parts: Vec<&str> = text.split('/').collect();
        let [group, version, kind] = parts.as_slice() else {
            return Err(Failure::Said(format!(
                "invalid GroupVersionKind format: {text}, please follow <group/version/kind>"
            )));
        };
        let version = if *group == "core" { (*version).to_owned() } else { format!("{group}/{version}") };
        let found = session.discovery().await?.kind(&version, kind).cloned();
        kinds.push(found.ok_or_else(|| Failure::Said(format!("no matches for kind {kind:?} in version {version:?}")))?);
    }
    if !matches.on("prune") || !kinds.is_empty() {
        return Ok(kinds);
    }
    let discovery = match session.discovery_after(0).await {
        // What there is to say of that is said where manifests are read.
        Err(Failure::Refused { .. }) => return Ok(kinds),
        found => found?,
    };
    Ok(USUAL.iter().filter_map(|(version, kind)| discovery.kind(version, kind).cloned()).collect())
}

/// Deletes what is left over, kind by kind.
pub async fn run(
    session: &Session,
    matches: &Matches,
    kinds: &[Resource],
    applied: &Applied,
    reporter: &mut Reporter<'_>,
) -> Outcome {
    if matches.list("prune-allowlist").is_empty() {
        let now = session.now().strftime("%m%d %H:%M:%S%.6f");
        session.err(&format!("W{now}       1 prune.go:71] {DEPRECATED}\n")).await?;
    }
    for namespace in &applied.namespaces {
        for kind in kinds.iter().filter(|kind| kind.namespaced) {
            of_kind(session, matches, kind, Some(namespace), applied, reporter).await?;
        }
    }
    for kind in kinds.iter().filter(|kind| !kind.namespaced) {
        of_kind(session, matches, kind, None, applied, reporter).await?;
    }
    Ok(())
}

async fn of_kind(
    session: &Session,
    matches: &Matches,
    kind: &Resource,
    namespace: Option<&str>,
    applied: &Applied,
    reporter: &mut Reporter<'_>,
) -> Outcome {
    let selector = matches.some("selector").map(str::to_owned);
    let selection = Selection { picks: Vec::new(), failures: Vec::new(), selector, fields: None, single: false };
    let list = selection.list(session, kind, namespace, JSON, 500).await?;
    for object in items(kind, list) {
        let kept = applied.uids.contains(text_at(&object.value, "/metadata/uid"));
        if kept || last_applied(&object.value).is_none() {
            continue;
        }
        if reporter.dry_run() != DryRun::Client {
            let mut options = json!({"propagationPolicy": propagation(matches)?});
            if matches.int("grace-period") >= 0 {
                options["gracePeriodSeconds"] = matches.int("grace-period").into();
            }
            if reporter.dry_run() == DryRun::Server {
                options["dryRun"] = json!(["All"]);
            }
            session.server.delete(&object.target.path(), &options).await?;
        }
        reporter.report(&object.value, "pruned").await?;
    }
    Ok(())
}
