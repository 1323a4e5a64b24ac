//! `-o`, for everything but tables.

use serde_json::{Value, json as object};

use super::{
    columns::{self, Columns},
    json,
    jsonpath::Template,
    kyaml,
    table::Grid,
    template::GoTemplate,
    yaml,
};
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    session::Session,
};

/// The formats of `get`.
pub const GET_FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";
/// The formats of commands that report what they did.
pub const RESULT_FORMATS: &str =
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";

/// How objects are printed.
#[derive(Debug, Clone)]
enum Form {
    Name,
    Yaml,
    Kyaml,
    Json,
    JsonPath(Template, bool),
    Columns(Columns),
    GoTemplate(GoTemplate),
}

/// Prints objects one after the other.
#[derive(Debug, Clone)]
pub struct Printer {
    form: Form,
    managed_fields: bool,
    missing_ok: bool,
    no_headers: bool,
    order: Option<&'static str>,
    printed: usize,
}

impl Printer {
    /// The printer that `-o` asks for; `None` for tables and plain results.
    pub async fn of(session: &Session, matches: &Matches, formats: &str) -> Outcome<Option<Self>> {
        let template = matches.some("template").map(str::to_owned);
        let output = matches.text("output");
        let (name, inline) =
            output.split_once('=').map_or((output, None), |(name, rest)| (name, Some(rest.to_owned())));
        if name.is_empty() && template.is_none() || name == "wide" {
            return Ok(None);
        }
        let lower = name.to_ascii_lowercase();
        let name = if name.is_empty() { "go-template" } else { lower.as_str() };
        let known = formats.split(',').any(|format| format == name) && (inline.is_none() || takes_text(name));
        if !known {
            return Err(Failure::Said(format!(
                "unable to match a printer suitable for the output format {output:?}, allowed formats are: {formats}"
            )));
        }
        let form = form(session, name, inline.or(template)).await?;
        Ok(Some(Self {
            form,
            managed_fields: matches.on("show-managed-fields"),
            missing_ok: matches.command.flag("allow-missing-template-keys").is_none()
                || matches.on("allow-missing-template-keys"),
            no_headers: matches.on("no-headers"),
            order: None,
            printed: 0,
        }))
    }

    /// The same with JSON fields in the order of Go's types.
    pub fn typed(self) -> Self {
        self.ordered_by(json::ORDER)
    }

    /// The same in an order that is named (see [`json::ordered_by`]).
    pub fn ordered_by(mut self, order: &'static str) -> Self {
        self.order = Some(order);
        self
    }

    /// Whether only names are printed.
    pub fn names_only(&self) -> bool {
        matches!(self.form, Form::Name)
    }

    /// Whether objects are printed as YAML.
    pub fn is_yaml(&self) -> bool {
        matches!(self.form, Form::Yaml)
    }

    /// Whether the columns of all objects stand below each other.
    pub fn is_grid(&self) -> bool {
        matches!(self.form, Form::Columns(_))
    }

    /// The text of one object.
    pub fn print(&mut self, value: &Value) -> Outcome<String> {
        self.printed += 1;
        // Templates see the whole object.
        let whole =
            self.managed_fields || matches!(self.form, Form::JsonPath(..) | Form::GoTemplate(_) | Form::Columns(_));
        let stripped = if whole { None } else { without_managed_fields(value) };
        let value = stripped.as_ref().unwrap_or(value);
        match &self.form {
            Form::Name => Ok(names(value)),
            Form::Yaml => Ok(format!("{}{}", if self.printed > 1 { "---\n" } else { "" }, yaml::text(value))),
            Form::Json => Ok(match self.order {
                Some(order) => format!("{}\n", json::ordered_by(value, Some("    "), order)),
                None => format!("{}\n", json::pretty(value, "    ")),
            }),
            Form::Kyaml => Ok(kyaml::text(value, self.order)),
            Form::JsonPath(template, as_json) => jsonpath(template, value, *as_json, self.missing_ok),
            Form::GoTemplate(template) => go_template(template, value, self.missing_ok),
            Form::Columns(_) => self.columns(std::slice::from_ref(value)),
        }
    }

    /// The text of what happened to an object, for `--output-watch-events`.
    pub fn event(&mut self, kind: &str, object: &Value) -> Outcome<String> {
        match &self.form {
            Form::Name => Ok(names(object)),
            Form::Json => Ok(format!("{{\"type\":{:?},\"object\":{}}}\n", kind, json::compact(object))),
            _ => {
                let shown = std::mem::replace(&mut self.managed_fields, true);
                let text = self.print(&object!({"type": kind, "object": object}));
                self.managed_fields = shown;
                text
            }
        }
    }

    /// The text of several objects in one grid.
    pub fn columns(&self, values: &[Value]) -> Outcome<String> {
        let Form::Columns(columns) = &self.form else { return Ok(String::new()) };
        let mut grid = Grid::default();
        if !self.no_headers && self.printed <= 1 {
            columns.head(&mut grid);
        }
        for value in values {
            if let Err(why) = columns.row(value, &mut grid) {
                return Err(Failure::After(grid.text(), Box::new(Failure::Said(why))));
            }
        }
        Ok(grid.text())
    }
}

