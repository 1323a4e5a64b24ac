//! `logs`.

use futures::{StreamExt, stream::FuturesUnordered};
use http_body_util::BodyExt;
use serde_json::Value;

use super::pod;
use crate::{
    args::{Matches, duration::SECOND},
    failure::{Failure, Outcome, text_at},
    server::query,
    session::Session,
    watch::Lines,
};

const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";

/// The log of one container.
struct Source {
    namespace: String,
    pod: String,
    container: String,
}

impl Source {
    fn prefix(&self) -> String {
        format!("[pod/{}/{}] ", self.pod, self.container)
    }
}

/// Runs `logs`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    arguments(matches)?;
    let sources = match matches.some("selector") {
        Some(selector) => {
            let container = check(matches)?;
            selected(session, matches, selector, &container).await?
        }
        None => named(session, matches).await?,
    };
    if matches.on("follow") && sources.len() > 1 {
        return follow_all(session, matches, &sources).await;
    }
    for source in &sources {
        match copy(session, matches, source).await {
            Err(failure) if matches.on("ignore-errors") => session.err(&format!("{}\n", failure.text())).await?,
            other => other?,
        }
    }
    Ok(())
}

/// What can be said of the arguments before anything is asked.
fn arguments(matches: &Matches) -> Outcome {
    let selector = matches.some("selector").is_some();
    match matches.args.len() {
        0 if !selector => return Err(Failure::usage("kubectl logs", USAGE)),
        1 | 2 if selector => {
            return Err(Failure::usage("kubectl logs", "only a selector (-l) or a POD name is allowed"));
        }
        0..=2 => {}
        _ => return Err(Failure::usage("kubectl logs", USAGE)),
    }
    matches.some("since-time").map_or(Ok(()), |time| go_time(time).map_err(Failure::Said))
}

/// Checks the flags, once it is known that the object is there; gives the container they name, empty for the default.
fn check(matches: &Matches) -> Outcome<String> {
    let container = match matches.args.get(1) {
        Some(_) if matches.given("container") => {
            return Err(Failure::said("only one of -c or an inline [CONTAINER] arg is allowed"));
        }
        Some(inline) => inline.clone(),
        None => matches.text("container").to_owned(),
    };
    if matches.some("since-time").is_some() && matches.duration("since") != 0 {
        return Err(Failure::said("at most one of `sinceTime` or `sinceSeconds` may be specified"));
    }
    if matches.duration("pod-running-timeout") <= 0 {
        return Err(Failure::said("--pod-running-timeout must be higher than zero"));
    }
    if matches.on("all-containers") && !container.is_empty() {
        return Err(Failure::Said(format!(
            "--all-containers=true should not be specified with container name {container}"
        )));
    }
    if matches.duration("since") < 0 {
        return Err(Failure::said("--since must be greater than 0"));
    }
    if matches.int("limit-bytes") < 0 {
        return Err(Failure::said("--limit-bytes must be greater than 0"));
    }
    if matches.int("tail") < -1 {
        return Err(Failure::said("--tail must be greater than or equal to -1"));
    }
    Ok(container)
}

