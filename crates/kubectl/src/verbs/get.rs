//! `get`: rows that the server has laid out, or objects in any format.

mod follow;
mod plain;
mod sort;

use serde_json::{Map, Value, json};

use sort::Unsorted;

use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    output::{
        jsonpath::Template,
        printer::{GET_FORMATS, Printer},
        table::{Grid, Look, Table},
    },
    resolve::Resource,
    selection::{Labels, Pick, Request, Selection},
    server::{JSON, TABLE},
    session::Session,
};

/// Runs `get`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if let Some(path) = matches.some("raw") {
        return raw(session, matches, path).await;
    }
    check(session, matches).await?;
    let printer = Printer::of(session, matches, GET_FORMATS).await?;
    let request = Request { latest: true, ..Request::listing(matches, &matches.args) };
    let selection = request.select(session).await?;
    let lists = selection.picks.iter().any(|pick| matches!(pick, Pick::Many { .. }));
    if lists && matches.some("subresource").is_some() {
        return Err(Failure::said("subresource cannot be used when bulk resources are specified"));
    }
    if matches.on("watch") || matches.on("watch-only") {
        return follow::run(session, matches, &selection, printer).await;
    }
    match printer {
        Some(printer) => objects(session, matches, &selection, printer).await,
        None => tables(session, matches, &selection).await,
    }
}

async fn raw(session: &Session, matches: &Matches, path: &str) -> Outcome {
    if !matches.args.is_empty() {
        return Err(Failure::said("arguments may not be passed when --raw is specified"));
    }
    if matches.on("watch") || matches.on("watch-only") || matches.given("selector") {
        return Err(Failure::said(
            "--raw may not be specified with other flags that filter the server request or alter the output",
        ));
    }
    if matches.some("output").is_some() {
        return Err(Failure::said("--raw and --output are mutually exclusive"));
    }
    let path = raw_path(path)?;
    let body = session.server.text(path).await?;
    session.out_bytes(&body).await
}

/// A path of the server as `--raw` takes it.
pub fn raw_path(path: &str) -> Outcome<&str> {
    if path.starts_with('/') {
        return Ok(path);
    }
    Err(Failure::Said(format!("--raw must be a valid URL path: parse {path:?}: invalid URI for request")))
}

async fn check(session: &Session, matches: &Matches) -> Outcome {
    let (watch, only, sorted) = (matches.on("watch"), matches.on("watch-only"), matches.some("sort-by").is_some());
    if watch && sorted {
        session.err("warning: --watch requested, --sort-by will be ignored for watch events received\n").await?;
    } else if only && sorted {
        session.err("warning: --watch-only requested, --sort-by will be ignored\n").await?;
    } else if !watch && !only && matches.args.is_empty() && !matches.reads_files() {
        session.err("You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\n").await?;
        return Err(Failure::usage(
            "kubectl get",
            "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).",
        ));
    }
    let output = matches.text("output");
    if matches.on("show-labels") && !matches!(output, "" | "wide") {
        return Err(Failure::Said(format!("--show-labels option cannot be used with {output} printer")));
    }
    if matches.on("output-watch-events") && !watch && !only {
        return Err(Failure::said("--output-watch-events option can only be used with --watch or --watch-only"));
    }
    Ok(())
}

/// `-l` beside files looks at the server's answers: a table has no labels.
fn labels_of_files(matches: &Matches) -> Outcome<Labels> {
    if matches.reads_files() { Labels::read(matches.text("selector")) } else { Ok(Labels::default()) }
}

/// One answer of the server and what it is of.
pub struct Answer {
    resource: Resource,
    value: Value,
}

async fn answers(
    session: &Session,
    matches: &Matches,
    selection: &Selection,
    accept: &str,
    failures: &mut Vec<Failure>,
) -> Vec<Answer> {
    let sorted = accept == TABLE && matches.some("sort-by").is_some();
    let subresource = matches.some("subresource").map(|name| format!("/{name}")).unwrap_or_default();
    let with = if sorted { "?includeObject=Object" } else { "" };
    let mut found = Vec::new();
    for pick in &selection.picks {
        let (resource, answer) = match pick {
            Pick::One(target) => {
                let answer = match target.unnamed() {
                    Some(value) if accept == TABLE => Ok(plain::table(std::iter::once(value), session.now())),
                    Some(value) => Ok(value.clone()),
                    None => target.get(session, &format!("{subresource}{with}"), accept).await,
                };
                (&target.resource, answer)
            }
            Pick::Many { resource, namespace } => {
                let namespace = namespace.as_deref();
                let list = if sorted {
                    selection
                        .list_with(session, resource, namespace, accept, &[("includeObject", "Object".to_owned())])
                        .await
                } else {
                    selection.list(session, resource, namespace, accept, matches.int("chunk-size")).await
                };
                (resource, list)
            }
        };
        match answer {
            Ok(value) => found.push(Answer { resource: resource.clone(), value }),
            Err(failure) if matches.on("ignore-not-found") && failure.is_not_found() => {}
            Err(failure) => failures.push(failure),
        }
    }
    found
}

/// How the tables of a call look; `several` puts the kind before the names.
pub fn look(matches: &Matches, resource: &Resource, several: bool) -> Look {
    Look {
        wide: matches.text("output") == "wide",
        namespaces: matches.on("all-namespaces") && resource.namespaced,
        kind: (several || matches.on("show-kind")).then(|| resource.full_singular()),
        show_labels: matches.on("show-labels"),
        label_columns: matches.list("label-columns"),
        no_headers: matches.on("no-headers"),
        events: matches.on("output-watch-events"),
    }
}