fn takes_text(name: &str) -> bool {
    name.starts_with("jsonpath") || name.starts_with("custom-columns") || name.contains("template")
}

async fn form(session: &Session, name: &str, text: Option<String>) -> Outcome<Form> {
    let given = |text: Option<String>| {
        text.filter(|text| !text.is_empty())
            .ok_or_else(|| Failure::said("template format specified but no template given"))
    };
    match name {
        "name" => Ok(Form::Name),
        "yaml" => Ok(Form::Yaml),
        "kyaml" => Ok(Form::Kyaml),
        "json" => Ok(Form::Json),
        "jsonpath" | "jsonpath-as-json" => {
            Ok(Form::JsonPath(Template::parse(&given(text)?).map_err(Failure::Said)?, name != "jsonpath"))
        }
        "jsonpath-file" => {
            let text = file(session, &given(text)?, "--template").await?;
            Ok(Form::JsonPath(Template::parse(&text).map_err(Failure::Said)?, false))
        }
        "custom-columns" => Ok(Form::Columns(Columns::parse(&text.unwrap_or_default()).map_err(Failure::Said)?)),
        "custom-columns-file" if text.as_deref() == Some("") => {
            Err(Failure::said("custom-columns format specified but no custom columns given"))
        }
        "custom-columns-file" => {
            let text = file(session, &given(text)?, "template").await?;
            Ok(Form::Columns(Columns::parse_file(&text).map_err(Failure::Said)?))
        }
        "go-template" | "template" => Ok(Form::GoTemplate(GoTemplate::parse(&given(text)?).map_err(Failure::Said)?)),
        "go-template-file" | "templatefile" => {
            let text = file(session, &given(text)?, "template").await?;
            Ok(Form::GoTemplate(GoTemplate::parse(&text).map_err(Failure::Said)?))
        }
        other => Err(Failure::Said(format!("the output format {other:?} is not available here"))),
    }
}

async fn file(session: &Session, path: &str, what: &str) -> Outcome<String> {
    let bytes = session.files.read(path).await.map_err(|error| {
        Failure::Said(format!("error reading {what} {path}, open {path}: {}", crate::manifests::plain(&error)))
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn jsonpath(template: &Template, value: &Value, as_json: bool, missing_ok: bool) -> Outcome<String> {
    let failed = |why: String| {
        Failure::Said(format!(
            "error executing jsonpath {:?}: Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{}\n\tobject given to jsonpath engine was:\n\t\t{}\n\n\n",
            template.source,
            template.source,
            go_syntax(value)
        ))
    };
    if as_json {
        return template.lists(value, missing_ok).map_err(failed);
    }
    template.print(value, missing_ok).map_err(failed)
}

fn go_template(template: &GoTemplate, value: &Value, missing_ok: bool) -> Outcome<String> {
    template.print(value, missing_ok).map_err(|failed| {
        let (source, raw, why) = (template.source(), json::compact(value), failed.why);
        // kubectl tells the reader of its output as well, with all that may help.
        let told = format!(
            "{}Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{source}\n\traw data was:\n\t\t{raw}\n\tobject given to template engine was:\n\t\t{}\n\n",
            failed.printed,
            columns::go_text(value)
        );
        Failure::After(told, Box::new(Failure::Said(format!("error executing template {source:?}: {why}"))))
    })
}

/// As Go's `%#v` prints what it decoded.
fn go_syntax(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Array(items) => format!("[]interface {{}}{{{}}}", list(items.iter().map(go_syntax).collect())),
        Value::Object(map) => format!(
            "map[string]interface {{}}{{{}}}",
            list(map.iter().map(|(key, value)| format!("{key:?}:{}", go_syntax(value))).collect())
        ),
        other => other.to_string(),
    }
}

/// `pod/web`, one line for each object of a list.
pub fn names(value: &Value) -> String {
    match value.get("items").and_then(Value::as_array) {
        Some(items) => items.iter().map(names).collect(),
        None => format!("{}/{}\n", kind_with_group(value), text_at(value, "/metadata/name")),
    }
}

/// `pod` or `deployment.apps`.
pub fn kind_with_group(value: &Value) -> String {
    let kind = text_at(value, "/kind").to_lowercase();
    match text_at(value, "/apiVersion").split_once('/') {
        Some((group, _)) => format!("{kind}.{group}"),
        None => kind,
    }
}

/// The object without `managedFields`; `None` when it has none.
fn without_managed_fields(value: &Value) -> Option<Value> {
    let has = |value: &Value| value.pointer("/metadata/managedFields").is_some();
    let items = value.get("items").and_then(Value::as_array);
    if !has(value) && !items.is_some_and(|items| items.iter().any(has)) {
        return None;
    }
    let mut copy = value.clone();
    strip(&mut copy);
    if let Some(items) = copy.get_mut("items").and_then(Value::as_array_mut) {
        items.iter_mut().for_each(strip);
    }
    Some(copy)
}

fn strip(value: &mut Value) {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
}
