//! `taint`: what keeps Pods away from Nodes.

use serde_json::{Value, json};

use super::result::{DryRun, Reporter};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    names,
    output::json as text,
    selection::{Object, Request},
    server::{PatchType, query},
    session::Session,
};

/// A taint as it is written: `key=value:effect`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Taint {
    key: String,
    value: String,
    /// Empty where all effects of a key are removed.
    effect: String,
}

/// What is to be added and removed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    added: Vec<Taint>,
    removed: Vec<Taint>,
}

/// Runs `taint`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    DryRun::of(matches)?;
    let (resources, words) = split(&matches.args)?;
    let changes = Changes::read(&words).map_err(|why| Failure::usage("kubectl taint", why))?;
    check(session, matches, &resources, &changes).await?;
    let mut reporter = Reporter::of(session, matches).await?;
    let request = Request { args: resources, list_alone: true, ..Request::of(matches, &[]) };
    let (nodes, mut failures) = request.select(session).await?.objects(session).await;
    for node in &nodes {
        if let Err(failure) = one(session, matches, node, &changes, &mut reporter).await {
            failures.push(failure);
        }
    }
    Failure::of(failures)
}

fn split(args: &[String]) -> Outcome<(Vec<String>, Vec<String>)> {
    let is_taint = |arg: &String| arg.contains(['=', ':']) || arg.ends_with('-');
    let first = args.iter().position(is_taint).unwrap_or(args.len());
    let (resources, words) = args.split_at(first);
    if let Some(late) = words.iter().find(|word| !is_taint(word)) {
        return Err(Failure::Said(format!("all resources must be specified before taint changes: {late}")));
    }
    if resources.is_empty() {
        return Err(Failure::said("one or more resources must be specified as <resource> <name>"));
    }
    if words.is_empty() {
        return Err(Failure::said("at least one taint update is required"));
    }
    Ok((resources.to_vec(), words.to_vec()))
}

impl Taint {
    fn read(text: &str) -> Result<Self, String> {
        let invalid = || format!("invalid taint spec: {text}");
        let (pair, effect) = text.split_once(':').unwrap_or((text, ""));
        if effect.contains(':') {
            return Err(invalid());
        }
        if text.contains(':') && !matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
            return Err(format!("invalid taint effect: {effect}, unsupported taint effect"));
        }
        // Without an effect there is no value either.
        let (key, value) = pair.split_once('=').filter(|_| text.contains(':')).unwrap_or((pair, ""));
        if value.contains('=') {
            return Err(invalid());
        }
        let mut wrong = names::label_value(value);
        if wrong.is_empty() {
            wrong = names::qualified(key);
        }
        if !wrong.is_empty() {
            return Err(format!("{}, {}", invalid(), wrong.join("; ")));
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned(), effect: effect.to_owned() })
    }

    /// Whether this is the same taint, whatever its value.
    fn is(&self, other: &Value) -> bool {
        other["key"] == self.key.as_str() && (self.effect.is_empty() || other["effect"] == self.effect.as_str())
    }

    fn shown(&self) -> String {
        if self.effect.is_empty() { self.key.clone() } else { format!("{}:{}", self.key, self.effect) }
    }

    fn object(&self) -> Value {
        let mut taint = json!({"effect": self.effect, "key": self.key});
        if !self.value.is_empty() {
            taint["value"] = self.value.clone().into();
        }
        taint
    }
}

impl Changes {
    fn read(words: &[String]) -> Result<Self, String> {
        let mut changes = Self::default();
        for word in words {
            if let Some(word) = word.strip_suffix('-') {
                changes.removed.push(Taint::read(word)?);
                continue;
            }
            let taint = Taint::read(word)?;
            if taint.effect.is_empty() {
                return Err(format!("invalid taint spec: {word}"));
            }
            if changes.added.iter().any(|known| known.key == taint.key && known.effect == taint.effect) {
                return Err(format!(
                    "duplicated taints with the same key and effect: {{{} {} {} <nil>}}",
                    taint.key, taint.value, taint.effect
                ));
            }
            changes.added.push(taint);
        }
        Ok(changes)
    }

    /// What is both added and removed.
    fn contradictions(&self) -> Vec<String> {
        let both = |removed: &&Taint| self.added.iter().any(|added| removed.is(&added.object()));
        self.removed.iter().filter(both).map(|taint| format!("{}={}", taint.key, taint.effect)).collect()
    }

