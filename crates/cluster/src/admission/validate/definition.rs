//! CustomResourceDefinitions (apiextensions.k8s.io): names, versions, subresources, columns and conversion.

mod rules;
mod schema;
mod structure;

use serde_json::Value;

use super::{Findings, Path, go_form, metadata, names};
use crate::{
    custom::condition_holds,
    json::{at, flag, has, items, text},
};

/// Groups whose kinds the community has to approve.
const PROTECTED: [&str; 2] = ["k8s.io", "kubernetes.io"];
const APPROVAL: &str = "api-approved.kubernetes.io";
const COLUMN_TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS: [&str; 8] = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
/// How many fields of a version may be selected by.
const MOST_SELECTABLE: usize = 8;

/// A new definition.
pub(super) fn create(found: &mut Findings, definition: &Value) {
    metadata::create(found, definition, names::subdomain);
    let spec = &definition["spec"];
    let (name, wanted) = (text(&definition["metadata"], "name"), name_of(spec));
    if name != wanted {
        found.invalid(&Path::new("metadata").child("name"), name, "must be spec.names.plural+\".\"+spec.group");
    }
    content(found, definition, None);
}

fn name_of(spec: &Value) -> String {
    format!("{}.{}", text(&spec["names"], "plural"), text(spec, "group"))
}

/// What is said of new and of changed definitions.
pub(super) fn content(found: &mut Findings, definition: &Value, old: Option<&Value>) {
    let (spec, path) = (&definition["spec"], Path::new("spec"));
    group(found, text(spec, "group"), &path.child("group"));
    found.one_of(&path, spec, "scope", &["Cluster", "Namespaced"]);
    versions(found, items(spec, "versions"), &path.child("versions"));
    own_names(found, &spec["names"], &path.child("names"));
    shared_parts(found, items(spec, "versions"));
    conversion(found, &spec["conversion"], &path.child("conversion"));
    if let Some(old) = old {
        unchanged(found, old, spec, &path);
    }
    stored_versions(found, definition);
    approval(found, definition, old);
    if flag(spec, "preserveUnknownFields") {
        let why =
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        found.invalid(&path.child("preserveUnknownFields"), true, why);
    }
}

fn group(found: &mut Findings, group: &str, path: &Path) {
    let wrong = names::subdomain(group);
    if group.is_empty() {
        found.required(path, "");
    } else if !wrong.is_empty() {
        found.invalid(path, group, wrong.join(","));
    } else if !group.contains('.') {
        found.invalid(path, group, "should be a domain with at least one dot");
    }
}

/// The parts of a version that are said once for the whole definition when all versions say the same of them. The API
/// server keeps them so, and messages name them so: with one version that is always.
const SHARED: [&str; 4] = ["schema", "subresources", "additionalPrinterColumns", "selectableFields"];

fn is_shared(versions: &[Value], part: &str) -> bool {
    versions.windows(2).all(|pair| at(&pair[0], &[part]) == at(&pair[1], &[part]))
}

fn versions(found: &mut Findings, versions: &[Value], path: &Path) {
    for (index, version) in versions.iter().enumerate() {
        if !version["schema"]["openAPIV3Schema"].is_object() {
            found.required(&path.index(index).child("schema").child("openAPIV3Schema"), "");
        }
    }
    for (index, one) in versions.iter().enumerate() {
        let wrong = names::old_label(text(one, "name"));
        if !wrong.is_empty() {
            found.invalid(&path.index(index).child("name"), text(one, "name"), wrong.join(","));
        }
        deprecation(found, one, &path.index(index).child("deprecationWarning"));
        for part in SHARED.into_iter().filter(|part| !is_shared(versions, part)) {
            let at = path.index(index).child(part);
            self::part(found, one, part, &if part == "schema" { at.child("openAPIV3Schema") } else { at });
        }
    }
    let names: Vec<&str> = versions.iter().map(|version| text(version, "name")).collect();
    let mut seen = names.clone();
    seen.sort_unstable();
    if seen.windows(2).any(|pair| pair[0] == pair[1]) {
        found.invalid_shown(path, versions_shown(versions), "must contain unique version names");
    }
    if versions.iter().filter(|version| flag(version, "storage")).count() != 1 {
        let shown = versions_shown(versions);
        found.invalid_shown(path, shown, "must have exactly one version marked as storage version");
    }
    // The first version's name is kept as the one of the definition, as once was the only one.
    let first = names.first().copied().unwrap_or("");
    let wrong = names::old_label(first);
    if !names.is_empty() && !wrong.is_empty() {
        found.invalid(&Path::new("spec").child("version"), first, wrong.join(","));
    }
}

/// What all versions say alike.
fn shared_parts(found: &mut Findings, versions: &[Value]) {
    let Some(first) = versions.first() else { return };
    for part in SHARED.into_iter().filter(|part| is_shared(versions, part)) {
        let spec = Path::new("spec");
        let at = if part == "schema" { spec.child("validation").child("openAPIV3Schema") } else { spec.child(part) };
        self::part(found, first, part, &at);
    }
}

