//! `x-kubernetes-validations`: what a definition's author says in CEL.

mod check;
mod cost;
mod functions;
mod values;

use std::collections::BTreeMap;

use cel::{Context, ExecutionError, Program};
use serde_json::Value;

use super::validate::counterpart;
use crate::{
    admission::field::{Fault, FieldError},
    json::{flag, text},
};

pub(crate) use self::check::{Stranger, compile, strangers, type_of_field};

/// The rules of a schema and of what is in it.
#[derive(Debug, Default)]
pub(super) struct Rules {
    schema: Value,
    own: Vec<Rule>,
    fields: BTreeMap<String, Rules>,
    others: Option<Box<Rules>>,
    entries: Option<Box<Rules>>,
}

struct Rule {
    /// As the author wrote it.
    source: Value,
    /// What is wrong with it, if it can't be run; definitions with such rules are refused.
    program: Result<Program, String>,
    message: Option<Program>,
    needs_old: bool,
    /// `optionalOldSelf`: it is asked of new values too, and `oldSelf` may be nothing.
    bears_none: bool,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Rule").field(&self.source).finish()
    }
}

impl Rule {
    fn of(source: &Value) -> Self {
        let program = compile(text(source, "rule"));
        let needs_old = program.as_ref().is_ok_and(|program| program.references().has_variable("oldSelf"));
        let message = text(source, "messageExpression");
        let message = Some(message).filter(|text| !text.is_empty()).and_then(|text| compile(text).ok());
        let bears_none = flag(source, "optionalOldSelf");
        Self { source: source.clone(), program, message, needs_old, bears_none }
    }

    /// The author's words, or the rule itself.
    fn said(&self) -> &str {
        match text(&self.source, "message").trim() {
            "" => text(&self.source, "rule").trim(),
            message => message,
        }
    }

    fn said_or_default(&self) -> String {
        let default = text(&self.source, "message").is_empty();
        if default { format!("failed rule: {}", self.said()) } else { self.said().to_owned() }
    }
}

impl Rules {
    /// Collects the rules of a schema.
    pub(super) fn of(schema: &Value) -> Self {
        let inner = |schema: &Value| schema.is_object().then(|| Self::of(schema)).filter(|rules| !rules.is_empty());
        let own: Vec<Rule> =
            schema["x-kubernetes-validations"].as_array().into_iter().flatten().map(Rule::of).collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        Self {
            // Only who has rules needs to know what is in a value.
            schema: if own.is_empty() { stem(schema) } else { schema.clone() },
            own,
            fields: properties.filter_map(|(key, schema)| Some((key.clone(), inner(schema)?))).collect(),
            others: inner(&schema["additionalProperties"]).map(Box::new),
            entries: inner(&schema["items"]).map(Box::new),
        }
    }

    fn is_empty(&self) -> bool {
        self.own.is_empty() && self.fields.is_empty() && self.others.is_none() && self.entries.is_none()
    }

    /// What the rules have against an object.
    pub(super) fn check(&self, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
        let mut found = Vec::new();
        self.walk(object, old, "", &mut found);
        found
    }