    /// The taints after the changes, and the word for what was done.
    fn applied(&self, name: &str, before: &[Value], overwrite: bool) -> Outcome<(Vec<Value>, &'static str)> {
        let known: Vec<&str> = self
            .added
            .iter()
            .filter(|taint| before.iter().any(|old| taint.is(old)))
            .map(|taint| taint.key.as_str())
            .collect();
        if !known.is_empty() && !overwrite {
            return Err(Failure::Said(format!(
                "node {name} already has {} taint(s) with same effect(s) and --overwrite is false",
                known.join(",")
            )));
        }
        let mut after: Vec<Value> = self.added.iter().map(Taint::object).collect();
        after.extend(before.iter().filter(|old| !self.added.iter().any(|taint| taint.is(old))).cloned());
        let added = after.len() != before.len();
        for taint in &self.removed {
            let count = after.len();
            after.retain(|old| !taint.is(old));
            if after.len() == count {
                return Err(Failure::Said(format!("taint {:?} not found", taint.shown())));
            }
        }
        let done = match (added, self.removed.is_empty()) {
            (true, false) => "modified",
            _ if overwrite => "modified",
            (true, true) => "tainted",
            _ => "untainted",
        };
        Ok((after, done))
    }
}

async fn check(session: &Session, matches: &Matches, resources: &[String], changes: &Changes) -> Outcome {
    let kind = resources[0].as_str();
    let found = session.discovery().await?.find(kind).map_err(|failure| Failure::Bare(failure.message()))?;
    if !found.is("", "Node") {
        return Err(Failure::Said(format!("invalid resource type {kind}, only node types are supported")));
    }
    let both = changes.contradictions();
    if !both.is_empty() {
        return Err(Failure::Said(format!(
            "can not both modify and remove the following taint(s) in the same command: {}",
            both.join(", ")
        )));
    }
    if matches.on("all") && matches.some("selector").is_some() {
        return Err(Failure::said("setting 'all' parameter with a non empty selector is prohibited"));
    }
    if !matches.on("all") && matches.some("selector").is_none() && resources.len() < 2 {
        return Err(Failure::said("at least one resource name must be specified since 'all' parameter is not set"));
    }
    Ok(())
}

async fn one(
    session: &Session,
    matches: &Matches,
    node: &Object,
    changes: &Changes,
    reporter: &mut Reporter<'_>,
) -> Outcome {
    let before = node.value.pointer("/spec/taints").and_then(Value::as_array).cloned().unwrap_or_default();
    let (after, done) = changes.applied(&node.target.name, &before, matches.on("overwrite"))?;
    let taints = if after.is_empty() { Value::Null } else { after.into() };
    let patch = json!({"spec": {"taints": taints}});
    if reporter.dry_run() == DryRun::Client {
        let mut changed = node.value.clone();
        crate::merge::json_merge(&mut changed, &patch);
        return reporter.report_plainly(&changed, done).await;
    }
    let mut pairs: Vec<(&str, String)> = reporter.dry_run().query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    let path = format!("{}{}", node.target.path(), query(&pairs));
    let answer = session.server.patch(&path, PatchType::Merge, &text::compact(&patch)).await?;
    reporter.report(&answer, done).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(words: &[&str], before: Value, overwrite: bool) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let changes = Changes::read(&words).unwrap();
        match changes.applied("n", before.as_array().unwrap(), overwrite) {
            Ok((taints, done)) => format!("{done} {}", Value::from(taints)),
            Err(failure) => failure.text(),
        }
    }

    #[test]
    fn added_replaced_and_removed() {
        let one = || json!([{"effect": "NoSchedule", "key": "a", "value": "b"}]);
        assert_eq!(
            after(&["a=b:NoSchedule"], json!([]), false),
            "tainted [{\"effect\":\"NoSchedule\",\"key\":\"a\",\"value\":\"b\"}]"
        );
        assert_eq!(
            after(&["a=c:NoSchedule"], one(), false),
            "error: node n already has a taint(s) with same effect(s) and --overwrite is false"
        );
        assert_eq!(
            after(&["a=c:NoSchedule"], one(), true),
            "modified [{\"effect\":\"NoSchedule\",\"key\":\"a\",\"value\":\"c\"}]"
        );
        assert_eq!(after(&["a-"], one(), false), "untainted []");
        assert_eq!(after(&["a:NoExecute-"], one(), false), "error: taint \"a:NoExecute\" not found");
    }
}
