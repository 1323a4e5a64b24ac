//! Holds a check against what was observed.

use podyard_kubectl::output::jsonpath::{Template, text_of};
use serde_json::Value;

use super::{
    Answer, Check, Observed, Tongue, Want, Wanted,
    observed::{ask, log_of},
    pods,
    words::{labelled, named, yes_no},
};

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it holds.
    pub holds: bool,
    /// What there is, of the assertion that does not hold (or of the first).
    pub is: String,
    /// What there should be.
    pub wanted: String,
    /// Why it does not hold, with the evidence; empty when it holds.
    pub because: String,
}

/// How one assertion fares on one object.
struct Finding {
    holds: bool,
    is: String,
    why: Option<String>,
}

/// Holds a check against what was observed.
pub fn evaluate(check: &Check, observed: &Observed) -> Verdict {
    let tongue = check.tongue;
    let Some(subjects) = observed.subjects(&check.subject) else {
        let is = tongue.pick("not looked at yet", "noch nicht angesehen").to_owned();
        return Verdict { holds: false, is, wanted: wanted(check, 0), because: String::new() };
    };
    if check.wants.contains(&Want::Exists(false)) {
        return absent(check, &subjects);
    }
    let judged: Vec<Option<(usize, Finding)>> =
        subjects.iter().map(|object| failing(check, object, observed)).collect();
    let good = judged.iter().filter(|failure| failure.is_none()).count();
    let enough = match &check.subject.count {
        Some(count) => count.accepts(&good.to_string()),
        None => good > 0,
    };
    if enough {
        let is = subjects.first().map(|object| found(&check.wants[0], object, check, observed).is);
        return Verdict { holds: true, is: is.unwrap_or_default(), wanted: wanted(check, 0), because: String::new() };
    }
    match (judged.into_iter().flatten().next(), &check.subject.count) {
        (Some((at, finding)), None) => {
            let because = because(check, at, &finding);
            Verdict { holds: false, is: finding.is, wanted: wanted(check, at), because }
        }
        (failure, Some(count)) => {
            let because = failure.map(|(at, finding)| because(check, at, &finding)).unwrap_or_default();
            Verdict { holds: false, is: good.to_string(), wanted: count.to_string(), because }
        }
        (None, None) => missing(check, observed),
    }
}

/// Whether a check holds where there is nothing at all: what should be gone is gone before anybody came.
pub fn holds_of_nothing(check: &Check) -> bool {
    let objects = [(check.subject.kind.clone(), Vec::new())].into();
    evaluate(check, &Observed { objects, ..Observed::default() }).holds
}

/// What the assertion at this place wants.
fn wanted(check: &Check, at: usize) -> String {
    check.wants.get(at).map(|want| labelled(want, check.tongue).1).unwrap_or_default()
}

/// The first assertion that does not hold for an object.
fn failing(check: &Check, object: &Value, observed: &Observed) -> Option<(usize, Finding)> {
    let findings = check.wants.iter().map(|want| found(want, object, check, observed)).enumerate();
    findings.into_iter().find(|(_, finding)| !finding.holds)
}

fn absent(check: &Check, subjects: &[&Value]) -> Verdict {
    let tongue = check.tongue;
    let holds = subjects.is_empty();
    let names: Vec<&str> = subjects.iter().filter_map(|object| object["metadata"]["name"].as_str()).collect();
    let is = if holds { yes_no(false, tongue).to_owned() } else { names.join(", ") };
    let because = if holds {
        String::new()
    } else if subjects.iter().all(|object| object["metadata"].get("deletionTimestamp").is_some()) {
        tongue.pick("it is being deleted", "es wird gerade gelöscht").to_owned()
    } else {
        format!("{} {}", names.join(", "), tongue.pick("is still there", "ist noch da"))
    };
    Verdict { holds, is, wanted: yes_no(false, tongue).to_owned(), because }
}

fn missing(check: &Check, observed: &Observed) -> Verdict {
    let tongue = check.tongue;
    let none = tongue.pick("there is none", "gibt es nicht");
    let mut because = tongue.pick(
        format!("there is no {}", named(&check.subject, tongue)),
        format!("{} gibt es nicht", named(&check.subject, tongue)),
    );
    let mut others = check.subject.clone();
    (others.name, others.labels) = (None, Vec::new());
    let names: Vec<&str> = observed
        .subjects(&others)
        .into_iter()
        .flatten()
        .filter_map(|object| object["metadata"]["name"].as_str())
        .filter(|name| !check.subject.kind.cluster_wide && *name != "kube-root-ca.crt" && *name != "kubernetes")
        .take(5)
        .collect();
    if !names.is_empty() {
        because.push_str(&format!("; {}: {}", tongue.pick("there is", "es gibt"), names.join(", ")));
    }
    Verdict { holds: false, is: none.to_owned(), wanted: wanted(check, 0), because }
}

