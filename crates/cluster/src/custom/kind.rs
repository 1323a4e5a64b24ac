//! One served version of a definition.

use std::sync::Arc;

use serde_json::Value;

use super::{JsonPath, columns::CustomColumn, defaults, prune, rules::Rules, structs, typed, validate};
use crate::{
    admission::field::FieldError,
    json::{at, flag, items, text},
    openapi::Schemas,
    registry::{CUSTOM_VERBS, Resource, STATUS_AND_SCALE},
};

/// One served version of a definition: what requests about its objects need to know.
#[derive(Debug)]
pub struct CustomKind {
    group: String,
    version: String,
    kind: String,
    plural: String,
    singular: String,
    namespaced: bool,
    terminating: bool,
    has_status: bool,
    /// `WidgetList`.
    pub(crate) list_kind: String,
    /// `wd`.
    pub(crate) short_names: Vec<String>,
    /// `all`.
    pub(crate) categories: Vec<String>,
    /// Where a Scale reads and writes, when there is the subresource.
    pub(crate) scale: Option<ScalePaths>,
    /// What every answer of this version warns of.
    pub(crate) deprecation: Option<String>,
    /// `example.com/v1`: the version in which its objects are stored.
    pub(crate) stored_version: String,
    /// The fields beside name and namespace that field selectors may name.
    pub(crate) selectable: Vec<String>,
    /// What `kubectl get` prints after the name.
    pub(crate) columns: Vec<CustomColumn>,
    /// The structural schema; an object without one is kept as it is.
    pub(crate) schema: Value,
    /// The same as server-side apply walks along it.
    pub(crate) schemas: Schemas,
    rules: Rules,
}

impl PartialEq for CustomKind {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for CustomKind {}

/// Where a kind keeps what its Scale says.
#[derive(Debug, Clone)]
pub(crate) struct ScalePaths {
    /// How many are wanted.
    pub wanted: JsonPath,
    /// How many there are.
    pub current: JsonPath,
    /// Which Pods are meant, as text.
    pub selector: Option<JsonPath>,
}

impl ScalePaths {
    fn read(scale: &Value) -> Option<Self> {
        let path = |key: &str| JsonPath::parse(text(scale, key));
        Some(Self {
            wanted: path("specReplicasPath")?,
            current: path("statusReplicasPath")?,
            selector: path("labelSelectorPath"),
        })
    }
}

/// Whether an object's condition of this type is true.
pub(crate) fn condition_holds(object: &Value, kind: &str) -> bool {
    let conditions = items(&object["status"], "conditions");
    conditions.iter().any(|condition| text(condition, "type") == kind && text(condition, "status") == "True")
}

impl CustomKind {
    /// Reads one version of a definition.
    pub(super) fn read(definition: &Value, version: &Value) -> Arc<Self> {
        let spec = &definition["spec"];
        let names = &definition["status"]["acceptedNames"];
        let texts = |key: &str| items(names, key).iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let (group, kind) = (text(spec, "group").to_owned(), text(names, "kind").to_owned());
        let version_name = text(version, "name").to_owned();
        let stored = items(spec, "versions").iter().find(|version| flag(version, "storage")).unwrap_or(version);
        let schema = at(version, &["schema", "openAPIV3Schema"]).clone();
        let warning = format!("{group}/{version_name} {kind} is deprecated");
        Arc::new(Self {
            plural: text(names, "plural").to_owned(),
            singular: text(names, "singular").to_owned(),
            namespaced: text(spec, "scope") == "Namespaced",
            terminating: condition_holds(definition, "Terminating"),
            has_status: version["subresources"]["status"].is_object(),
            list_kind: text(names, "listKind").to_owned(),
            short_names: texts("shortNames"),
            categories: texts("categories"),
            scale: ScalePaths::read(&version["subresources"]["scale"]),
            deprecation: flag(version, "deprecated")
                .then(|| version["deprecationWarning"].as_str().map_or(warning, str::to_owned)),
            stored_version: format!("{group}/{}", text(stored, "name")),
            selectable: items(version, "selectableFields")
                .iter()
                .map(|field| text(field, "jsonPath").trim_start_matches('.').to_owned())
                .collect(),
            columns: CustomColumn::read(items(version, "additionalPrinterColumns")),
            schemas: structs::schemas(&kind, &schema),
            rules: Rules::of(&schema),
            schema,
            group,
            version: version_name,
            kind,
        })
    }

    /// The row that the API works with.
    pub fn row(&self) -> Resource<'_> {
        let parts = match (self.has_status, self.scale.is_some()) {
            (true, true) => &STATUS_AND_SCALE[..],
            (true, false) => &STATUS_AND_SCALE[..1],
            (false, true) => &STATUS_AND_SCALE[1..],
            (false, false) => &[],
        };
        Resource {
            group: &self.group,
            version: &self.version,
            kind: &self.kind,
            plural: &self.plural,
            singular: &self.singular,
            short_names: &[],
            categories: &[],
            namespaced: self.namespaced,
            verbs: CUSTOM_VERBS,
            subresources: parts,
            has_generation: true,
            awaits: None,
            stored_as: None,
            custom: Some(self),
        }
    }

    /// Whether the definition is being deleted.
    pub(crate) fn is_terminating(&self) -> bool {
        self.terminating
    }

    /// Whether writing the object leaves its status alone.
    pub(crate) fn has_status(&self) -> bool {
        self.has_status
    }

    /// Takes out what the schema does not know; gives the paths of that.
    pub(crate) fn prune(&self, object: &mut Value) -> Vec<String> {
        prune::prune(&self.schema, object)
    }

    /// Where an applied configuration does not fit the schema.
    pub(crate) fn mistyped(&self, object: &Value) -> Vec<String> {
        typed::mistyped(&self.schema, object)
    }

    /// Fills in defaults.
    pub(crate) fn fill_in(&self, object: &mut Value) {
        defaults::fill_in(&self.schema, object);
    }

    /// What is wrong with an object, by the schema first and, when that lets the rules be asked, by the rules.
    pub(crate) fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
        let mut found = validate::validate(&self.schema, object, old);
        if found.iter().any(FieldError::hides_others) {
            found.push(validate::rules_not_asked());
        } else {
            found.extend(self.rules.check(object, old));
        }
        found
    }

    /// An object as this version shows it: its stored form under this version's name, without what this version does
    /// not know, with what it adds.
    pub(crate) fn served(&self, object: &Value) -> Value {
        let mut object = object.clone();
        object["apiVersion"] = format!("{}/{}", self.group, self.version).into();
        self.prune(&mut object);
        self.fill_in(&mut object);
        object
    }

    /// An object as it is stored.
    pub(crate) fn stored(&self, mut object: Value) -> Value {
        object["apiVersion"] = self.stored_version.as_str().into();
        object
    }
}
