//! `x-kubernetes-validations` in a definition's schema.

use serde_json::{Value, json};

use super::{Findings, Path};
use crate::{
    custom::{compile, strangers},
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
        let mut steps = beneath.trim_start_matches('.').split('.');
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
                    found.invalid(&at.child(key), rule.clone(), format!("{lead}{why}"));
                    continue;
                }
            };
            for why in strangers(&program, schema) {
                found.invalid(&at.child(key), rule.clone(), format!("{lead}ERROR: <input>:1:1: {why}"));
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