/// Why an assertion does not hold, with the evidence.
fn because(check: &Check, at: usize, finding: &Finding) -> String {
    let tongue = check.tongue;
    let want = &check.wants[at];
    let (label, wanted) = labelled(want, tongue);
    let is = &finding.is;
    let mut text = match want {
        Want::Ready(true) => tongue.pick("it is not ready", "es ist nicht bereit").to_owned(),
        Want::Ready(false) => tongue.pick("it is ready", "es ist bereit").to_owned(),
        Want::Logs { .. } => tongue
            .pick(format!("the log does not say it; its end: {is}"), format!("das Log sagt es nicht; sein Ende: {is}")),
        Want::Event { .. } => {
            tongue.pick(format!("no event {wanted}; seen: {is}"), format!("kein Ereignis {wanted}; gesehen: {is}"))
        }
        Want::Http { .. } => tongue.pick(format!("the port says: {is}"), format!("der Port sagt: {is}")),
        _ => tongue.pick(format!("{label} is {is}, not {wanted}"), format!("{label} ist {is}, nicht {wanted}")),
    };
    if let Some(why) = finding.why.as_ref().filter(|why| !why.is_empty()) {
        text.push_str(&format!(" ({why})"));
    }
    text
}

fn found(want: &Want, object: &Value, check: &Check, observed: &Observed) -> Finding {
    let container = check.subject.container.as_deref();
    let tongue = check.tongue;
    let evidence = || pods::evidence(object, container);
    let several = |values: Vec<String>, wanted: &Wanted| {
        let holds = wanted.accepts_any(&values) && (!values.is_empty() || matches!(wanted, Wanted::Not(_)));
        Finding { holds, is: list(&values, tongue), why: evidence() }
    };
    match want {
        Want::Exists(wanted) => Finding { holds: *wanted, is: yes_no(true, tongue).to_owned(), why: None },
        Want::Ready(wanted) => {
            let ready = pods::ready(object, &check.subject.kind.kind, container);
            Finding { holds: ready == *wanted, is: yes_no(ready, tongue).to_owned(), why: evidence() }
        }
        Want::Restarts(wanted) => several(vec![pods::restarts(object, container).to_string()], wanted),
        Want::Container { path, wanted } => several(pods::states(object, container, path), wanted),
        Want::Field { path, wanted } => {
            let values = Template::relaxed(path).and_then(|template| template.results(object, true));
            several(values.unwrap_or_default().iter().map(text_of).collect(), wanted)
        }
        Want::Logs { previous, wanted } => {
            let log = observed.logs.get(&log_of(object, check, *previous)).map_or("", String::as_str);
            let last = log.trim_end().lines().next_back();
            let is = last.map_or_else(|| nothing(tongue), |line| format!("… {line}"));
            Finding { holds: wanted.accepts(log), is, why: evidence() }
        }
        Want::Event { reason, message } => event(object, reason, message.as_ref(), observed, tongue),
        Want::Http { status, body, .. } => {
            let answer = ask(object, want).and_then(|ask| observed.answers.get(&ask));
            answered(answer, status, body.as_ref(), tongue, evidence)
        }
    }
}

fn event(object: &Value, reason: &Wanted, message: Option<&Wanted>, observed: &Observed, tongue: Tongue) -> Finding {
    let uid = &object["metadata"]["uid"];
    let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let about: Vec<&Value> = observed.events.iter().filter(|event| &event["involvedObject"]["uid"] == uid).collect();
    let holds = about.iter().any(|event| {
        reason.accepts(&text(event, "reason")) && message.is_none_or(|message| message.accepts(&text(event, "message")))
    });
    let mut reasons: Vec<String> = about.iter().map(|event| text(event, "reason")).collect();
    reasons.sort();
    reasons.dedup();
    Finding { holds, is: list(&reasons, tongue), why: None }
}

fn answered(
    answer: Option<&Answer>,
    status: &Wanted,
    body: Option<&Wanted>,
    tongue: Tongue,
    evidence: impl FnOnce() -> Option<String>,
) -> Finding {
    match answer {
        Some(Answer::Http { status: code, body: text }) => {
            let holds = status.accepts(&code.to_string()) && body.is_none_or(|body| body.accepts(text));
            let beginning: String = text.trim().chars().take(60).collect();
            Finding { holds, is: format!("{code} {beginning}").trim_end().to_owned(), why: None }
        }
        Some(Answer::None(why)) => {
            let is = tongue.pick("no answer", "keine Antwort").to_owned();
            Finding { holds: false, is, why: evidence().or_else(|| Some(why.clone())) }
        }
        None => {
            Finding { holds: false, is: tongue.pick("not asked yet", "noch nicht gefragt").to_owned(), why: evidence() }
        }
    }
}

fn list(values: &[String], tongue: Tongue) -> String {
    if values.is_empty() { nothing(tongue) } else { values.join(", ") }
}

fn nothing(tongue: Tongue) -> String {
    tongue.pick("nothing", "nichts").to_owned()
}