/// Whether a text is a time of RFC 3339, in the words of Go's parser for what is wrong.
fn go_time(text: &str) -> Result<(), String> {
    /// How Go writes the form: each part, what stands for it, and how it looks.
    const PARTS: [(&str, &str); 11] = [
        ("2006", "dddd"),
        ("-", "-"),
        ("01", "dd"),
        ("-", "-"),
        ("02", "dd"),
        ("T", "T"),
        ("15", "dd"),
        (":", ":"),
        ("04", "dd"),
        (":", ":"),
        ("05", "dd"),
    ];
    let failed = |rest: &str, part: &str| {
        Err(format!("parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {rest:?} as {part:?}"))
    };
    let mut rest = text;
    for (part, form) in PARTS {
        let fits = rest.len() >= form.len()
            && rest
                .bytes()
                .zip(form.bytes())
                .all(|(have, want)| if want == b'd' { have.is_ascii_digit() } else { have == want });
        if !fits {
            return failed(rest, part);
        }
        rest = &rest[form.len()..];
    }
    if let Some(fraction) = rest.strip_prefix('.').filter(|fraction| fraction.starts_with(|c: char| c.is_ascii_digit()))
    {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let zone = rest.strip_prefix(['+', '-']).is_some_and(|zone| {
        zone.len() == 5
            && zone.bytes().enumerate().all(|(at, byte)| if at == 2 { byte == b':' } else { byte.is_ascii_digit() })
    });
    if rest == "Z" || zone { Ok(()) } else { failed(rest, "Z07:00") }
}

async fn named(session: &Session, matches: &Matches) -> Outcome<Vec<Source>> {
    let word = matches.args.first().map(String::as_str).unwrap_or_default();
    let missing = |failure: Failure| match &failure {
        Failure::Server(status) if failure.is_not_found() => Failure::Within(
            format!("error from server (NotFound): {} in namespace {:?}", status.message, session.namespace),
            status.clone(),
        ),
        _ => failure,
    };
    let object = pod::named(session, word).await.map_err(missing)?;
    let container = check(matches)?;
    let pods = pod::pods_of(session, &object, "cannot get the logs from").await?;
    let Some(first) = pods.first() else {
        return Err(Failure::Said("timed out waiting for the condition".to_owned()));
    };
    if matches.on("all-pods") {
        let mut all = Vec::new();
        for pod in &pods {
            all.extend(of_pod(session, matches, pod, &container).await?);
        }
        return Ok(all);
    }
    if pods.len() > 1 {
        session.err(&format!("Found {} pods, using pod/{}\n", pods.len(), text_at(first, "/metadata/name"))).await?;
    }
    of_pod(session, matches, first, &container).await
}

async fn selected(session: &Session, matches: &Matches, selector: &str, container: &str) -> Outcome<Vec<Source>> {
    let pods = pod::select(session, Some(selector.to_owned()), Some(&session.namespace)).await?;
    if pods.is_empty() {
        session.err(&super::get::nothing_found(session, true)).await?;
    }
    let mut sources = Vec::new();
    for pod in &pods {
        sources.extend(of_pod(session, matches, pod, container).await?);
    }
    Ok(sources)
}

async fn of_pod(session: &Session, matches: &Matches, pod: &Value, container: &str) -> Outcome<Vec<Source>> {
    let names = if matches.on("all-containers") {
        ["initContainers", "containers", "ephemeralContainers"]
            .iter()
            .flat_map(|list| pod::containers(pod, list))
            .map(str::to_owned)
            .collect()
    } else {
        vec![pod::container(session, pod, container, false).await?]
    };
    let text = |pointer| text_at(pod, pointer).to_owned();
    Ok(names
        .into_iter()
        .map(|container| Source { namespace: text("/metadata/namespace"), pod: text("/metadata/name"), container })
        .collect())
}

fn path(matches: &Matches, source: &Source) -> String {
    let mut pairs = vec![("container", source.container.clone())];
    for (flag, name) in [("follow", "follow"), ("previous", "previous"), ("timestamps", "timestamps")] {
        if matches.on(flag) {
            pairs.push((name, "true".to_owned()));
        }
    }
    if matches.int("limit-bytes") > 0 {
        pairs.push(("limitBytes", matches.text("limit-bytes").to_owned()));
    }
    if matches.duration("since") > 0 {
        pairs.push(("sinceSeconds", (matches.duration("since") + SECOND - 1).div_euclid(SECOND).to_string()));
    }
    if let Some(time) = matches.some("since-time") {
        pairs.push(("sinceTime", time.to_owned()));
    }
    let tail = if matches.given("selector") && !matches.given("tail") { 10 } else { matches.int("tail") };
    if tail >= 0 {
        pairs.push(("tailLines", tail.to_string()));
    }
    pairs.sort_by_key(|(name, _)| *name);
    format!("/api/v1/namespaces/{}/pods/{}/log{}", source.namespace, crate::server::encode(&source.pod), query(&pairs))
}

async fn copy(session: &Session, matches: &Matches, source: &Source) -> Outcome {
    let mut body = session.server.open(&path(matches, source), "application/json, */*").await?.into_body();
    if matches.on("prefix") {
        return prefixed(session, Lines::new(body), &source.prefix()).await;
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::Said(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            session.out_bytes(&data).await?;
        }
    }
    Ok(())
}

async fn prefixed(session: &Session, mut lines: Lines, prefix: &str) -> Outcome {
    while let Some(line) = lines.next().await? {
        session.out_bytes(&[prefix.as_bytes(), &line].concat()).await?;
    }
    Ok(())
}

async fn follow_all(session: &Session, matches: &Matches, sources: &[Source]) -> Outcome {
    let most = usize::try_from(matches.int("max-log-requests")).unwrap_or(0);
    if sources.len() > most {
        return Err(Failure::Said(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use --max-log-requests to increase the limit",
            sources.len()
        )));
    }
    let mut running: FuturesUnordered<_> = sources
        .iter()
        .map(|source| async move {
            let body = session.server.open(&path(matches, source), "application/json, */*").await?.into_body();
            let prefix = if matches.on("prefix") { source.prefix() } else { String::new() };
            prefixed(session, Lines::new(body), &prefix).await
        })
        .collect();
    while let Some(outcome) = running.next().await {
        outcome?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::go_time;

    #[test]
    fn times_are_read_as_go_reads_them() {
        for time in ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.25+02:00"] {
            assert_eq!(go_time(time), Ok(()), "{time}");
        }
        assert_snapshot!(go_time("2020-01-01").unwrap_err(), @r#"parsing time "2020-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#);
        assert_snapshot!(go_time("yesterday").unwrap_err(), @r#"parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006""#);
    }
}
