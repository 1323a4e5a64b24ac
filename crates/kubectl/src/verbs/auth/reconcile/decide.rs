//! What a role or binding lacks and has too much of, compared with what a file says.

use serde_json::{Map, Value, json};

use crate::failure::text_at;

/// An object with this annotation set to `false` wants to be left alone.
const AUTO_UPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";

/// Whether what a file does not say is taken away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Removal {
    /// From the rules of roles.
    pub rules: bool,
    /// From the subjects of bindings.
    pub subjects: bool,
}

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Nothing.
    None,
    /// The object is made.
    Create,
    /// The object is changed.
    Update,
    /// The object is deleted and made anew: a binding's role cannot be changed.
    Recreate,
}

/// How what is there differs from what should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The object as it shall be.
    pub object: Value,
    /// What that takes.
    pub operation: Operation,
    /// Whether the object wants to be left alone.
    pub protected: bool,
    /// The uid of the object that goes, where one does.
    pub replaced: Value,
    missing_rules: Vec<Value>,
    extra_rules: Vec<Value>,
    missing_subjects: Vec<Value>,
    extra_subjects: Vec<Value>,
}

impl Difference {
    fn of(object: Value, operation: Operation) -> Self {
        Self {
            object,
            operation,
            protected: false,
            replaced: Value::Null,
            missing_rules: Vec::new(),
            extra_rules: Vec::new(),
            missing_subjects: Vec::new(),
            extra_subjects: Vec::new(),
        }
    }

    /// What is said about it beside its name.
    pub fn text(&self, removal: Removal) -> String {
        let word = match self.operation {
            Operation::None => return String::new(),
            Operation::Create => "create",
            Operation::Update => "update",
            Operation::Recreate => "recreate",
        };
        let caveat =
            if self.protected { format!(", but object opted out ({AUTO_UPDATE}: false)") } else { String::new() };
        let list = |all: &[Value], head: &str, show: fn(&Value) -> String| {
            let lines: String = all.iter().map(|one| format!("\t\t{}\n", show(one))).collect();
            if lines.is_empty() { lines } else { format!("\t{head}:\n{lines}") }
        };
        let extra = |all: &[Value], on: bool| if on { all.to_vec() } else { Vec::new() };
        [
            format!("\treconciliation required {word}{caveat}\n"),
            list(&self.missing_subjects, "missing subjects added", subject),
            list(&extra(&self.extra_subjects, removal.subjects), "extra subjects removed", subject),
            list(&self.missing_rules, "missing rules added", rule),
            list(&extra(&self.extra_rules, removal.rules), "extra rules removed", rule),
        ]
        .concat()
    }
}

/// A subject as Go prints it.
fn subject(value: &Value) -> String {
    let text = |name: &str| text_at(value, name).to_owned();
    format!(
        "{{Kind:{} APIGroup:{} Name:{} Namespace:{}}}",
        text("/kind"),
        text("/apiGroup"),
        text("/name"),
        text("/namespace")
    )
}

/// A rule as Go prints it.
fn rule(value: &Value) -> String {
    let list = |name: &str| texts(value, name).join(" ");
    format!(
        "{{Verbs:[{}] APIGroups:[{}] Resources:[{}] ResourceNames:[{}] NonResourceURLs:[{}]}}",
        list("verbs"),
        list("apiGroups"),
        list("resources"),
        list("resourceNames"),
        list("nonResourceURLs")
    )
}

