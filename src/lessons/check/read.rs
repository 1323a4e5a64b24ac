//! Checks from YAML: a block with `lab=check`, or `lab.checks` of a page's front matter.

use serde::Deserialize as _;
use serde_yaml::{Mapping, Value};

use super::{
    Check, Kind, Subject, Tongue, Want, Wanted,
    wanted::{Comparison, scalar},
    words,
};
use crate::lessons::spelling;

/// What can't be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// In the block, counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Keys beside the kinds' names and the paths.
const KEYS: [&str; 18] = [
    "text",
    "hint",
    "kind",
    "name",
    "apiVersion",
    "namespace",
    "labels",
    "count",
    "container",
    "exists",
    "phase",
    "ready",
    "restarts",
    "image",
    "fields",
    "logs",
    "event",
    "http",
];

/// Below a container's state, or with `lastState.` before it.
const STATES: [&str; 7] = [
    "running",
    "waiting.reason",
    "waiting.message",
    "terminated.reason",
    "terminated.exitCode",
    "terminated.signal",
    "terminated.message",
];

/// Reads a block of checks: one mapping, a list of them, or several documents. `line` is the block's first line in its
/// file.
pub fn read(text: &str, line: usize, tongue: Tongue) -> (Vec<Check>, Vec<Misread>) {
    let (mut checks, mut misread) = (Vec::new(), Vec::new());
    for document in serde_yaml::Deserializer::from_str(text) {
        match Value::deserialize(document) {
            Ok(value) => {
                let mut reader = Reader { text, line, tongue, from: 0, misread: &mut misread };
                checks.extend(reader.document(&value));
            }
            Err(error) => {
                let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
                misread.push(Misread { line, column, message: format!("this check is no YAML: {error}") });
                break;
            }
        }
    }
    if checks.is_empty() && misread.is_empty() {
        let message = "this check is empty: name an object, such as `pod: web`, and what it should be".into();
        misread.push(Misread { line: 1, column: 1, message });
    }
    (checks, misread)
}

struct Reader<'r> {
    text: &'r str,
    line: usize,
    tongue: Tongue,
    /// The line of the text where the check that is being read begins, from 0.
    from: usize,
    misread: &'r mut Vec<Misread>,
}

