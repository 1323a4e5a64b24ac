//! `events`.

use serde_json::{Value, json};

use crate::{
    args::Matches,
    describe::interval,
    failure::{Failure, Outcome, text_at},
    output::{
        printer::{Printer, RESULT_FORMATS},
        table::Grid,
    },
    selection::Selection,
    server::JSON,
    session::Session,
    watch::Events,
};

/// Runs `events`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if !matches.args.is_empty() {
        return Err(Failure::Said(format!("unknown command {:?} for \"kubectl events\"", matches.args[0])));
    }
    let types = matches.list("types");
    if types.iter().any(|kind| !kind.eq_ignore_ascii_case("normal") && !kind.eq_ignore_ascii_case("warning")) {
        return Err(Failure::said("valid --types are Normal or Warning"));
    }
    let wanted =
        |event: &Value| types.is_empty() || types.iter().any(|kind| kind.eq_ignore_ascii_case(text_at(event, "/type")));
    let fields = fields(session, matches).await?;
    let resource = session.discovery().await?.find("events")?;
    let namespace = (!matches.on("all-namespaces")).then_some(session.namespace.as_str());
    let selection = Selection { picks: Vec::new(), failures: Vec::new(), selector: None, fields, single: false };
    let mut printer = Printer::of(session, matches, RESULT_FORMATS).await?;
    let list = selection.list(session, resource, namespace, JSON, 500).await?;
    let version = list.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
    let mut events: Vec<Value> =
        list["items"].as_array().cloned().unwrap_or_default().into_iter().filter(|event| wanted(event)).collect();
    events.sort_by_key(time);
    let watching = matches.on("watch");
    if events.is_empty() && !watching {
        let text = if namespace.is_none() {
            "No events found.\n".to_owned()
        } else {
            format!("No events found in {} namespace.\n", session.namespace)
        };
        return session.err(&text).await;
    }
    let mut rows = Rows { matches, widths: Vec::new(), headed: matches.on("no-headers") };
    print(session, &mut printer, &mut rows, &events).await?;
    if !watching {
        return Ok(());
    }
    let more = [("resourceVersion", version.as_str().unwrap_or_default().to_owned()), ("watch", "true".to_owned())];
    let mut watch =
        Events::open(session, &crate::selection::list_path(resource, namespace, &selection, &more), JSON).await?;
    while let Some(event) = watch.next().await? {
        if matches!(event.kind.as_str(), "ADDED" | "MODIFIED") && wanted(&event.object) {
            print(session, &mut printer, &mut rows, &[event.object]).await?;
        }
    }
    Ok(())
}

async fn fields(session: &Session, matches: &Matches) -> Outcome<Option<String>> {
    let Some(object) = matches.some("for") else { return Ok(None) };
    let (kind, name) = match object.split('/').collect::<Vec<_>>().as_slice() {
        [kind, name] => ((*kind).to_owned(), (*name).to_owned()),
        [_] => return Err(Failure::said("--for must be in resource/name form")),
        _ => return Err(Failure::said("arguments in resource/name form may not have more than one slash")),
    };
    let resource = session.discovery().await?.find(&kind)?;
    Ok(Some(format!(
        "involvedObject.kind={},involvedObject.apiVersion={},involvedObject.name={name}",
        resource.kind,
        resource.api_version()
    )))
}

fn time(event: &Value) -> String {
    ["/series/lastObservedTime", "/lastTimestamp", "/eventTime"]
        .iter()
        .map(|pointer| text_at(event, pointer))
        .find(|time| !time.is_empty())
        .unwrap_or_default()
        .to_owned()
}

struct Rows<'a> {
    matches: &'a Matches,
    widths: Vec<usize>,
    headed: bool,
}

async fn print(session: &Session, printer: &mut Option<Printer>, rows: &mut Rows<'_>, events: &[Value]) -> Outcome {
    if let Some(printer) = printer {
        let items: Vec<Value> = events.to_vec();
        let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items});
        return session.out(&printer.print(&list)?).await;
    }
    let everywhere = rows.matches.on("all-namespaces");
    let mut grid = Grid::default();
    let row = |first: &str, cells: [String; 5]| {
        let namespace = everywhere.then(|| first.to_owned());
        namespace.into_iter().chain(cells).collect::<Vec<_>>()
    };
    if !rows.headed && !events.is_empty() {
        grid.row(row("NAMESPACE", ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"].map(str::to_owned)));
        rows.headed = true;
    }
    for event in events {
        let text = |pointer| text_at(event, pointer).to_owned();
        let object = format!("{}/{}", text("/involvedObject/kind"), text("/involvedObject/name"));
        let cells = [
            interval(event, session.now()),
            text("/type"),
            text("/reason"),
            object,
            text("/message").trim().to_owned(),
        ];
        grid.row(row(&text("/metadata/namespace"), cells));
    }
    session.out(&grid.text_with(&mut rows.widths)).await
}
