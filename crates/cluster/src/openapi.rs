//! The schemas of all kinds: what decoding checks, what patches merge by, and what `/openapi/v3` tells.
//!
//! They come from k8s-openapi; what those lack (merge keys, Go type names, which empty values are written) is in
//! `openapi/fields.txt`.

mod custom;
mod documents;
mod facts;
mod kinds;
mod numbers;
mod swagger;
mod types;

use std::{collections::HashMap, sync::OnceLock};

use serde_json::{Map, Value};

pub(crate) use self::{
    custom::{custom_document, swagger_with},
    documents::{Document, documents},
    numbers::{Numbered, message},
    swagger::swagger,
    types::{Empty, Field, Form, ListType, Struct},
};
use crate::registry::Resource;

/// The schemas of all kinds, made once for all clusters of a process.
#[derive(Debug)]
pub(crate) struct Schemas {
    /// As OpenAPI writes them, by full name (`io.k8s.api.core.v1.Pod`).
    definitions: Map<String, Value>,
    /// As decoding reads them, by full name.
    structs: HashMap<String, Struct>,
    /// Full names by API version and kind.
    names: HashMap<(String, String), String>,
}

/// The schemas; the first call makes them.
pub(crate) fn schemas() -> &'static Schemas {
    static SCHEMAS: OnceLock<Schemas> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let (mut definitions, names) = kinds::collect();
        let structs = types::read(&definitions, &facts::facts());
        for (name, known) in &structs {
            relax(&mut definitions[name], known);
        }
        Schemas { definitions, structs, names }
    })
}

/// k8s-openapi demands some fields that the API does not: those that Go leaves out when they are empty.
fn relax(definition: &mut Value, known: &Struct) {
    let Some(fields) = definition.as_object_mut() else { return };
    let Some(required) = fields.get_mut("required").and_then(Value::as_array_mut) else { return };
    let optional = |name: &str| name == "metadata" || known.fields.get(name).is_some_and(|f| f.empty == Empty::Omit);
    required.retain(|name| !name.as_str().is_some_and(optional));
    if required.is_empty() {
        fields.remove("required");
    }
}

/// The schemas that a kind's structure is found in.
pub(crate) fn schemas_of<'a>(resource: &Resource<'a>) -> &'a Schemas {
    match resource.custom {
        Some(custom) => &custom.schemas,
        None => schemas(),
    }
}

impl Schemas {
    /// Those of one custom resource.
    pub(crate) fn of_custom(structs: HashMap<String, Struct>) -> Self {
        Self { definitions: Map::new(), structs, names: HashMap::new() }
    }

    /// The structure behind a kind.
    pub fn of(&self, resource: &Resource) -> Option<&Struct> {
        if resource.custom.is_some() {
            return self.structs.get(resource.kind);
        }
        self.of_kind(&resource.api_version(), resource.kind)
    }

    /// The structure behind an `apiVersion` and `kind`.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Struct> {
        self.structs.get(self.name_of(api_version, kind)?)
    }

    /// The full name of a kind's structure.
    pub fn name_of(&self, api_version: &str, kind: &str) -> Option<&str> {
        self.names.get(&(api_version.to_owned(), kind.to_owned())).map(String::as_str)
    }

    /// The structure of a full name.
    pub fn named(&self, name: &str) -> Option<&Struct> {
        // Custom resources have the metadata that every object has.
        let common = || self.definitions.is_empty().then(schemas).and_then(|schemas| schemas.structs.get(name));
        self.structs.get(name).or_else(common)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry;

    #[test]
    fn every_kind_that_is_stored_has_a_schema() {
        let missing: Vec<_> = registry::all().filter(|row| schemas().of(row).is_none()).map(|row| row.kind).collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn fields_know_what_the_schemas_do_not_say() {
        let spec = schemas().named("io.k8s.api.core.v1.PodSpec").unwrap();
        let containers = &spec.fields["containers"];
        assert_eq!(containers.merge_key.as_deref(), Some("name"));
        assert_eq!(containers.go_type(), "[]v1.Container");
        assert_eq!(spec.fields["restartPolicy"].go_type(), "v1.RestartPolicy");
        let container = schemas().named("io.k8s.api.core.v1.Container").unwrap();
        let keys = ["containerPort".to_owned(), "protocol".to_owned()];
        assert_eq!(container.fields["ports"].list, ListType::Map(keys.to_vec()));
    }
}