impl Reader<'_> {
    fn document(&mut self, value: &Value) -> Vec<Check> {
        match value {
            Value::Null => Vec::new(),
            Value::Sequence(items) => items
                .iter()
                .enumerate()
                .filter_map(|(number, item)| {
                    self.from = self.item_line(number);
                    self.check(item)
                })
                .collect(),
            value => self.check(value).into_iter().collect(),
        }
    }

    /// Where the item of a list begins: the line with its dash.
    fn item_line(&self, number: usize) -> usize {
        let dashes = self.text.lines().enumerate().filter(|(_, line)| line.starts_with("- "));
        dashes.map(|(at, _)| at).nth(number).unwrap_or(0)
    }

    fn check(&mut self, value: &Value) -> Option<Check> {
        let Some(mapping) = value.as_mapping() else {
            self.wrong("", "a check is a list of `key: value`, such as `pod: web`");
            return None;
        };
        let subject = self.subject(mapping)?;
        let before = self.misread.len();
        let mut wants = Vec::new();
        for (key, value) in mapping {
            let key = key.as_str().unwrap_or_default();
            wants.extend(self.want(&subject, key, value));
        }
        if self.misread.len() > before {
            return None;
        }
        if wants.is_empty() {
            wants.push(Want::Exists(true));
        }
        let plain = |key: &str| mapping.get(key).and_then(scalar);
        let text = plain("text").unwrap_or_else(|| words::sentence(&subject, &wants, self.tongue));
        let (line, tongue) = (self.line + self.from, self.tongue);
        Some(Check { text, subject, wants, hint: plain("hint"), line, tongue })
    }

    fn subject(&mut self, mapping: &Mapping) -> Option<Subject> {
        let plain = |key: &str| mapping.get(key).and_then(scalar);
        let (kind, name) = match (plain("kind"), plain("apiVersion")) {
            (Some(kind), Some(version)) => (Kind::of(&version, &kind), plain("name")),
            (Some(kind), None) => match Kind::known(&kind) {
                Some(known) => (known, plain("name")),
                None => {
                    self.wrong("kind", format!("the kind {kind} needs an `apiVersion:` beside it"));
                    return None;
                }
            },
            (None, _) => self.short_subject(mapping)?,
        };
        let labels = self.labels(mapping.get("labels"));
        let count = mapping.get("count").and_then(|value| self.wanted("count", value));
        let (namespace, container) = (plain("namespace"), plain("container"));
        Some(Subject { kind, name, labels, count, namespace, container })
    }

    /// `pod: web`
    fn short_subject(&mut self, mapping: &Mapping) -> Option<(Kind, Option<String>)> {
        let named = mapping.iter().find_map(|(key, value)| Some((Kind::known(key.as_str()?)?, scalar(value))));
        if named.is_none() {
            let keys: Vec<&str> = mapping.keys().filter_map(Value::as_str).collect();
            let names: Vec<String> = Kind::names().collect();
            let near = keys
                .iter()
                .filter(|key| !KEYS.contains(key))
                .find_map(|key| Some((*key, spelling::nearest(key, names.iter().map(String::as_str))?)));
            match near {
                Some((key, near)) => self.wrong(key, format!("`{key}` is no kind; did you mean `{near}`?")),
                None => self.wrong("", "this check names no object: `pod: web`, or `kind:` and `name:`"),
            }
        }
        named
    }

    fn labels(&mut self, value: Option<&Value>) -> Vec<(String, String)> {
        match value {
            None => Vec::new(),
            Some(Value::Mapping(labels)) => {
                labels.iter().filter_map(|(key, value)| Some((scalar(key)?, scalar(value)?))).collect()
            }
            Some(Value::String(selector)) if selector.split(',').all(|pair| pair.contains('=')) => {
                let pairs = selector.split(',').filter_map(|pair| pair.split_once('='));
                pairs
                    .map(|(key, value)| (key.trim().to_owned(), value.trim_start_matches('=').trim().to_owned()))
                    .collect()
            }
            Some(_) => {
                self.wrong("labels", "labels are written `app=web` or `{app: web}`");
                Vec::new()
            }
        }
    }

    fn want(&mut self, subject: &Subject, key: &str, value: &Value) -> Vec<Want> {
        let field = |path: &str, wanted: Wanted| Want::Field { path: path.to_owned(), wanted };
        let one = |want: Option<Want>| want.into_iter().collect();
        match key {
            "exists" => one(self.flag(key, value).map(Want::Exists)),
            "ready" => match value.as_bool() {
                Some(flag) => vec![Want::Ready(flag)],
                None => one(self.wanted(key, value).map(|wanted| field(".status.readyReplicas", wanted))),
            },
            "phase" => one(self.wanted(key, value).map(|wanted| field(".status.phase", wanted))),
            "restarts" => one(self.wanted(key, value).map(Want::Restarts)),
            "image" => {
                let container = subject.container.as_ref().map(|name| format!("?(@.name==\"{name}\")"));
                let path = format!(".spec.containers[{}].image", container.as_deref().unwrap_or("*"));
                one(self.wanted(key, value).map(|wanted| field(&path, wanted)))
            }
            "fields" => self.fields(value),
            "logs" => one(self.logs(value)),
            "event" => one(self.event(value)),
            "http" => one(self.http(value)),
            state if STATES.contains(&state.trim_start_matches("lastState.")) => {
                one(self.wanted(key, value).map(|wanted| Want::Container { path: key.to_owned(), wanted }))
            }
            path if path.starts_with(['.', '{', '$']) => self.field(path, value),
            key if KEYS.contains(&key) || Kind::known(key).is_some() => Vec::new(),
            unknown => {
                self.unknown(unknown);
                Vec::new()
            }
        }
    }

    fn unknown(&mut self, key: &str) {
        let kinds: Vec<String> = Kind::names().collect();
        let all = KEYS.iter().chain(&STATES).copied().chain(kinds.iter().map(String::as_str));
        let meant = spelling::did_you_mean(key, all);
        self.wrong(key, format!("`{key}` means nothing in a check{meant}"));
    }

    fn fields(&mut self, value: &Value) -> Vec<Want> {
        let Some(fields) = value.as_mapping() else {
            self.wrong("fields", "fields: is a list of `path: value`, such as `.spec.nodeName: node-1`");
            return Vec::new();
        };
        fields.iter().flat_map(|(path, value)| self.field(path.as_str().unwrap_or_default(), value)).collect()
    }

    fn field(&mut self, path: &str, value: &Value) -> Vec<Want> {
        if let Err(why) = podyard_kubectl::output::jsonpath::Template::relaxed(path) {
            self.wrong(path, format!("`{path}` is no JSONPath: {why}"));
            return Vec::new();
        }
        let wanted = self.wanted(path, value);
        wanted.map(|wanted| Want::Field { path: path.to_owned(), wanted }).into_iter().collect()
    }

    fn logs(&mut self, value: &Value) -> Option<Want> {
        let Some(mapping) = value.as_mapping().filter(|mapping| mapping.contains_key("previous")) else {
            return self.wanted("logs", value).map(|wanted| Want::Logs { previous: false, wanted: wanted.within() });
        };
        self.only(mapping, &["previous", "contains", "matches"]);
        let previous = mapping.get("previous").and_then(Value::as_bool).unwrap_or(false);
        let rest: Mapping = mapping
            .iter()
            .filter(|(key, _)| key.as_str() != Some("previous"))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        self.wanted("logs", &Value::Mapping(rest)).map(|wanted| Want::Logs { previous, wanted })
    }

    fn event(&mut self, value: &Value) -> Option<Want> {
        let Some(mapping) = value.as_mapping() else {
            return self.wanted("event", value).map(|reason| Want::Event { reason, message: None });
        };
        self.only(mapping, &["reason", "message"]);
        let any = Value::String("*".into());
        let reason = self.wanted("event", mapping.get("reason").unwrap_or(&any))?;
        let message = mapping.get("message").and_then(|value| self.wanted("event", value)).map(Wanted::within);
        Some(Want::Event { reason, message })
    }

    fn http(&mut self, value: &Value) -> Option<Want> {
        let mapping = match value {
            Value::Mapping(mapping) => mapping.clone(),
            port => [(Value::String("port".into()), port.clone())].into_iter().collect(),
        };
        self.only(&mapping, &["port", "path", "status", "contains", "matches"]);
        let port = mapping.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
        let Some(port) = port else {
            self.wrong("http", "http: needs a port, such as `http: {port: 80, contains: Welcome}`");
            return None;
        };
        let path = mapping.get("path").and_then(scalar).unwrap_or_else(|| "/".into());
        let good = Wanted::Number(Comparison::Less, "400".into());
        let status = mapping.get("status").map_or(Some(good), |value| self.wanted("http", value))?;
        let contains = mapping.get("contains").and_then(scalar).map(Wanted::Contains);
        let body = contains.or_else(|| mapping.get("matches").and_then(scalar).map(Wanted::Matches));
        Some(Want::Http { port, path, status, body })
    }

    fn only(&mut self, mapping: &Mapping, known: &[&str]) {
        for key in mapping.keys().filter_map(Value::as_str).filter(|key| !known.contains(key)) {
            let meant = spelling::did_you_mean(key, known.iter().copied());
            self.wrong(key, format!("`{key}` means nothing here{meant}"));
        }
    }

    fn flag(&mut self, key: &str, value: &Value) -> Option<bool> {
        if value.as_bool().is_none() {
            self.wrong(key, format!("`{key}:` is true or false"));
        }
        value.as_bool()
    }

    fn wanted(&mut self, key: &str, value: &Value) -> Option<Wanted> {
        Wanted::read(value).map_err(|why| self.wrong(key, format!("`{key}`: {why}"))).ok()
    }

    /// Notes what is wrong, at the line where this key stands.
    fn wrong(&mut self, key: &str, message: impl Into<String>) {
        let mut lines = self.text.lines().enumerate().skip(self.from);
        let found = lines.find_map(|(at, line)| Some((at, line.find(key).filter(|_| !key.is_empty())?)));
        let (line, column) = found.unwrap_or((self.from, 0));
        self.misread.push(Misread { line: line + 1, column: column + 1, message: message.into() });
    }
}
