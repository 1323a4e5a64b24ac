//! Rules of who may do what, as `describe` and `auth can-i --list` show them: one row for each resource with all its verbs.

use serde_json::Value;

use super::page::{list, plain};

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    verbs: Vec<String>,
    groups: Vec<String>,
    resources: Vec<String>,
    names: Vec<String>,
    urls: Vec<String>,
}

/// The rules of a list of the API.
pub fn of(rules: &[Value]) -> Vec<Rule> {
    let one = |rule: &Value| {
        let texts = |field: &str| list(rule, field).iter().map(plain).collect();
        Rule {
            verbs: texts("/verbs"),
            groups: texts("/apiGroups"),
            resources: texts("/resources"),
            names: texts("/resourceNames"),
            urls: texts("/nonResourceURLs"),
        }
    };
    rules.iter().map(one).collect()
}

/// Takes rules apart, puts together what is about the same resource, and sorts as Go prints them.
pub fn compact(rules: Vec<Rule>) -> Vec<Rule> {
    let mut compacted: Vec<Rule> = Vec::new();
    for rule in rules.iter().flat_map(Rule::parts) {
        let same = compacted.iter_mut().find(|other| {
            rule.urls.is_empty()
                && (&other.groups, &other.resources, &other.names) == (&rule.groups, &rule.resources, &rule.names)
        });
        match same {
            Some(other) if rule.verbs.iter().all(|verb| other.verbs.contains(verb)) => {}
            Some(other) => other.verbs.extend(rule.verbs),
            None => compacted.push(rule),
        }
    }
    compacted.sort_by_cached_key(Rule::printed);
    compacted
}

impl Rule {
    /// The same with one verb, one resource and one name, or one URL, each.
    fn parts(&self) -> Vec<Self> {
        let mut parts = Vec::new();
        let each_name = if self.names.is_empty() {
            vec![Vec::new()]
        } else {
            self.names.iter().map(|name| vec![name.clone()]).collect()
        };
        for group in &self.groups {
            for resource in &self.resources {
                for verb in &self.verbs {
                    parts.extend(each_name.iter().map(|names| Self {
                        verbs: vec![verb.clone()],
                        groups: vec![group.clone()],
                        resources: vec![resource.clone()],
                        names: names.clone(),
                        urls: Vec::new(),
                    }));
                }
            }
        }
        for url in &self.urls {
            let of_url = |verb: &String| Self { verbs: vec![verb.clone()], urls: vec![url.clone()], ..Self::default() };
            parts.extend(self.verbs.iter().map(of_url));
        }
        parts
    }

    /// As Go prints it, which is what rules are sorted by.
    fn printed(&self) -> String {
        let lists = [&self.verbs, &self.groups, &self.resources, &self.names, &self.urls].map(|list| bracketed(list));
        format!(
            "Verbs:{},APIGroups:{},Resources:{},ResourceNames:{},NonResourceURLs:{},",
            lists[0], lists[1], lists[2], lists[3], lists[4]
        )
    }

    /// The row: resource, URLs, names, verbs.
    pub fn cells(&self) -> [String; 4] {
        [self.resource(), bracketed(&self.urls), bracketed(&self.names), bracketed(&self.verbs)]
    }

    /// `deployments.apps/scale`.
    fn resource(&self) -> String {
        let Some(resource) = self.resources.first() else { return String::new() };
        let (plural, sub) = resource
            .split_once('/')
            .map_or((resource.as_str(), String::new()), |(plural, sub)| (plural, format!("/{sub}")));
        match self.groups.first().filter(|group| !group.is_empty()) {
            Some(group) => format!("{plural}.{group}{sub}"),
            None => format!("{plural}{sub}"),
        }
    }
}

fn bracketed(items: &[String]) -> String {
    format!("[{}]", items.join(" "))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    #[test]
    fn verbs_of_a_resource_come_together() {
        let rules = [
            json!({"apiGroups": ["apps"], "resources": ["deployments/scale", "deployments"], "verbs": ["get", "list"]}),
            json!({"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["watch", "get"]}),
            json!({"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a", "b"], "verbs": ["get"]}),
            json!({"nonResourceURLs": ["/healthz", "/livez"], "verbs": ["get"]}),
        ];
        let rows: Vec<String> = compact(of(&rules)).iter().map(|rule| rule.cells().join(" | ")).collect();
        assert_snapshot!(rows.join("\n"), @r"
        deployments.apps | [] | [] | [get list watch]
        deployments.apps/scale | [] | [] | [get list]
         | [/healthz] | [] | [get]
         | [/livez] | [] | [get]
        pods | [] | [a] | [get]
        pods | [] | [b] | [get]
        ");
    }
}
