//! The older form of the pages, `--output plaintext-openapiv2`, from the server's Swagger document.

use serde_json::Value;

use crate::{
    failure::{Failure, Outcome},
    resolve::Resource,
    server::JSON,
    session::Session,
};

/// The page ends here on the right.
const WIDTH: usize = 80;
/// Blanks before fields, for each level.
const FIELD: usize = 3;
/// Blanks before what is said about something.
const TEXT: usize = 5;

/// What is said where the document cannot be read.
const NOT_READ: &str = "this server does not offer what the older form of these pages is made of: leave --output away";

/// The page of a resource, or of the field at the end of a path.
pub async fn page(session: &Session, resource: &Resource, path: &[String], recursive: bool) -> Outcome<String> {
    let document = session.server.get("/openapi/v2?timeout=32s", JSON).await.map_err(|failure| match failure {
        // Some servers have it in no form but protobuf.
        Failure::Said(_) => Failure::said(NOT_READ),
        other => other,
    })?;
    let document = Document(&document);
    let schema = document.of(resource).ok_or_else(|| {
        Failure::Said(format!("couldn't find resource for \"{}, Kind={}\"", resource.api_version(), resource.kind))
    })?;
    let field = path.iter().try_fold(schema, |schema, name| {
        document.field(schema, name).ok_or_else(|| Failure::Said(format!("field {name:?} does not exist")))
    })?;
    let head = format!("KIND:     {}\nVERSION:  {}\n\n", resource.kind, resource.api_version());
    Ok(head + &document.about(field, path.last().map(String::as_str), recursive))
}

/// A Swagger document.
struct Document<'a>(&'a Value);

impl<'a> Document<'a> {
    fn of(&self, resource: &Resource) -> Option<&'a Value> {
        let is = |entry: &Value| {
            entry["group"] == resource.group.as_str()
                && entry["version"] == resource.version.as_str()
                && entry["kind"] == resource.kind.as_str()
        };
        let named = |schema: &&Value| {
            schema["x-kubernetes-group-version-kind"].as_array().is_some_and(|all| all.iter().any(is))
        };
        self.0["definitions"].as_object()?.values().find(named)
    }

    fn referred(&self, schema: &Value) -> Option<&'a Value> {
        self.0.pointer(schema["$ref"].as_str()?.trim_start_matches('#'))
    }

    /// What a schema leads to, of which it has only more or says how many.
    fn below(&self, schema: &'a Value) -> Option<&'a Value> {
        let inner = ["items", "additionalProperties"].into_iter().find_map(|name| schema.get(name));
        self.referred(schema).or(inner.filter(|inner| inner.is_object()))
    }

    fn field(&self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        match schema.get("properties") {
            Some(properties) => properties.get(name),
            None => self.field(self.below(schema)?, name),
        }
    }

    fn kind(&self, schema: &'a Value) -> String {
        if let Some(target) = self.referred(schema) {
            return self.kind(target);
        }
        match schema["type"].as_str() {
            Some("array") => format!("[]{}", self.kind(&schema["items"])),
            _ if schema.get("properties").is_some() => "Object".to_owned(),
            Some("object") => format!("map[string]{}", self.kind(&schema["additionalProperties"])),
            other => other.unwrap_or_default().to_owned(),
        }
    }

    fn about(&self, schema: &'a Value, name: Option<&str>, recursive: bool) -> String {
        let (mut last, mut texts) = (schema, vec![description(schema)]);
        while let Some(below) = self.below(last) {
            texts.push(description(below));
            last = below;
        }
        let has_fields = last.get("properties").is_some();
        let name = name.map_or_else(String::new, |name| {
            let word = if has_fields { "RESOURCE:" } else { "FIELD:   " };
            format!("{word} {name} <{}>\n\n", self.kind(schema))
        });
        let mut about = String::new();
        for (at, text) in texts.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            about.push_str(if at > 0 { "\n" } else { "" });
            about.push_str(&indented(&wrapped(text, WIDTH - TEXT), TEXT));
        }
        if about.is_empty() {
            about = format!("{}<empty>\n", " ".repeat(TEXT));
        }
        let mut page = format!("{name}DESCRIPTION:\n{about}");
        if has_fields {
            let fields = if recursive { self.tree(last, 1, &mut Vec::new()) } else { self.fields(last) };
            page.push_str(&format!("\nFIELDS:\n{fields}"));
        }
        page
    }

    fn fields(&self, schema: &'a Value) -> String {
        let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        let one = |(name, field): (&'a String, &'a Value)| {
            let mark = if required(name) { " -required-" } else { "" };
            let about = indented(&wrapped(description(field), WIDTH - TEXT), TEXT);
            format!("{}{name}\t<{}>{mark}\n{about}\n", " ".repeat(FIELD), self.kind(field))
        };
        schema["properties"].as_object().into_iter().flatten().map(one).collect()
    }

    fn tree(&self, schema: &'a Value, level: usize, seen: &mut Vec<&'a str>) -> String {
        let name = schema["$ref"].as_str();
        if name.is_some_and(|name| seen.contains(&name)) {
            return String::new();
        }
        let known = seen.len();
        seen.extend(name);
        let mut text = String::new();
        match (schema["properties"].as_object(), self.below(schema)) {
            (Some(fields), _) => {
                for (name, field) in fields {
                    text.push_str(&format!("{}{name}\t<{}>\n", " ".repeat(FIELD * level), self.kind(field)));
                    text.push_str(&self.tree(field, level + 1, seen));
                }
            }
            (None, Some(below)) => text = self.tree(below, level, seen),
            (None, None) => {}
        }
        seen.truncate(known);
        text
    }
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

