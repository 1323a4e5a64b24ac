//! From the words of a refusal to the places they are about.

use super::places::{Document, Place, Reached};

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// Counts from 1.
    pub line: u32,
    /// Counts from 1, in characters.
    pub column: u32,
    /// As kubectl or the API server said it, without what names the file and the object.
    pub message: String,
}

/// Finds in `refusal` (what kubectl wrote to standard error) what it says about fields, and in `manifest` where they are.
pub fn problems(manifest: &str, refusal: &str) -> Vec<Problem> {
    let documents = match Document::read_all(manifest) {
        Ok(documents) => documents,
        Err(place) => return no_yaml(refusal, place),
    };
    let mut found: Vec<Problem> =
        complaints(refusal).into_iter().map(|complaint| complaint.place_in(&documents)).collect();
    found.sort_by_key(|problem| (problem.line, problem.column));
    found.dedup();
    found
}

/// What a refusal says about one field.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    path: String,
    message: String,
    /// The value that a top-level field must have for the document to be the one that is meant.
    value: Option<String>,
}

impl Complaint {
    fn about(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into(), value: None }
    }

    fn place_in(self, documents: &[Document]) -> Problem {
        let meant =
            |document: &&Document| self.value.as_deref().is_none_or(|value| document.top(&self.path) == Some(value));
        let best = documents
            .iter()
            .filter(meant)
            .map(|document| document.reach(&self.path))
            .reduce(|best: Reached, other| if other.parts > best.parts { other } else { best });
        let place = best.map_or(Place::START, |reached| reached.place);
        Problem { line: place.line, column: place.column, message: self.message }
    }
}

/// `error converting YAML to JSON: yaml: line 3: …`; kubectl knows the line, our own reading the column.
fn no_yaml(refusal: &str, place: Option<Place>) -> Vec<Problem> {
    let Some((_, told)) = refusal.split_once(": yaml: ") else { return Vec::new() };
    let told = told.lines().next().unwrap_or_default();
    let line = told.strip_prefix("line ").and_then(|rest| rest.split_once(':')).and_then(|(n, _)| n.parse().ok());
    let place = place.or(line.map(|line| Place { line, column: 1 })).unwrap_or(Place::START);
    let message = told.split_once(": ").filter(|_| line.is_some()).map_or(told, |(_, message)| message);
    vec![Problem { line: place.line, column: place.column, message: message.to_owned() }]
}

fn complaints(refusal: &str) -> Vec<Complaint> {
    refusal
        .lines()
        .flat_map(|line| [quoted_fields(line), invalid_fields(line), kinds(line), types(line)])
        .flatten()
        .collect()
}

/// `strict decoding error: unknown field "spec.containers[0].envs", duplicate field "x"`
fn quoted_fields(line: &str) -> Vec<Complaint> {
    ["unknown field ", "duplicate field "]
        .into_iter()
        .flat_map(|what| line.split(what).skip(1).filter_map(move |rest| Some((what, quoted(rest)?))))
        .map(|(what, path)| Complaint::about(path, format!("{what}\"{path}\"")))
        .collect()
}

/// `The Pod "x" is invalid: spec.containers[0].image: Required value`, or `* spec…: …` one to a line.
fn invalid_fields(line: &str) -> Vec<Complaint> {
    let one = line.strip_prefix("* ").or_else(|| line.split_once(" is invalid: ").map(|(_, rest)| rest));
    one.and_then(|text| text.split_once(": "))
        .filter(|(path, _)| !path.is_empty() && !path.contains(' '))
        .map(|(path, message)| Complaint::about(path, message))
        .into_iter()
        .collect()
}

/// `no matches for kind "Podd" in version "v1"`, `[apiVersion not set, kind not set]`
fn kinds(line: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    if let Some((_, rest)) = line.split_once("no matches for kind ")
        && let Some(kind) = quoted(rest)
    {
        let message = format!("no matches for kind {}", rest.lines().next().unwrap_or_default());
        found.push(Complaint { path: "kind".into(), message, value: Some(kind.to_owned()) });
    }
    let unset = ["apiVersion not set", "kind not set"].into_iter().filter(|what| line.contains(what));
    found.extend(unset.map(|what| Complaint::about("", what)));
    found
}

/// `json: cannot unmarshal string into Go struct field Container.spec.containers.ports of type …`
fn types(line: &str) -> Vec<Complaint> {
    let Some((before, rest)) = line.split_once(" into Go struct field ") else { return Vec::new() };
    let what = before.rsplit("cannot unmarshal ").next().unwrap_or_default();
    let (field, of) = rest.split_once(" of type ").unwrap_or((rest, ""));
    let path = field.split_once('.').map_or(field, |(_, path)| path);
    let wanted = of.split_whitespace().next().unwrap_or_default();
    vec![Complaint::about(path, format!("{path} is a {what}, but should be {wanted}"))]
}

/// What stands between the quotes that `text` starts with.
fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.split_once('"').map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str =
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: a\n    envs: []\n";

    fn shown(manifest: &str, refusal: &str) -> Vec<String> {
        problems(manifest, refusal).iter().map(|p| format!("{}:{}: {}", p.line, p.column, p.message)).collect()
    }

    #[test]
    fn unknown_fields_are_found_each_at_its_place() {
        let refusal = r#"Error from server (BadRequest): error when creating "p.yaml": Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].envs", unknown field "metadata.nam""#;
        let found = shown(POD, refusal);
        assert_eq!(found, [r#"3:1: unknown field "metadata.nam""#, r#"8:5: unknown field "spec.containers[0].envs""#]);
    }

    #[test]
    fn a_missing_image_points_at_its_container() {
        let refusal = r#"The Pod "web" is invalid: spec.containers[0].image: Required value"#;
        assert_eq!(shown(POD, refusal), ["7:5: Required value"]);
        let list = "The Pod \"web\" is invalid: \n* spec.containers[0].image: Required value\n* metadata.name: Invalid value: \"X\": no\n";
        assert_eq!(shown(POD, list), ["4:3: Invalid value: \"X\": no", "7:5: Required value"]);
    }

    #[test]
    fn an_unknown_kind_is_found_in_its_document() {
        let two = format!("{POD}---\napiVersion: v1\nkind: Podd\n");
        let refusal = r#"error: resource mapping not found for name: "" namespace: "" from "p.yaml": no matches for kind "Podd" in version "v1""#;
        assert_eq!(shown(&two, refusal), [r#"11:1: no matches for kind "Podd" in version "v1""#]);
    }

    #[test]
    fn a_wrong_type_is_found_by_gos_name_for_it() {
        let refusal =
            "json: cannot unmarshal string into Go struct field Container.spec.containers.name of type []v1.EnvVar";
        assert_eq!(shown(POD, refusal), ["7:5: spec.containers.name is a string, but should be []v1.EnvVar"]);
    }

    #[test]
    fn what_is_no_yaml_has_kubectls_words_and_our_column() {
        let refusal = "error: error parsing p.yaml: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context";
        assert_eq!(shown("a: b\nc: d: e\n", refusal), ["2:5: mapping values are not allowed in this context"]);
    }

    #[test]
    fn other_refusals_name_no_place() {
        assert!(shown(POD, "Error from server (AlreadyExists): pods \"web\" already exists").is_empty());
    }
}
