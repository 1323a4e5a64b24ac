//! `events`.

use jiff::Timestamp;
use serde_json::{Value, json as object};

use crate::{
    args::Matches,
    describe::interval,
    failure::{Failure, Outcome, text_at},
    output::{
        json,
        printer::{Printer, RESULT_FORMATS},
        sort::sort,
        table::Grid,
    },
    selection::{Selection, list_path},
    server::JSON,
    session::Session,
    watch::Events,
};

/// Runs `events`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let types = matches.list("types");
    if types.iter().any(|kind| !kind.eq_ignore_ascii_case("normal") && !kind.eq_ignore_ascii_case("warning")) {
        return Err(Failure::said("valid --types are Normal or Warning"));
    }
    if matches.text("output") == "wide" {
        return Err(Failure::Said(format!(
            "unable to match a printer suitable for the output format \"wide\", allowed formats are: {RESULT_FORMATS}"
        )));
    }
    let fields = fields(session, matches).await?;
    let namespace = (!matches.on("all-namespaces")).then_some(session.namespace.as_str());
    let selection = Selection { picks: Vec::new(), failures: Vec::new(), selector: None, fields, single: false };
    let printer = Printer::of(session, matches, RESULT_FORMATS).await?.map(|printer| printer.ordered_by(json::API));
    let view = View { session, matches, printer, widths: Vec::new(), headed: matches.on("no-headers"), types };
    if matches.on("watch") { view.follow(namespace, &selection).await } else { view.show(namespace, &selection).await }
}

async fn fields(session: &Session, matches: &Matches) -> Outcome<Option<String>> {
    let Some(object) = matches.some("for") else { return Ok(None) };
    let (kind, name) = match object.split('/').collect::<Vec<_>>().as_slice() {
        [kind, name] => ((*kind).to_owned(), (*name).to_owned()),
        [_] => return Err(Failure::said("--for must be in resource/name form")),
        _ => return Err(Failure::said("arguments in resource/name form may not have more than one slash")),
    };
    let discovery = session.discovery().await?;
    let resource = discovery.find(&kind).map_err(|failure| Failure::Bare(failure.message()))?;
    Ok(Some(format!(
        "involvedObject.kind={},involvedObject.apiVersion={},involvedObject.name={name}",
        resource.kind,
        resource.api_version()
    )))
}

/// When an event was last seen; nothing when nobody says.
fn time(event: &Value) -> Option<Timestamp> {
    let last = if event["series"].is_object() {
        text_at(event, "/series/lastObservedTime")
    } else {
        match text_at(event, "/lastTimestamp") {
            "" => text_at(event, "/eventTime"),
            time => time,
        }
    };
    last.parse().ok()
}

/// How events are shown.
struct View<'a> {
    session: &'a Session,
    matches: &'a Matches,
    printer: Option<Printer>,
    widths: Vec<usize>,
    headed: bool,
    types: Vec<String>,
}

impl View<'_> {
    fn wants(&self, event: &Value) -> bool {
        self.types.is_empty() || self.types.iter().any(|kind| kind.eq_ignore_ascii_case(text_at(event, "/type")))
    }

    /// Shows what there is.
    async fn show(mut self, namespace: Option<&str>, selection: &Selection) -> Outcome {
        let resource = self.session.discovery().await?.find("events")?;
        let list = selection.list(self.session, resource, namespace, JSON, 500).await?;
        let mut events: Vec<Value> = list["items"].as_array().cloned().unwrap_or_default();
        events.retain(|event| self.wants(event));
        if events.is_empty() {
            let place = namespace.map(|namespace| format!(" in {namespace} namespace")).unwrap_or_default();
            return self.session.err(&format!("No events found{place}.\n")).await;
        }
        sort(&mut events, |a, b| time(a) < time(b));
        let Some(printer) = &mut self.printer else { return self.rows(&events).await };
        // kubectl does not get the names of a list out of it.
        if printer.names_only() {
            return Ok(());
        }
        events.iter_mut().for_each(name_kind);
        let list = object!({"apiVersion": "v1", "kind": "EventList", "metadata": {}, "items": events});
        self.session.out(&printer.print(&list)?).await
    }

    /// Shows what there is and what comes, as the server tells it.
    async fn follow(mut self, namespace: Option<&str>, selection: &Selection) -> Outcome {
        let resource = self.session.discovery().await?.find("events")?;
        let path = list_path(resource, namespace, selection, &[("watch", "true".to_owned())]);
        let mut watch = Events::open(self.session, &path, JSON).await?;
        while let Some(mut event) = watch.next().await? {
            if !matches!(event.kind.as_str(), "ADDED" | "MODIFIED") || !self.wants(&event.object) {
                continue;
            }
            match &mut self.printer {
                Some(printer) => {
                    name_kind(&mut event.object);
                    let text = printer.print(&event.object)?;
                    self.session.out(&text).await?;
                }
                None => self.rows(&[event.object]).await?,
            }
        }
        Ok(())
    }

    async fn rows(&mut self, events: &[Value]) -> Outcome {
        let everywhere = self.matches.on("all-namespaces");
        let mut grid = Grid::default();
        let row = |first: &str, cells: [String; 5]| {
            let namespace = everywhere.then(|| first.to_owned());
            namespace.into_iter().chain(cells).collect::<Vec<_>>()
        };
        if !self.headed {
            grid.row(row("NAMESPACE", ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"].map(str::to_owned)));
            self.headed = true;
        }
        for event in events {
            let text = |pointer| text_at(event, pointer).to_owned();
            let object = format!("{}/{}", text("/involvedObject/kind"), text("/involvedObject/name"));
            let seen = interval(event, self.session.now());
            let cells = [seen, text("/type"), text("/reason"), object, text("/message").trim().to_owned()];
            grid.row(row(&text("/metadata/namespace"), cells));
        }
        self.session.out(&grid.text_with(&mut self.widths)).await
    }
}

/// Items of a list do not say what they are; kubectl does.
fn name_kind(event: &mut Value) {
    event["apiVersion"] = "v1".into();
    event["kind"] = "Event".into();
}