fn indented(lines: &[String], by: usize) -> String {
    let pad = " ".repeat(by);
    lines.iter().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{pad}{line}\n") }).collect()
}

/// Words in lines; lists, what is set off by blanks, and what follows a colon begin lines of their own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut last) = (Vec::new(), String::new());
    let flush = |last: &mut String, lines: &mut Vec<String>| {
        if !last.is_empty() {
            lines.push(std::mem::take(last));
        }
    };
    for line in text.split('\n') {
        if line.starts_with("    ") {
            flush(&mut last, &mut lines);
            lines.push(line.to_owned());
            continue;
        }
        if line.trim().is_empty() && !lines.is_empty() {
            flush(&mut last, &mut lines);
            lines.push(String::new());
            continue;
        }
        if last.ends_with(':') || line.trim().is_empty() || is_listed(line.trim()) {
            flush(&mut last, &mut lines);
        }
        for word in line.split_whitespace() {
            if !last.is_empty() && last.len() + 1 + word.len() > width {
                flush(&mut last, &mut lines);
            }
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    flush(&mut last, &mut lines);
    lines
}

/// `- …`, `* …`, `1. …`.
fn is_listed(line: &str) -> bool {
    let Some((mark, _)) = line.split_once(char::is_whitespace) else { return false };
    let digits = mark.strip_suffix('.').unwrap_or(mark);
    matches!(mark, "-" | "*") || !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_and_sections_begin_lines() {
        let text = "One two\nthree.\n\nPossible:\n- a\n- b\n    code  x\nend";
        assert_eq!(wrapped(text, 20), ["One two three.", "Possible:", "- a", "- b", "    code  x", "end"]);
    }

    #[test]
    fn a_schema_that_contains_itself_is_shown_once() {
        let document = json!({"definitions": {"Tree": {
            "description": "A tree.", "required": ["name"],
            "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Tree"}],
            "properties": {"name": {"type": "string"}, "below": {"type": "array", "items": {"$ref": "#/definitions/Tree"}}},
        }}});
        let document = Document(&document);
        let tree = document.of(&Resource::guessed("v1", "Tree")).expect("it is there");
        insta::assert_snapshot!(document.about(tree, None, true), @r"
        DESCRIPTION:
             A tree.

        FIELDS:
           below	<[]Object>
              below	<[]Object>
              name	<string>
           name	<string>
        ");
    }
}