fn part(found: &mut Findings, version: &Value, part: &str, path: &Path) {
    match part {
        "schema" => {
            let has_status = version["subresources"]["status"].is_object();
            if let Some(schema) = version["schema"].get("openAPIV3Schema") {
                schema::root(found, schema, has_status, path);
            }
        }
        "subresources" => scale(found, &version["subresources"]["scale"], path),
        "selectableFields" => selectable(found, version, path),
        _ => {
            for (index, one) in items(version, part).iter().enumerate() {
                column(found, one, &path.index(index));
            }
        }
    }
}

/// The versions as the API server writes them, without what they share.
fn versions_shown(versions: &[Value]) -> String {
    let own: Vec<Value> = versions
        .iter()
        .map(|version| {
            let mut version = version.clone();
            for part in SHARED.into_iter().filter(|part| is_shared(versions, part)) {
                crate::json::take(&mut version, part);
            }
            version
        })
        .collect();
    let shown: Vec<String> = own.iter().map(|version| go_form::shown("Version", version).compact()).collect();
    if versions.is_empty() { "null".to_owned() } else { format!("[{}]", shown.join(",")) }
}

fn deprecation(found: &mut Findings, version: &Value, path: &Path) {
    let Some(warning) = version.get("deprecationWarning").and_then(Value::as_str) else { return };
    if !flag(version, "deprecated") {
        return found.invalid(path, warning, "can only be set for deprecated versions");
    }
    if warning.len() > 256 {
        found.invalid(path, warning, "must be <= 256 characters long");
    }
    if warning.is_empty() {
        found.invalid(path, warning, "must not be an empty string");
    }
}

fn scale(found: &mut Findings, scale: &Value, path: &Path) {
    if !scale.is_object() {
        return;
    }
    for (key, root) in [("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")] {
        let (given, at) = (text(scale, key), path.child(&format!("scale.{key}")));
        if given.is_empty() {
            found.required(&at, "");
        } else if simple_path(found, given, &at) && !given.starts_with(root) {
            found.invalid(&at, given, format!("should be a json path under {}", root.trim_end_matches('.')));
        }
    }
    let (selector, at) = (text(scale, "labelSelectorPath"), path.child("scale.labelSelectorPath"));
    let elsewhere = !selector.starts_with(".spec.") && !selector.starts_with(".status.");
    if !selector.is_empty() && simple_path(found, selector, &at) && elsewhere {
        found.invalid(&at, selector, "should be a json path under either .spec or .status");
    }
}

fn simple_path(found: &mut Findings, given: &str, path: &Path) -> bool {
    let simple = given.starts_with('.');
    if !simple {
        found.invalid(path, given, "must be a simple json path starting with .");
    }
    simple
}

fn column(found: &mut Findings, column: &Value, path: &Path) {
    if text(column, "name").is_empty() {
        found.required(&path.child("name"), "");
    }
    let kinds = format!("must be one of {}", COLUMN_TYPES.join(","));
    match text(column, "type") {
        "" => found.required(&path.child("type"), &kinds),
        known if COLUMN_TYPES.contains(&known) => {}
        other => found.invalid(&path.child("type"), other, kinds),
    }
    let format = text(column, "format");
    if !format.is_empty() && !COLUMN_FORMATS.contains(&format) {
        found.invalid(&path.child("format"), format, format!("must be one of {}", COLUMN_FORMATS.join(",")));
    }
    match text(column, "jsonPath") {
        "" => found.required(&path.child("JSONPath"), ""),
        given => drop(simple_path(found, given, &path.child("JSONPath"))),
    }
}

fn selectable(found: &mut Findings, version: &Value, path: &Path) {
    let schema = &version["schema"]["openAPIV3Schema"];
    let fields = items(version, "selectableFields");
    let mut seen = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let (given, at) = (text(field, "jsonPath"), path.index(index).child("jsonPath"));
        if given.is_empty() {
            found.required(&at, "");
            continue;
        }
        let mut steps = given.trim_start_matches('.').split('.');
        let target = steps.try_fold(schema, |schema, name| schema["properties"].get(name));
        let Some(target) = target else {
            found.invalid(&at, given, "is an invalid path: does not refer to a valid field");
            continue;
        };
        if given.starts_with(".metadata") {
            found.invalid(&at, given, "must not point to fields in metadata");
        }
        if !["string", "boolean", "integer"].contains(&text(target, "type")) {
            let why = "must point to a field of type string, boolean or integer. Enum string fields and strings with \
                       formats are allowed.";
            found.invalid(&at, given, why);
        }
        if seen.contains(&given) {
            found.duplicate(&at, given);
        }
        seen.push(given);
    }
    if seen.len() > MOST_SELECTABLE {
        found.too_many(path, seen.len(), MOST_SELECTABLE);
    }
}