async fn tables(session: &Session, matches: &Matches, selection: &Selection) -> Outcome {
    let mut failures = selection.failures.clone();
    let accept = if matches.on("server-print") { TABLE } else { JSON };
    let labels = labels_of_files(matches)?;
    let mut found = answers(session, matches, selection, accept, &mut failures).await;
    found.retain(|answer| labels.fit(&answer.value));
    if accept == JSON {
        found = plain::taken_apart(found);
    }
    if let Some(path) = matches.some("sort-by") {
        sorted(session, &mut found, path)?;
    }
    let several = found.iter().any(|answer| {
        answer.resource.kind != found[0].resource.kind || answer.resource.group != found[0].resource.group
    });
    let mut written = false;
    for group in found.chunk_by(|a, b| a.resource == b.resource) {
        let look = look(matches, &group[0].resource, several);
        let (mut table, mut grid) = (Table::default(), Grid::default());
        if accept == JSON {
            table.rows(&plain::table(group.iter().map(|answer| &answer.value), session.now()), &look, None, &mut grid);
        } else {
            group.iter().for_each(|answer| table.rows(&answer.value, &look, None, &mut grid));
        }
        if grid.is_empty() {
            continue;
        }
        if written && !look.no_headers {
            session.out("\n").await?;
        }
        written = true;
        session.out(&grid.text()).await?;
    }
    if !written && failures.is_empty() && !matches.on("ignore-not-found") {
        let namespaced = !matches.on("all-namespaces") && found.iter().all(|answer| answer.resource.namespaced);
        session.err(&nothing_found(session, namespaced)).await?;
    }
    Failure::gathered(failures)
}

/// Sorts several answers among themselves, and the rows of each table. A table that cannot be sorted is left out, as
/// kubectl does, which forgets why.
fn sorted(session: &Session, found: &mut Vec<Answer>, path: &str) -> Outcome {
    if found.len() > 1 {
        let path = Template::relaxed(path).map_err(Failure::Said)?;
        sort::by(found, &path, |answer| &answer.value)
            .map_err(|why| why.failure(session, &path, "sorter.go:329", "*unstructured.Unstructured"))?;
    }
    let path = Template::relaxed_or_whole(path);
    for answer in found {
        let Some(rows) = answer.value.get_mut("rows").and_then(Value::as_array_mut) else { continue };
        // A single row is printed as it is, whatever it is to be sorted by.
        if rows.len() < 2 {
            continue;
        }
        let Ok(path) = &path else {
            rows.clear();
            continue;
        };
        match sort::by(rows, path, |row| row.get("object").unwrap_or(&Value::Null)) {
            Ok(()) => {}
            Err(Unsorted::Wrong(_)) => rows.clear(),
            Err(why) => return Err(why.failure(session, path, "sorter.go:375", "[][][]reflect.Value")),
        }
    }
    Ok(())
}

/// kubectl's words for an empty answer.
pub fn nothing_found(session: &Session, namespaced: bool) -> String {
    if namespaced {
        format!("No resources found in {} namespace.\n", session.namespace)
    } else {
        "No resources found\n".to_owned()
    }
}

async fn objects(session: &Session, matches: &Matches, selection: &Selection, mut printer: Printer) -> Outcome {
    let mut failures = selection.failures.clone();
    let labels = labels_of_files(matches)?;
    let mut found = answers(session, matches, selection, JSON, &mut failures).await;
    found.retain(|answer| labels.fit(&answer.value));
    if found.is_empty() && (selection.single || matches.on("ignore-not-found")) {
        return Failure::gathered(failures);
    }
    let mut whole = whole(found, selection.single);
    if let (Some(path), Some(items)) = (matches.some("sort-by"), whole.get_mut("items").and_then(Value::as_array_mut)) {
        let path = Template::relaxed(path).map_err(Failure::Said)?;
        sort::by(items, &path, |item| item)
            .map_err(|why| why.failure(session, &path, "sorter.go:329", "*unstructured.Unstructured"))?;
    }
    let text = match whole.get("items").and_then(Value::as_array) {
        Some(items) if printer.is_grid() => printer.columns(items)?,
        _ => printer.print(&whole)?,
    };
    session.out(&text).await?;
    Failure::gathered(failures)
}

/// One object, or a list of all that came.
fn whole(mut found: Vec<Answer>, single: bool) -> Value {
    if single && found.len() == 1 {
        return found.remove(0).value;
    }
    let items: Vec<Value> = found.into_iter().flat_map(|answer| singles(answer.value, &answer.resource)).collect();
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items})
}

/// The items of a list, each with its kind and version.
fn singles(mut value: Value, resource: &Resource) -> Vec<Value> {
    let Some(items) = value.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take) else {
        return vec![value];
    };
    items.into_iter().map(|item| typed(item, resource)).collect()
}

fn typed(mut item: Value, resource: &Resource) -> Value {
    if let Some(map) = item.as_object_mut().filter(|map: &&mut Map<String, Value>| !map.contains_key("kind")) {
        map.insert("apiVersion".to_owned(), resource.api_version().into());
        map.insert("kind".to_owned(), resource.kind.clone().into());
    }
    item
}

/// The version of a list or an object.
pub fn resource_version(value: &Value) -> &str {
    text_at(value, "/metadata/resourceVersion")
}
