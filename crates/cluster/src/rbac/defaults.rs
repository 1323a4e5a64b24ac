//! The roles and bindings that every cluster has, from the tables in `roles.txt` and `controllers.txt`.

use std::{collections::BTreeMap, sync::OnceLock};

use serde_json::{Value, json};

use super::GROUP;
use crate::{
    clock::{Clock, api_time},
    store::{Key, Object, Store},
};

const TABLE: &str = concat!(include_str!("roles.txt"), "\n", include_str!("controllers.txt"));
const LABEL: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// Puts the default roles into a new cluster. They are made once for all clusters of this process and shared, times
/// and uids too: most clusters never look at them, and each would pay for its own.
pub(crate) fn seed(store: &Store, clock: &dyn Clock) {
    static OBJECTS: OnceLock<Vec<(Key, Object)>> = OnceLock::new();
    store.seed(OBJECTS.get_or_init(|| objects(clock)));
}

fn objects(clock: &dyn Clock) -> Vec<(Key, Object)> {
    let mut table = read(TABLE);
    for (name, label) in [("view", "view"), ("edit", "edit"), ("admin", "admin")] {
        let rules = aggregated(&table, label);
        table.get_mut(name).expect("the table has the three user-facing roles").rules = rules;
    }
    let mut made = Vec::new();
    for (name, role) in &table {
        made.push(object(clock, "ClusterRole", name, role.body()));
        if let Some(subjects) = &role.subjects {
            made.push(object(clock, "ClusterRoleBinding", name, binding(name, subjects)));
        }
    }
    let admins = vec![json!({"kind": "Group", "apiGroup": GROUP, "name": "kubeadm:cluster-admins"})];
    made.push(object(clock, "ClusterRoleBinding", "kubeadm:cluster-admins", binding("cluster-admin", &admins)));
    made
}

#[derive(Debug, Default)]
struct Role {
    labels: Vec<String>,
    aggregates: Option<String>,
    rules: Vec<Value>,
    subjects: Option<Vec<Value>>,
}

impl Role {
    fn body(&self) -> Value {
        let mut labels = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
        for label in &self.labels {
            labels[format!("{LABEL}{label}")] = "true".into();
        }
        let mut body = json!({"metadata": {"labels": labels}, "rules": self.rules});
        if let Some(label) = &self.aggregates {
            body["aggregationRule"] =
                json!({"clusterRoleSelectors": [{"matchLabels": {format!("{LABEL}{label}"): "true"}}]});
        }
        body
    }
}

fn binding(role: &str, subjects: &[Value]) -> Value {
    json!({
        "metadata": {"labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
        "subjects": subjects,
    })
}

fn object(clock: &dyn Clock, kind: &str, name: &str, mut body: Value) -> (Key, Object) {
    body["apiVersion"] = format!("{GROUP}/v1").into();
    body["kind"] = kind.into();
    let metadata = &mut body["metadata"];
    metadata["name"] = name.into();
    metadata["uid"] = clock.uid().into();
    metadata["creationTimestamp"] = api_time(clock.now()).into();
    metadata["annotations"] = json!({"rbac.authorization.kubernetes.io/autoupdate": "true"});
    metadata["resourceVersion"] = "1".into();
    (Key::new(format!("{}s.{GROUP}", kind.to_lowercase()), "", name), body.into())
}

/// The rules of all roles with a label, and of the roles that gather rules themselves.
fn aggregated(table: &BTreeMap<String, Role>, label: &str) -> Vec<Value> {
    let with_label = table.values().filter(|role| role.labels.iter().any(|own| own == label));
    let mut rules: Vec<Value> = Vec::new();
    for rule in with_label.flat_map(|role| &role.rules) {
        if !rules.contains(rule) {
            rules.push(rule.clone());
        }
    }
    rules
}

fn read(table: &str) -> BTreeMap<String, Role> {
    let mut roles: BTreeMap<String, Role> = BTreeMap::new();
    let mut current = String::new();
    for line in table.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["role", name, options @ ..] => {
                (*name).clone_into(&mut current);
                let role = roles.entry(current.clone()).or_default();
                for option in options {
                    match option.split_once('=') {
                        Some(("label", label)) => role.labels.push(label.to_owned()),
                        Some((_, label)) => role.aggregates = Some(label.to_owned()),
                        None => {}
                    }
                }
            }
            ["controller", name] => {
                current = format!("system:controller:{name}");
                let account = subject("ServiceAccount", &format!("kube-system/{name}"));
                roles.insert(current.clone(), Role { subjects: Some(vec![account]), ..Role::default() });
            }
            ["unbound"] => roles.entry(current.clone()).or_default().subjects = Some(Vec::new()),
            ["bound", kind, name] => {
                roles.entry(current.clone()).or_default().subjects.get_or_insert_default().push(subject(kind, name));
            }
            _ => roles.entry(current.clone()).or_default().rules.extend(rule(&words)),
        }
    }
    roles
}

fn subject(kind: &str, name: &str) -> Value {
    match name.split_once('/') {
        Some((namespace, name)) => json!({"kind": kind, "namespace": namespace, "name": name}),
        None => json!({"kind": kind, "apiGroup": GROUP, "name": name}),
    }
}

fn rule(words: &[&str]) -> Option<Value> {
    // The API server keeps all of them in order.
    let list = |text: &str| {
        let mut words: Vec<String> = text.split(',').map(str::to_owned).collect();
        words.sort();
        words
    };
    let (verbs, about) = words.split_first()?;
    let verbs = match *verbs {
        "read" => list("get,list,watch"),
        "write" => list("create,delete,deletecollection,patch,update"),
        "readwrite" => list("create,delete,deletecollection,get,list,patch,update,watch"),
        others => list(others),
    };
    let groups = |text: &str| {
        list(text).iter().map(|group| if group == "core" { "" } else { group }.to_owned()).collect::<Vec<_>>()
    };
    Some(match about {
        ["urls", paths] => json!({"nonResourceURLs": list(paths), "verbs": verbs}),
        [in_groups, resources] => json!({"apiGroups": groups(in_groups), "resources": list(resources), "verbs": verbs}),
        [in_groups, resources, names] => json!({
            "apiGroups": groups(in_groups), "resources": list(resources), "resourceNames": list(names), "verbs": verbs,
        }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn controllers_have_roles_of_their_own_as_accounts_of_kube_system() {
        let roles = read(TABLE);
        let controllers = roles.iter().filter(|(name, _)| name.starts_with("system:controller:"));
        assert_eq!(controllers.count(), 38);
        let bound = json!([{"kind": "ServiceAccount", "namespace": "kube-system", "name": "job-controller"}]);
        assert_eq!(roles["system:controller:job-controller"].subjects, bound.as_array().cloned());
    }

    #[test]
    fn every_line_of_the_table_is_a_rule_and_every_role_says_something() {
        let rules = TABLE.lines().filter(|line| {
            let first = line.split_whitespace().next().unwrap_or("#");
            !first.starts_with('#') && !matches!(first, "role" | "controller" | "bound" | "unbound")
        });
        let read_rules: usize = read(TABLE).values().map(|role| role.rules.len()).sum();
        assert_eq!(read_rules, rules.count());
        for (key, object) in objects(&SystemClock) {
            let list = if key.resource.starts_with("clusterroles.") { "rules" } else { "subjects" };
            let says = object[list].as_array().is_some_and(|list| !list.is_empty());
            // Nodes are let in by their own authorizer, and the binding of old is left to who wants another.
            assert!(says || (list, key.name.as_str()) == ("subjects", "system:node"), "{}", key.name);
        }
    }
}
