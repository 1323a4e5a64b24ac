//! Reading a rule, and what can be told of it without an object.

use cel::{
    Program,
    common::ast::{Expr, IdedExpr},
};

use super::{functions, values};

/// Reads a rule.
///
/// # Errors
/// The parser's words.
pub(crate) fn compile(rule: &str) -> Result<Program, String> {
    functions::environment().compile(rule).map_err(|errors| errors.to_string())
}

/// What a rule refers to and is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// A variable.
    Name(String),
    /// A field that the schema does not know.
    Field(String),
}

/// The type of the field of the object that a rule is, if it is nothing else.
pub(crate) fn type_of_field<'s>(program: &Program, schema: &'s serde_json::Value) -> Option<&'s str> {
    // `has(self.x)` looks like the field, and is a boolean.
    let is_asked = matches!(&program.expression().expr, Expr::Select(select) if select.test);
    let field = field_of(program.expression(), schema).filter(|_| !is_asked)?.ok()??;
    field["type"].as_str().filter(|kind| !kind.is_empty())
}

/// What a rule of a schema refers to and is not there.
pub(crate) fn strangers(program: &Program, schema: &serde_json::Value) -> Vec<Stranger> {
    let mut found = Vec::new();
    walk(program.expression(), schema, &mut vec!["self".to_owned(), "oldSelf".to_owned()], &mut found);
    found
}

fn walk(expression: &IdedExpr, schema: &serde_json::Value, known: &mut Vec<String>, found: &mut Vec<Stranger>) {
    match &expression.expr {
        // What is generated has signs in its name that nobody can write.
        Expr::Ident(name) if !known.contains(name) && !name.starts_with(['@', '#']) && !is_type(name) => {
            found.push(Stranger::Name(name.clone()));
        }
        Expr::Select(select) => match field_of(expression, schema) {
            Some(Err(name)) => found.push(Stranger::Field(name)),
            Some(Ok(_)) => {}
            None => walk(&select.operand, schema, known, found),
        },
        Expr::Call(call) => {
            if let Some(target) = call.target.as_deref().filter(|target| !is_namespace(target)) {
                walk(target, schema, known, found);
            }
            call.args.iter().for_each(|part| walk(part, schema, known, found));
        }
        Expr::List(list) => list.elements.iter().for_each(|part| walk(part, schema, known, found)),
        Expr::Comprehension(one) => {
            walk(&one.iter_range, schema, known, found);
            walk(&one.accu_init, schema, known, found);
            let before = known.len();
            known.extend([one.iter_var.clone(), one.accu_var.clone()]);
            known.extend(one.iter_var2.clone());
            [&one.loop_cond, &one.loop_step, &one.result].into_iter().for_each(|part| walk(part, schema, known, found));
            known.truncate(before);
        }
        _ => {}
    }
}

/// The schema that a chain of fields on `self` leads to, or the first field that is not there; nothing for other
/// expressions and where the schema does not say.
fn field_of<'s>(
    expression: &IdedExpr,
    schema: &'s serde_json::Value,
) -> Option<Result<Option<&'s serde_json::Value>, String>> {
    match &expression.expr {
        Expr::Ident(name) if name == "self" || name == "oldSelf" => Some(Ok(Some(schema))),
        Expr::Select(select) => match field_of(&select.operand, schema)? {
            Ok(Some(schema)) if values::is_open(schema) => Some(Ok(None)),
            Ok(Some(schema)) => {
                let fields = schema["properties"].as_object()?;
                let named = fields.iter().find(|(key, _)| values::escaped(key) == select.field);
                Some(named.map(|(_, inner)| Some(inner)).ok_or_else(|| select.field.clone()))
            }
            other => Some(other),
        },
        _ => None,
    }
}

/// Names of types are values too.
fn is_type(name: &str) -> bool {
    [
        "bool",
        "bytes",
        "double",
        "duration",
        "dyn",
        "int",
        "list",
        "map",
        "null_type",
        "string",
        "timestamp",
        "type",
        "uint",
    ]
    .contains(&name)
}

/// `optional.of(x)`, `strings.quote(x)`: the first word is no value.
fn is_namespace(target: &IdedExpr) -> bool {
    matches!(&target.expr, Expr::Ident(name) if name == "optional" || name == "strings" || name == "math")
}
