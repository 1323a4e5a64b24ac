//! Label and field selectors: `?labelSelector=` and `?fieldSelector=`.

mod field;
mod label;
mod lexer;

use serde_json::Value;

pub(crate) use self::{field::FieldSelector, label::LabelSelector};
use super::failure::Failure;
use crate::registry::Resource;

/// Which objects of a kind are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    /// Reads both selectors.
    ///
    /// # Errors
    /// 400 in the API server's words.
    pub fn parse(resource: &Resource, labels: &str, fields: &str) -> Result<Self, Failure> {
        Ok(Self {
            labels: LabelSelector::parse(labels).map_err(|error| Failure::bad_request(error.to_string()))?,
            fields: FieldSelector::parse(resource, fields).map_err(|error| Failure::bad_request(error.to_string()))?,
        })
    }

    /// Whether everything is wanted.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this object is wanted.
    pub fn matches(&self, object: &Value) -> bool {
        self.labels.matches(object) && self.fields.matches(object)
    }
}
