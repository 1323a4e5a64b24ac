//! `x-kubernetes-validations` in a definition's schema.

use serde_json::{Value, json};

use super::{Findings, Path, go_form};
use crate::{
    custom::{Stranger, compile, strangers, type_of_field},
    json::{child, fill, has, items, put, text},
};

const RULES: &str = "x-kubernetes-validations";
const REASONS: [&str; 4] = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/// What can be told of rules without reading them.
pub(super) fn written(found: &mut Findings, schema: &Value, path: &Path) {
    for (index, rule) in items(schema, RULES).iter().enumerate() {
        let at = path.child(RULES).index(index);
        let (condition, message) = (text(rule, "rule").trim(), text(rule, "message"));
        if condition.is_empty() {
            found.required(&at.child("rule"), "rule is not specified");
        } else if !message.is_empty() && message.trim().is_empty() {
            found.invalid(&at.child("message"), message, "must be non-empty if specified");
        } else if message.trim().contains(['\n', '\r']) {
            found.invalid(&at.child("message"), message, "must not contain line breaks");
        } else if condition.contains(['\n', '\r']) && message.is_empty() {
            found.required(&at.child("message"), "message must be specified if rule contains line breaks");
        }
        if has(rule, "messageExpression") && text(rule, "messageExpression").trim().is_empty() {
            found.required(&at.child("messageExpression"), "messageExpression must be non-empty if specified");
        }
        let reason = text(rule, "reason");
        if !reason.is_empty() && !REASONS.contains(&reason) {
            found.not_supported(&at.child("reason"), reason, &REASONS);
        }
        let beneath = text(rule, "fieldPath");
        let mut steps = beneath.strip_prefix('.').unwrap_or("").split('.');
        if !beneath.is_empty() && steps.try_fold(schema, |schema, name| schema["properties"].get(name)).is_none() {
            found.invalid(&at.child("fieldPath"), beneath, "must be a valid path");
        }
    }
}

/// The schema as rules of a whole object see it: its kind and its name are there, whatever it says of itself.
pub(super) fn of_whole_object(schema: &Value) -> Value {
    let text = json!({"type": "string"});
    let mut schema = schema.clone();
    let fields = child(&mut schema, "properties");
    for field in ["apiVersion", "kind"] {
        fill(fields, field, text.clone());
    }
    let metadata = child(fields, "metadata");
    put(metadata, "type", "object");
    for field in ["name", "generateName"] {
        fill(child(metadata, "properties"), field, text.clone());
    }
    schema
}

/// A rule as the API server writes it, with the signs that JSON in a page may not have spelled out.
fn shown(rule: &Value) -> String {
    let text = go_form::shown("ValidationRule", rule).compact();
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Where in a rule something is that is not known: the line and a sign beneath the place.
fn pointed(source: &str, stranger: &Stranger) -> String {
    let (offset, why) = match stranger {
        Stranger::Name(name) => (word(source, name), format!("undeclared reference to '{name}' (in container '')")),
        Stranger::Field(name) => (word(source, &format!(".{name}")), format!("undefined field '{name}'")),
    };
    let before = &source[..offset];
    let line = before.matches('\n').count();
    let column = before.chars().rev().take_while(|sign| *sign != '\n').count();
    let text = source.split('\n').nth(line).unwrap_or("");
    format!("ERROR: <input>:{}:{}: {why}\n | {text}\n | {}^", line + 1, column + 1, ".".repeat(column))
}

/// Where a text is in a rule, and not only as part of a longer name.
fn word(source: &str, wanted: &str) -> usize {
    let goes_on = |rest: &str| rest.starts_with(|sign: char| sign.is_alphanumeric() || sign == '_');
    let ends = |start: &(usize, &str)| !goes_on(&source[start.0 + wanted.len()..]);
    source.match_indices(wanted).find(ends).map_or(0, |(start, _)| start)
}

/// Reads the rules: what is no CEL, and what refers to what is not there.
pub(super) fn read(found: &mut Findings, schema: &Value, path: &Path, uncorrelated: Option<&Path>) {
    for (index, rule) in items(schema, RULES).iter().enumerate() {
        let at = path.child(RULES).index(index);
        for (key, lead) in
            [("rule", "compilation failed: "), ("messageExpression", "messageExpression compilation failed: ")]
        {
            let source = text(rule, key);
            if source.is_empty() {
                continue;
            }
            let program = match compile(source) {
                Ok(program) => program,
                Err(why) => {
                    // The lines that show where it is begin with a blank.
                    let why = why.replace("\n| ", "\n | ");
                    found.invalid_shown(&at.child(key), shown(rule), format!("{lead}{why}"));
                    continue;
                }
            };
            let before = found.len();
            for stranger in strangers(&program, schema) {
                found.invalid_shown(&at.child(key), shown(rule), format!("{lead}{}", pointed(source, &stranger)));
            }
            let (wanted, why) = if key == "rule" {
                ("boolean", "cel expression must evaluate to a bool")
            } else {
                ("string", "messageExpression must evaluate to a string")
            };
            if found.len() == before && type_of_field(&program, schema).is_some_and(|known| known != wanted) {
                found.invalid_shown(&at.child(key), shown(rule), why);
            }
            let uses_old = program.references().has_variable("oldSelf");
            if key == "rule" && !uses_old && has(rule, "optionalOldSelf") {
                let why = "may not be set if oldSelf is not used in rule";
                found.invalid(&at.child("optionalOldSelf"), rule["optionalOldSelf"].clone(), why);
            }
            if let (Some(outer), true) = (uncorrelated, uses_old && key == "rule") {
                let why = format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {outer}");
                found.invalid(&at.child(key), source, why);
            }
        }
    }
}
