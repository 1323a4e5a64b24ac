//! The list in `metadata.managedFields`.

use serde_json::{Value, json};

use super::set::FieldSet;

/// Whether fields were set by server-side apply or by any other write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// Server-side apply.
    Apply,
    /// Anything else.
    Update,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// What tells managers apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Its name.
    pub manager: String,
    /// How it writes.
    pub operation: Operation,
    /// In which version.
    pub api_version: String,
    /// Which part; empty for the object itself.
    pub subresource: String,
}

/// A manager and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Who.
    pub identity: Identity,
    /// When it took fields last.
    pub time: String,
    /// Which fields.
    pub fields: FieldSet,
}

/// All managers of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Entries(Vec<Entry>);

impl Entries {
    /// What the client sent with the new state, if that can be read; else what is stored. A list with one empty entry
    /// starts the record anew.
    pub fn of(old: &Value, new: &Value) -> Self {
        let sent = &new["metadata"]["managedFields"];
        if *sent == json!([{}]) {
            return Self::default();
        }
        let read = Self::read(sent);
        if read.is_empty() { Self::read(&old["metadata"]["managedFields"]) } else { read }
    }

    /// Reads a list; entries that can't be read are left out.
    pub fn read(list: &Value) -> Self {
        Self(list.as_array().into_iter().flatten().filter_map(read_entry).collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// The fields of a manager.
    pub fn fields_of(&self, identity: &Identity) -> Option<&FieldSet> {
        self.0.iter().find(|entry| entry.identity == *identity).map(|entry| &entry.fields)
    }

    /// Takes fields from everyone but this manager.
    pub fn take_away(&mut self, except: Option<&Identity>, gone: &FieldSet) {
        for entry in self.0.iter_mut().filter(|entry| Some(&entry.identity) != except) {
            entry.fields = entry.fields.difference(gone);
        }
        self.0.retain(|entry| !entry.fields.is_empty());
    }

    /// Gives fields to a manager in addition to those it has.
    pub fn add(&mut self, identity: Identity, fields: FieldSet, time: &str) {
        let fields = self.fields_of(&identity).map_or_else(|| fields.clone(), |own| own.union(&fields));
        self.set(identity, fields, time);
    }

    /// Gives a manager these fields and no others.
    pub fn set(&mut self, identity: Identity, fields: FieldSet, time: &str) {
        self.0.retain(|entry| entry.identity != identity);
        if !fields.is_empty() {
            self.0.push(Entry { identity, time: time.to_owned(), fields });
        }
    }

    /// Puts the oldest ordinary writers together when there are more than so many.
    pub fn merge_oldest(&mut self, most: usize, now: &str) {
        let is_update = |entry: &&Entry| entry.identity.operation == Operation::Update;
        let mut times: Vec<String> = self.0.iter().filter(is_update).map(|entry| entry.time.clone()).collect();
        if times.len() <= most {
            return;
        }
        times.sort();
        let limit = times[times.len() - most].clone();
        let (old, kept): (Vec<Entry>, Vec<Entry>) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|entry| entry.identity.operation == Operation::Update && entry.time <= limit);
        self.0 = kept;
        for entry in old {
            let identity = Identity { manager: "ancient-changes".into(), ..entry.identity };
            let time = if entry.time.is_empty() { now } else { &entry.time };
            self.add(identity, entry.fields, time);
        }
    }

    /// Writes the list into an object, or takes it out when it is empty.
    pub fn write(mut self, object: &mut Value) {
        self.0.sort_by(|a, b| {
            let order = |entry: &Entry| {
                let identity = &entry.identity;
                (identity.operation, entry.time.clone(), identity.manager.clone(), identity.subresource.clone())
            };
            order(a).cmp(&order(b))
        });
        let Some(metadata) = object["metadata"].as_object_mut() else { return };
        if self.0.is_empty() {
            metadata.remove("managedFields");
        } else {
            metadata.insert("managedFields".into(), self.0.iter().map(write_entry).collect());
        }
    }
}

fn read_entry(value: &Value) -> Option<Entry> {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let operation = match value["operation"].as_str()? {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    let identity = Identity {
        manager: text("manager"),
        operation,
        api_version: text("apiVersion"),
        subresource: text("subresource"),
    };
    Some(Entry { identity, time: text("time"), fields: FieldSet::read(&value["fieldsV1"]) })
}

fn write_entry(entry: &Entry) -> Value {
    let identity = &entry.identity;
    let mut value = json!({
        "manager": identity.manager, "operation": identity.operation.name(), "apiVersion": identity.api_version,
        "time": entry.time, "fieldsType": "FieldsV1", "fieldsV1": entry.fields.write(),
    });
    if !identity.subresource.is_empty() {
        value["subresource"] = identity.subresource.as_str().into();
    }
    value
}
