//! `drain`: cordons Nodes and moves their Pods away.

mod judge;

use futures::{StreamExt, stream::FuturesUnordered};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep, timeout};

use self::judge::{Manner, Verdict, by_reason};
use super::{
    cordon,
    delete::{Going, until_gone},
    result::{DryRun, Reporter},
};
use crate::{
    args::{Matches, duration},
    failure::{Failure, Outcome, text_at},
    selection::{Object, Selection, Target, items},
    server::JSON,
    session::Session,
};

/// How long until an eviction that a disruption budget refused is tried again, as kubectl has it.
const RETRY: Duration = Duration::from_secs(5);

/// Runs `drain`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    cordon::check(matches)?;
    let mut reporter = Reporter::of(session, matches).await?;
    let nodes = cordon::nodes(session, matches).await?;
    let mut failures = Vec::new();
    for node in &nodes {
        if let Err(failure) = cordon::mark(session, node, true, &mut reporter).await {
            failures.push(failure);
        }
    }
    Failure::gathered(failures)?;
    let (mut failures, mut pending) = (Vec::new(), Vec::new());
    for node in &nodes {
        match one(session, matches, node).await {
            Ok(()) => reporter.report(&node.value, "drained").await?,
            Err(mut why) => {
                let name = &node.target.name;
                let text = shown(&why);
                session
                    .err(&format!("error: unable to drain node {name:?} due to error: {text}, continuing command...\n"))
                    .await?;
                pending.push(name.clone());
                failures.append(&mut why);
            }
        }
    }
    if !pending.is_empty() {
        let names: String = pending.iter().map(|name| format!(" {name}\n")).collect();
        session.err(&format!("There are pending nodes to be drained:\n{names}")).await?;
    }
    Failure::gathered(failures)
}

/// Several as Go prints a list of errors.
fn shown(failures: &[Failure]) -> String {
    let texts: Vec<String> = failures.iter().map(Failure::message).collect();
    if let [one] = texts.as_slice() { one.clone() } else { format!("[{}]", texts.join(", ")) }
}

async fn one(session: &Session, matches: &Matches, node: &Object) -> Result<(), Vec<Failure>> {
    let one = |failure| vec![failure];
    let manner = Manner {
        force: matches.on("force"),
        ignore_daemon_sets: matches.on("ignore-daemonsets"),
        delete_local_data: matches.on("delete-emptydir-data"),
    };
    let judged: Vec<(Value, Verdict)> = pods(session, matches, node)
        .await
        .map_err(one)?
        .into_iter()
        .map(|pod| {
            let verdict = judge::of(&pod, manner);
            (pod, verdict)
        })
        .collect();
    let refused = by_reason(&judged, |verdict| if let Verdict::Refused(why) = verdict { Some(*why) } else { None });
    if !refused.is_empty() {
        return Err(refused.into_iter().map(Failure::Said).collect());
    }
    let warned = by_reason(&judged, |verdict| match verdict {
        Verdict::Skipped(Some(why)) | Verdict::Moved(Some(why)) => Some(*why),
        _ => None,
    });
    if !warned.is_empty() {
        session.err(&format!("Warning: {}\n", warned.join("; "))).await.map_err(one)?;
    }
    let moved: Vec<Value> =
        judged.into_iter().filter(|(_, verdict)| matches!(verdict, Verdict::Moved(_))).map(|(pod, _)| pod).collect();
    let all = move_away(session, matches, &moved);
    let nanos = matches.duration("timeout");
    if nanos <= 0 {
        return all.await.map_err(one);
    }
    match timeout(duration::std(nanos), all).await {
        Ok(outcome) => outcome.map_err(one),
        Err(_) => Err(vec![Failure::Said(format!("global timeout reached: {}", matches.text("timeout")))]),
    }
}

async fn pods(session: &Session, matches: &Matches, node: &Object) -> Outcome<Vec<Value>> {
    let resource = session.discovery().await?.find("pods")?;
    let selection = Selection {
        picks: Vec::new(),
        failures: Vec::new(),
        selector: matches.some("pod-selector").map(str::to_owned),
        fields: Some(format!("spec.nodeName={}", node.target.name)),
        single: false,
    };
    let list = selection.list(session, resource, None, JSON, matches.int("chunk-size")).await?;
    Ok(items(resource, list).into_iter().map(|object| object.value).collect())
}

/// All at the same time; what is done first is said first.
async fn move_away(session: &Session, matches: &Matches, pods: &[Value]) -> Outcome {
    let dry_run = DryRun::asked(session, matches).await?;
    let doing = if matches.on("disable-eviction") { "deleting" } else { "evicting" };
    for pod in pods {
        session.line(format!("{doing} pod {}{}", judge::name(pod), dry_run.suffix())).await?;
    }
    if dry_run != DryRun::No {
        return Ok(());
    }
    let mut running: FuturesUnordered<_> = pods.iter().map(|pod| move_one(session, matches, pod)).collect();
    while let Some(outcome) = running.next().await {
        outcome?;
    }
    Ok(())
}

async fn move_one(session: &Session, matches: &Matches, pod: &Value) -> Outcome {
    let (name, namespace) = (text_at(pod, "/metadata/name"), text_at(pod, "/metadata/namespace"));
    let target = Target {
        resource: session.discovery().await?.find("pods")?.clone(),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
        manifest: None,
        source: None,
    };
    let mut options = json!({});
    if matches.int("grace-period") >= 0 {
        options["gracePeriodSeconds"] = matches.int("grace-period").into();
    }
    let done = if matches.on("disable-eviction") {
        session.server.delete(&target.path(), &options).await?;
        "deleted"
    } else {
        evict(session, &target, &options).await?;
        "evicted"
    };
    let uid = text_at(pod, "/metadata/uid").to_owned();
    until_gone(session, &Going { target, uid }).await?;
    session.line(format!("pod/{name} {done}")).await
}

async fn evict(session: &Session, target: &Target, options: &Value) -> Outcome {
    let (name, namespace) = (&target.name, target.namespace.as_deref().unwrap_or_default());
    let eviction = json!({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace},
        "deleteOptions": options,
    });
    loop {
        match session.server.post(&format!("{}/eviction", target.path()), &eviction).await {
            Ok(_) => return Ok(()),
            Err(failure) if failure.is_not_found() => return Ok(()),
            Err(failure) if failure.status().is_some_and(|status| status.code == 429) => {
                let why = failure.message();
                session
                    .err(&format!("error when evicting pods/{name:?} -n {namespace:?} (will retry after 5s): {why}\n"))
                    .await?;
                sleep(RETRY).await;
                session.line(format!("evicting pod {namespace}/{name}")).await?;
            }
            Err(failure) => {
                let why = failure.message();
                return Err(Failure::Said(format!("error when evicting pods/{name:?} -n {namespace:?}: {why}")));
            }
        }
    }
}