fn texts<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    value[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn list(value: &Value, name: &str) -> Vec<Value> {
    value[name].as_array().cloned().unwrap_or_default()
}

/// Subjects with the group that they have when they say none.
fn subjects(value: &Value) -> Vec<Value> {
    let mut all = list(value, "subjects");
    for one in &mut all {
        if matches!(text_at(one, "/kind"), "User" | "Group") && text_at(one, "/apiGroup").is_empty() {
            one["apiGroup"] = super::GROUP.into();
        }
    }
    all
}

/// Of an object that is not there.
pub fn missing(object: &Value) -> Difference {
    Difference {
        missing_rules: list(object, "rules"),
        missing_subjects: subjects(object),
        ..Difference::of(object.clone(), Operation::Create)
    }
}

/// Of an object that is there.
pub fn between(wanted: &Value, existing: &Value, removal: Removal) -> Difference {
    if wanted.get("roleRef").is_some_and(|reference| !same_role(reference, &existing["roleRef"])) {
        let replaced = existing["metadata"]["uid"].clone();
        return Difference { replaced, ..Difference::of(wanted.clone(), Operation::Recreate) };
    }
    let mut found = Difference::of(existing.clone(), Operation::None);
    found.protected = existing["metadata"]["annotations"][AUTO_UPDATE] == "false";
    for field in ["annotations", "labels"] {
        if add_all(&mut found.object, field, &wanted["metadata"][field]) {
            found.operation = Operation::Update;
        }
    }
    if wanted.get("roleRef").is_some() {
        found.compare_subjects(wanted, existing, removal.subjects);
    } else {
        found.compare_rules(wanted, existing, removal.rules);
        found.compare_aggregation(wanted, existing, removal.rules);
    }
    found
}

fn same_role(wanted: &Value, existing: &Value) -> bool {
    let group = |reference: &Value| match text_at(reference, "/apiGroup") {
        "" => super::GROUP.to_owned(),
        group => group.to_owned(),
    };
    group(wanted) == group(existing) && wanted["kind"] == existing["kind"] && wanted["name"] == existing["name"]
}

/// Adds what an object's labels or annotations lack; what they have stays.
fn add_all(object: &mut Value, field: &str, wanted: &Value) -> bool {
    let Some(wanted) = wanted.as_object().filter(|map| !map.is_empty()) else { return false };
    if !object["metadata"][field].is_object() {
        object["metadata"][field] = Value::Object(Map::new());
    }
    let Some(held) = object["metadata"][field].as_object_mut() else { return false };
    let known = held.len();
    for (key, value) in wanted {
        held.entry(key.clone()).or_insert_with(|| value.clone());
    }
    held.len() > known
}

impl Difference {
    /// Adds what is missing to a list, or puts the wanted list in its place.
    fn settle(&mut self, name: &str, wanted: Vec<Value>, missing: &[Value], extra: &[Value], remove: bool) {
        if remove && !(missing.is_empty() && extra.is_empty()) {
            self.object[name] = wanted.into();
            self.operation = Operation::Update;
        } else if !remove && !missing.is_empty() {
            let mut all = list(&self.object, name);
            all.extend_from_slice(missing);
            self.object[name] = all.into();
            self.operation = Operation::Update;
        }
    }

    fn compare_subjects(&mut self, wanted: &Value, existing: &Value, remove: bool) {
        let (wanted, existing) = (subjects(wanted), subjects(existing));
        let (missing, extra) = (without(&wanted, &existing), without(&existing, &wanted));
        self.settle("subjects", wanted, &missing, &extra, remove);
        (self.missing_subjects, self.extra_subjects) = (missing, extra);
    }

    fn compare_rules(&mut self, wanted: &Value, existing: &Value, remove: bool) {
        let (asked, held) = (list(wanted, "rules"), list(existing, "rules"));
        let missing = uncovered(&held, &asked);
        // Of two roles that are put together from others nobody knows which rules are their own.
        let both = [wanted, existing].iter().all(|role| role["aggregationRule"].is_object());
        let extra = if both { Vec::new() } else { uncovered(&asked, &held) };
        self.settle("rules", asked, &missing, &extra, remove);
        (self.missing_rules, self.extra_rules) = (missing, extra);
    }

    fn compare_aggregation(&mut self, wanted: &Value, existing: &Value, remove: bool) {
        let selectors = |role: &Value| list(&role["aggregationRule"], "clusterRoleSelectors");
        let (asked, held) = (selectors(wanted), selectors(existing));
        let (missing, extra) = (without(&asked, &held), without(&held, &asked));
        if !wanted["aggregationRule"].is_object() {
            if existing["aggregationRule"].is_object() {
                self.object["aggregationRule"] = Value::Null;
                self.operation = Operation::Update;
            }
        } else if remove && !(missing.is_empty() && extra.is_empty()) {
            self.object["aggregationRule"] = wanted["aggregationRule"].clone();
            self.operation = Operation::Update;
        } else if !remove && !missing.is_empty() {
            let all: Vec<Value> = held.into_iter().chain(missing).collect();
            self.object["aggregationRule"] = json!({"clusterRoleSelectors": all});
            self.operation = Operation::Update;
        }
    }
}

/// Those that are not among others.
fn without(all: &[Value], others: &[Value]) -> Vec<Value> {
    all.iter().filter(|one| !others.contains(one)).cloned().collect()
}

/// The parts of some rules that none of others allows.
fn uncovered(others: &[Value], rules: &[Value]) -> Vec<Value> {
    rules.iter().flat_map(parts).filter(|part| !others.iter().any(|rule| covers(rule, part))).collect()
}

/// A rule as many, each with one verb of one resource, or of one URL.
fn parts(rule: &Value) -> Vec<Value> {
    let mut parts = Vec::new();
    let names = texts(rule, "resourceNames");
    for group in texts(rule, "apiGroups") {
        for resource in texts(rule, "resources") {
            for verb in texts(rule, "verbs") {
                let part = json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]});
                let named = names.iter().map(|name| {
                    let mut part = part.clone();
                    part["resourceNames"] = json!([name]);
                    part
                });
                parts.extend(named);
                if names.is_empty() {
                    parts.push(part);
                }
            }
        }
    }
    for url in texts(rule, "nonResourceURLs") {
        parts.extend(texts(rule, "verbs").iter().map(|verb| json!({"nonResourceURLs": [url], "verbs": [verb]})));
    }
    parts
}