    fn walk(&self, value: &Value, old: Option<&Value>, path: &str, found: &mut Vec<FieldError>) {
        if value.is_null() {
            return;
        }
        if !self.own.is_empty() {
            self.ask(value, old, path, found);
        }
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let (rules, at) = match (self.fields.get(key), path) {
                        (Some(rules), "") => (rules, key.clone()),
                        (Some(rules), _) => (rules, format!("{path}.{key}")),
                        (None, _) => match &self.others {
                            Some(rules) => (rules.as_ref(), format!("{path}[{key}]")),
                            None => continue,
                        },
                    };
                    rules.walk(value, old.and_then(|old| old.get(key)), &at, found);
                }
            }
            Value::Array(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    if let Some(rules) = &self.entries {
                        let before = counterpart(&self.schema, entry, old);
                        rules.walk(entry, before, &format!("{path}[{index}]"), found);
                    }
                }
            }
            _ => {}
        }
    }

    /// Asks the rules of this very value.
    fn ask(&self, value: &Value, old: Option<&Value>, path: &str, found: &mut Vec<FieldError>) {
        let context = |bears_none: bool| {
            let mut context = Context::with_env(functions::environment());
            context.add_variable_from_value("self", values::of(&self.schema, value));
            let old = old.map(|old| values::of(&self.schema, old));
            if bears_none {
                context.add_variable_from_value("oldSelf", values::optional(old));
            } else if let Some(old) = old {
                context.add_variable_from_value("oldSelf", old);
            }
            context
        };
        let plain = context(false);
        for rule in &self.own {
            let skipped = match (rule.needs_old, rule.bears_none) {
                (true, true) => false,
                (true, false) => old.is_none(),
                (false, _) => old == Some(value),
            };
            if skipped {
                continue;
            }
            if rule.bears_none {
                found.extend(self.judge(rule, &context(true), (value, old), path));
            } else {
                found.extend(self.judge(rule, &plain, (value, old), path));
            }
        }
    }

    fn judge(
        &self,
        rule: &Rule,
        context: &Context<'_, '_>,
        (value, old): (&Value, Option<&Value>),
        path: &str,
    ) -> Option<FieldError> {
        let at = if path.is_empty() { "<nil>" } else { path };
        let broken =
            |why: String| Some(FieldError::new(Fault::Invalid, at, why).with_value(text(&self.schema, "type").into()));
        let program = match &rule.program {
            Ok(program) => program,
            Err(why) => return broken(format!("rule compile error: {why}")),
        };
        if cost::is_too_much(program, value, old) {
            let why = "validation failed due to running out of cost budget, no further validation rules will be run";
            return broken(why.to_owned());
        }
        match program.execute(context) {
            Ok(cel::Value::Bool(true)) => None,
            Ok(_) => Some(self.refused(rule, context, value, at)),
            Err(error @ ExecutionError::NoSuchOverload(_)) => broken(format!(
                "'no such overload: {error}': call arguments did not match a supported operator, function or macro \
                 signature for rule: {}",
                rule.said()
            )),
            Err(error) => broken(format!("{} evaluating rule: {}", lower_first(&error.to_string()), rule.said())),
        }
    }

    fn refused(&self, rule: &Rule, context: &Context<'_, '_>, value: &Value, at: &str) -> FieldError {
        let computed = rule.message.as_ref().and_then(|program| match program.execute(context) {
            Ok(cel::Value::String(text)) => Some(text.trim().to_owned()),
            _ => None,
        });
        let detail = computed.filter(|text| !text.is_empty() && !text.contains('\n'));
        let detail = detail.unwrap_or_else(|| rule.said_or_default());
        let beneath = text(&rule.source, "fieldPath");
        let at = match (at, beneath) {
            (at, "") => at.to_owned(),
            ("<nil>", beneath) => beneath.trim_start_matches('.').to_owned(),
            (at, beneath) => format!("{at}{beneath}"),
        };
        let shown = |error: FieldError| {
            if value.is_object() || value.is_array() { error } else { error.with_value(value.clone()) }
        };
        match text(&rule.source, "reason") {
            "FieldValueForbidden" => FieldError::new(Fault::Forbidden, at, detail),
            "FieldValueRequired" => FieldError::new(Fault::Required, at, detail),
            "FieldValueDuplicate" => shown(FieldError::new(Fault::Duplicate, at, "")),
            _ => shown(FieldError::new(Fault::Invalid, at, detail)),
        }
    }
}

/// A schema without what is in it: what telling entries of a list apart needs.
fn stem(schema: &Value) -> Value {
    let mut stem = serde_json::Map::new();
    for key in ["type", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"] {
        if let Some(value) = schema.get(key) {
            stem.insert(key.to_owned(), value.clone());
        }
    }
    stem.into()
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
