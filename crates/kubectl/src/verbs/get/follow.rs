//! `get -w`.

use serde_json::{Value, json};

use super::{look, resource_version};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    output::{
        printer::Printer,
        table::{Grid, Look, Table},
    },
    resolve::Resource,
    selection::{Pick, Selection, list_path},
    server::{JSON, TABLE},
    session::Session,
    watch::Events,
};

/// Prints what is there, then what changes, until the server or the person ends it.
pub async fn run(session: &Session, matches: &Matches, selection: &Selection, printer: Option<Printer>) -> Outcome {
    Failure::of(selection.failures.clone())?;
    let [pick] = selection.picks.as_slice() else {
        return Err(Failure::said("you may only specify a single resource type"));
    };
    let accept = if printer.is_some() { JSON } else { TABLE };
    let (resource, namespace, first, selection) = match pick {
        Pick::One(target) => {
            let value = session.server.get(&target.path(), accept).await;
            let fields = Selection { fields: Some(format!("metadata.name={}", target.name)), ..selection.clone() };
            (&target.resource, target.namespace.as_deref(), value, fields)
        }
        Pick::Many { resource, namespace } => {
            let chunk = matches.int("chunk-size");
            (
                resource,
                namespace.as_deref(),
                selection.list(session, resource, namespace.as_deref(), accept, chunk).await,
                selection.clone(),
            )
        }
    };
    let first = match first {
        Err(failure) if failure.is_not_found() && matches.on("ignore-not-found") => return Ok(()),
        other => other?,
    };
    let mut writer = Writer::new(session, look(matches, resource, false), printer);
    if !matches.on("watch-only") {
        writer.write(resource, &first, "ADDED").await?;
    }
    let version = ("resourceVersion", resource_version(&first).to_owned());
    let path = list_path(resource, namespace, &selection, &[version, ("watch", "true".to_owned())]);
    let mut events = Events::open(session, &path, accept).await?;
    while let Some(event) = events.next().await? {
        if event.kind != "BOOKMARK" {
            writer.write(resource, &event.object, &event.kind).await?;
        }
    }
    Ok(())
}

struct Writer<'a> {
    session: &'a Session,
    look: Look,
    printer: Option<Printer>,
    table: Table,
    widths: Vec<usize>,
}

impl<'a> Writer<'a> {
    fn new(session: &'a Session, look: Look, printer: Option<Printer>) -> Self {
        Self { session, look, printer, table: Table::default(), widths: Vec::new() }
    }

    async fn write(&mut self, resource: &Resource, value: &Value, event: &str) -> Outcome {
        if self.printer.is_none() {
            let mut grid = Grid::default();
            self.table.rows(value, &self.look, Some(event), &mut grid);
            return self.session.out(&grid.text_with(&mut self.widths)).await;
        }
        for item in super::singles(value.clone(), resource) {
            let item = if self.look.events { json!({"type": event, "object": item}) } else { item };
            let text = match &mut self.printer {
                Some(printer) => printer.print(&item)?,
                None => String::new(),
            };
            self.session.out(&text).await?;
        }
        Ok(())
    }
}