/// Whether a rule allows all that a part does.
fn covers(rule: &Value, part: &Value) -> bool {
    let all = |name: &str, fits: fn(&str, &str) -> bool| {
        let held = texts(rule, name);
        texts(part, name).iter().all(|asked| held.iter().any(|held| fits(held, asked)))
    };
    let any_or_same = |held: &str, asked: &str| held == "*" || held == asked;
    let names = texts(rule, "resourceNames");
    let named = names.is_empty() || !texts(part, "resourceNames").is_empty() && all("resourceNames", |a, b| a == b);
    all("verbs", any_or_same)
        && all("apiGroups", any_or_same)
        && all("resources", resource_covers)
        && all("nonResourceURLs", url_covers)
        && named
}

fn resource_covers(held: &str, asked: &str) -> bool {
    let sub = |text: &str| text.split_once('/').map(|(_, sub)| sub.to_owned());
    held == "*" || held == asked || held.starts_with("*/") && sub(held) == sub(asked)
}

fn url_covers(held: &str, asked: &str) -> bool {
    held == asked || held.strip_suffix('*').is_some_and(|start| asked.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(rules: Value) -> Value {
        json!({"kind": "Role", "metadata": {"name": "a"}, "rules": rules})
    }

    #[test]
    fn only_what_is_missing_is_added() {
        let existing = role(json!([{"apiGroups": ["*"], "resources": ["pods"], "verbs": ["get", "list"]}]));
        let wanted = role(json!([{"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get"]}]));
        let found = between(&wanted, &existing, Removal::default());
        insta::assert_snapshot!(found.text(Removal::default()), @r"
        	reconciliation required update
        	missing rules added:
        		{Verbs:[get] APIGroups:[] Resources:[secrets] ResourceNames:[] NonResourceURLs:[]}
        ");
        assert_eq!(found.object["rules"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn what_is_too_much_goes_when_asked() {
        let existing = role(json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["*"]}]));
        let wanted = role(json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]));
        assert_eq!(between(&wanted, &existing, Removal::default()).operation, Operation::None);
        let removal = Removal { rules: true, subjects: false };
        let found = between(&wanted, &existing, removal);
        assert_eq!((found.operation, &found.object["rules"]), (Operation::Update, &wanted["rules"]));
        assert!(found.text(removal).contains("extra rules removed:\n\t\t{Verbs:[*]"));
    }

    #[test]
    fn a_binding_of_another_role_is_made_anew() {
        let binding = |role: &str, user: &str| {
            json!({"metadata": {"uid": "u"}, "roleRef": {"kind": "Role", "name": role},
                "subjects": [{"kind": "User", "name": user}]})
        };
        let found = between(&binding("b", "ada"), &binding("a", "ada"), Removal::default());
        assert_eq!((found.operation, &found.replaced), (Operation::Recreate, &json!("u")));
        let found = between(&binding("a", "bob"), &binding("a", "ada"), Removal::default());
        let added = "{Kind:User APIGroup:rbac.authorization.k8s.io Name:bob Namespace:}";
        assert!(found.operation == Operation::Update && found.text(Removal::default()).contains(added));
    }

    #[test]
    fn who_opted_out_is_only_told_of() {
        let mut existing = role(json!([]));
        existing["metadata"]["annotations"] = json!({AUTO_UPDATE: "false"});
        let wanted = role(json!([{"nonResourceURLs": ["/a"], "verbs": ["get"]}]));
        let found = between(&wanted, &existing, Removal::default());
        assert!(found.protected && found.text(Removal::default()).contains("update, but object opted out"));
    }

    #[test]
    fn resources_and_urls_are_covered_by_stars() {
        assert!(resource_covers("*/status", "pods/status") && !resource_covers("*/status", "pods"));
        assert!(url_covers("/healthz*", "/healthz/ping") && !url_covers("/a", "/a/b"));
    }
}
