//! `get -w`.

use serde_json::Value;

use super::{look, plain, resource_version, singles};
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
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
    let accept = if printer.is_some() || !matches.on("server-print") { JSON } else { TABLE };
    let (first, more) = match selection.picks.as_slice() {
        [] => return Failure::of(selection.failures.clone()),
        [first, more @ ..] => (first, more),
    };
    let same = |pick: &Pick| pick.resource() == first.resource() && matches!(pick, Pick::One(_));
    if !matches.reads_files() && !more.iter().all(same) {
        return Err(Failure::said("you may only specify a single resource type"));
    }
    let mut failures = selection.failures.clone();
    let mut found = super::answers(session, matches, selection, accept, &mut failures).await;
    // What is missing first ends it.
    failures.truncate(1);
    Failure::gathered(failures)?;
    let Some(newest) = found.first().map(|answer| resource_version(&answer.value).to_owned()) else { return Ok(()) };
    let mut writer = Writer::new(session, look(matches, first.resource(), false), printer);
    if !matches.on("watch-only") {
        for answer in &mut found {
            writer.write(&answer.resource, std::mem::take(&mut answer.value), "ADDED").await?;
        }
        writer.flush().await?;
    }
    if !more.is_empty() {
        return Err(too_many(matches, found.len()));
    }
    let path = changes(selection, first, newest);
    let mut events = Events::open(session, &path, accept).await?;
    while let Some(event) = events.next().await? {
        if event.kind != "BOOKMARK" {
            writer.write(first.resource(), event.object, &event.kind).await?;
            writer.flush().await?;
        }
    }
    Ok(())
}

fn too_many(matches: &Matches, count: usize) -> Failure {
    if matches.reads_files() {
        return Failure::Said(format!(
            "watch is only supported on individual resources and resource collections - {count} resources were found"
        ));
    }
    Failure::said("you may only watch a single resource or type of resource at a time")
}

/// Where the changes of an object or of a list are told.
fn changes(selection: &Selection, pick: &Pick, version: String) -> String {
    let more = [("resourceVersion", version), ("watch", "true".to_owned())];
    match pick {
        Pick::One(target) => {
            let fields = Some(format!("metadata.name={}", target.name));
            let only = Selection { fields, ..selection.clone() };
            list_path(&target.resource, target.namespace.as_deref(), &only, &more)
        }
        Pick::Many { resource, namespace } => list_path(resource, namespace.as_deref(), selection, &more),
    }
}

struct Writer<'a> {
    session: &'a Session,
    look: Look,
    printer: Option<Printer>,
    table: Table,
    grid: Grid,
    widths: Vec<usize>,
}

impl<'a> Writer<'a> {
    fn new(session: &'a Session, look: Look, printer: Option<Printer>) -> Self {
        Self { session, look, printer, table: Table::default(), grid: Grid::default(), widths: Vec::new() }
    }

    /// Objects go out at once; lines of a table wait for those that they stand with.
    async fn write(&mut self, resource: &Resource, value: Value, event: &str) -> Outcome {
        let Some(printer) = &mut self.printer else {
            let table = if text_at(&value, "/kind") == "Table" {
                value
            } else {
                plain::table(singles(value, resource).iter(), self.session.now())
            };
            self.table.rows(&table, &self.look, Some(event), &mut self.grid);
            return Ok(());
        };
        for item in singles(value, resource) {
            let text = if self.look.events { printer.event(event, &item)? } else { printer.print(&item)? };
            self.session.out(&text).await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Outcome {
        let grid = std::mem::take(&mut self.grid);
        self.session.out(&grid.text_with(&mut self.widths)).await
    }
}
