//! `top`: what Pods and nodes use, as metrics-server measured it.

mod rows;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use self::rows::{Layout, NodeUse, PodUse, Sort, Swap, Used};
use super::get;
use crate::{
    args::{Matches, duration},
    failure::{Failure, Outcome, text_at},
    server::{JSON, encode, query},
    session::Session,
};

/// The one version of the metrics API that kubectl 1.36 knows.
const METRICS: &str = "metrics.k8s.io/v1beta1";
/// metrics-server may take so long to measure a new Pod: 2 minutes.
const FIRST_MEASURE: i128 = 120 * duration::SECOND;

/// Runs `top pod`.
pub async fn pods(session: &Session, matches: &Matches) -> Outcome {
    let wanted = Wanted::read(matches, &["selector", "field-selector"], "selector")?;
    available(session).await?;
    let everywhere = matches.on("all-namespaces");
    if everywhere && wanted.name.is_some() {
        return Err(Failure::said("an empty namespace may not be set when a resource name is provided"));
    }
    let place = if everywhere { String::new() } else { format!("/namespaces/{}", encode(&session.namespace)) };
    let found = wanted.fetch(session, &format!("/apis/{METRICS}{place}/pods")).await?;
    if found.is_empty() {
        why_nothing(session, &wanted).await?;
        return session.err(&get::nothing_found(session, !everywhere)).await;
    }
    let layout = Layout {
        headers: !matches.on("no-headers"),
        namespaces: everywhere,
        containers: matches.on("containers"),
        swap: matches.on("show-swap"),
        sum: matches.on("sum"),
        sort: wanted.sort,
    };
    session.out(&layout.pods(found.iter().map(PodUse::read).collect())).await
}

/// Runs `top node`.
pub async fn nodes(session: &Session, matches: &Matches) -> Outcome {
    let wanted = Wanted::read(matches, &["selector"], "--selector")?;
    available(session).await?;
    let found = wanted.fetch(session, &format!("/apis/{METRICS}/nodes")).await?;
    if found.is_empty() {
        return Err(Failure::said("metrics not available yet"));
    }
    let nodes = wanted.fetch(session, "/api/v1/nodes").await?;
    let of = if matches.on("show-capacity") { "/status/capacity" } else { "/status/allocatable" };
    let mut there: BTreeMap<String, (Used, Swap)> =
        nodes.iter().map(|node| (text_at(node, "/metadata/name").to_owned(), available_of(node, of))).collect();
    let used = found.iter().map(|metrics| NodeUse::read(metrics, &mut there)).collect();
    let layout = Layout {
        headers: !matches.on("no-headers"),
        swap: matches.on("show-swap"),
        sort: wanted.sort,
        ..Layout::default()
    };
    session.out(&layout.nodes(used, there.into_keys())).await
}

fn available_of(node: &Value, of: &str) -> (Used, Swap) {
    let mut amounts = Used::read(&node.pointer(of).cloned().unwrap_or_default());
    let swap = node.pointer("/status/nodeInfo/swap/capacity").and_then(Value::as_i64);
    amounts.swap = swap.map(|bytes| i128::from(bytes) * duration::SECOND);
    (amounts, if swap.is_some() { Swap::Known } else { Swap::Unknown })
}

async fn available(session: &Session) -> Outcome {
    let versions = &session.discovery().await?.versions;
    if versions.iter().any(|version| version == METRICS) {
        return Ok(());
    }
    Err(Failure::said("Metrics API not available"))
}

/// What the command line asks for.
struct Wanted {
    name: Option<String>,
    labels: Option<String>,
    fields: Option<String>,
    sort: Sort,
}

impl Wanted {
    fn read(matches: &Matches, selectors: &[&str], called: &str) -> Outcome<Self> {
        let name = match matches.args.as_slice() {
            [] => None,
            [name] => Some(name.clone()),
            _ => {
                let usage = matches.command.usage.trim_start_matches("kubectl top ");
                return Err(Failure::usage(&matches.command.full_path(), usage));
            }
        };
        let sort = match matches.text("sort-by") {
            "" => Sort::Name,
            "cpu" => Sort::Cpu,
            "memory" => Sort::Memory,
            _ => return Err(Failure::said("--sort-by accepts only cpu or memory")),
        };
        if name.is_some() && selectors.iter().any(|flag| matches.some(flag).is_some()) {
            return Err(Failure::Said(format!("only one of NAME or {called} can be provided")));
        }
        let some = |flag: &str| matches.some(flag).map(str::to_owned);
        Ok(Self { name, labels: some("selector"), fields: some("field-selector"), sort })
    }

    /// What is at a place: all that is selected, or the one that was named.
    async fn fetch(&self, session: &Session, place: &str) -> Outcome<Vec<Value>> {
        if let Some(name) = &self.name {
            return Ok(vec![session.server.get(&format!("{place}/{}", encode(name)), JSON).await?]);
        }
        let selectors = [("fieldSelector", &self.fields), ("labelSelector", &self.labels)];
        let pairs: Vec<(&str, String)> =
            selectors.into_iter().filter_map(|(name, text)| Some((name, text.clone()?))).collect();
        let mut list = session.server.get(&format!("{place}{}", query(&pairs)), JSON).await?;
        Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }
}

/// Nothing was measured: there are no such Pods, or it is too early, or measuring does not work.
async fn why_nothing(session: &Session, wanted: &Wanted) -> Outcome {
    let pods = wanted.fetch(session, &format!("/api/v1/namespaces/{}/pods", encode(&session.namespace))).await?;
    if pods.is_empty() {
        return Ok(());
    }
    for pod in &pods {
        let (namespace, name) = (text_at(pod, "/metadata/namespace"), text_at(pod, "/metadata/name"));
        let Ok(since) = text_at(pod, "/metadata/creationTimestamp").parse::<Timestamp>() else { continue };
        let age = session.now().as_nanosecond() - since.as_nanosecond();
        if age > FIRST_MEASURE {
            return Err(Failure::Said(format!(
                "Metrics not available for pod {namespace}/{name}, age: {}",
                duration::show(age)
            )));
        }
    }
    Err(Failure::said("metrics not available yet"))
}