fn own_names(found: &mut Findings, given: &Value, path: &Path) {
    for key in ["plural", "singular", "kind", "listKind"] {
        if text(given, key).is_empty() {
            found.required(&path.child(key), "");
        }
    }
    for key in ["plural", "singular"] {
        let name = text(given, key);
        let wrong = names::old_label(name);
        if !name.is_empty() && !wrong.is_empty() {
            found.invalid(&path.child(key), name, wrong.join(","));
        }
    }
    for key in ["kind", "listKind"] {
        let name = text(given, key);
        let wrong = names::old_label(&name.to_lowercase());
        if !name.is_empty() && !wrong.is_empty() {
            let why = format!("may have mixed case, but should otherwise match: {}", wrong.join(","));
            found.invalid(&path.child(key), name, why);
        }
    }
    for key in ["shortNames", "categories"] {
        for (index, name) in items(given, key).iter().filter_map(Value::as_str).enumerate() {
            let wrong = names::old_label(name);
            if !wrong.is_empty() {
                found.invalid(&path.child(key).index(index), name, wrong.join(","));
            }
        }
    }
    if !text(given, "kind").is_empty() && text(given, "kind") == text(given, "listKind") {
        found.invalid(&path.child("listKind"), text(given, "listKind"), "kind and listKind may not be the same");
    }
}

/// Nothing in a sandbox could call a webhook, so its versions are converted by name alone.
fn conversion(found: &mut Findings, conversion: &Value, path: &Path) {
    found.one_of(path, conversion, "strategy", &["None", "Webhook"]);
    let webhook = &conversion["webhook"];
    let reviews = items(webhook, "conversionReviewVersions");
    match text(conversion, "strategy") {
        "Webhook" if !webhook["clientConfig"].is_object() || reviews.is_empty() => {
            if !webhook["clientConfig"].is_object() {
                found.required(&path.child("webhookClientConfig"), "required when strategy is set to Webhook");
            }
            if reviews.is_empty() {
                found.required(&path.child("conversionReviewVersions"), "");
            }
        }
        "Webhook" => {
            let why = "this sandbox's API server can't call webhooks, so nothing would convert the objects; set it to \
                       None, and keep the versions' schemas alike";
            found.forbidden(&path.child("strategy"), why);
        }
        _ => {
            let why = "should not be set when strategy is not set to Webhook";
            if webhook["clientConfig"].is_object() {
                found.forbidden(&path.child("webhookClientConfig"), why);
            }
            if !reviews.is_empty() {
                found.forbidden(&path.child("conversionReviewVersions"), why);
            }
        }
    }
}

fn unchanged(found: &mut Findings, old: &Value, spec: &Value, path: &Path) {
    let before = &old["spec"];
    let mut keep = |steps: &[&str]| {
        let at_path = steps.iter().fold(path.clone(), |path, step| path.child(step));
        found.immutable(&at_path, at(spec, steps), at(before, steps));
    };
    if condition_holds(old, "Established") {
        keep(&["scope"]);
        keep(&["names", "kind"]);
    }
    keep(&["group"]);
    keep(&["names", "plural"]);
}

/// Objects may still be stored in every version that ever was the stored one.
fn stored_versions(found: &mut Findings, definition: &Value) {
    let versions = items(&definition["spec"], "versions");
    let path = Path::new("status").child("storedVersions");
    let stored = items(&definition["status"], "storedVersions");
    if stored.is_empty() {
        return found.invalid(&path, Value::Null, "must have at least one stored version");
    }
    for (index, name) in stored.iter().filter_map(Value::as_str).enumerate() {
        if !versions.iter().any(|version| text(version, "name") == name) {
            let why = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions \
                 until a storage migration ensures no data remains persisted in {name} and removes {name} from \
                 status.storedVersions"
            );
            found.invalid(&path.index(index), name, why);
        }
    }
}

fn approval(found: &mut Findings, definition: &Value, old: Option<&Value>) {
    let group = text(&definition["spec"], "group");
    let protected = PROTECTED.iter().any(|root| group == *root || group.ends_with(&format!(".{root}")));
    let given = |definition: &Value| definition["metadata"]["annotations"][APPROVAL].clone();
    if !protected || old.is_some_and(|old| given(old) == given(definition)) {
        return;
    }
    let path = Path::new("metadata").child("annotations").key(APPROVAL);
    let annotation = given(definition);
    match annotation.as_str().unwrap_or_default() {
        "" => {
            let why = format!(
                "protected groups must have approval annotation \"{APPROVAL}\", see \
                 https://github.com/kubernetes/enhancements/pull/1111"
            );
            found.required(&path, &why);
        }
        given if given.starts_with("https://") || given.starts_with("http://") || given.starts_with("unapproved") => {}
        given => {
            let why = format!(
                "protected groups must have approval annotation \"{APPROVAL}\" with either a URL or a reason starting \
                 with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111"
            );
            found.invalid(&path, given, why);
        }
    }
}

/// Whether a schema's field is there and not empty.
fn says(schema: &Value, key: &str) -> bool {
    has(schema, key) && !crate::json::zero(schema, key)
}
