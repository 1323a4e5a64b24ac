//! What happens to a new object around its validation: mutating plugins and the kind's strategy before, validating
//! plugins after. The order is the API server's ("Admission Controllers", default plugins).

mod job;
mod limit_range;
mod pod_security;
mod priority;
mod quota;
mod resize;
mod runtime_class;
mod service_account;
mod service_address;
mod service_type;
mod storage;
mod strategy;
mod tolerations;
mod warnings;

pub(crate) use quota::usage as quota_usage;
use serde_json::Value;
pub(crate) use strategy::TEMPLATE_COUNT;

use super::{Context, Forbidden, field::FieldError};
use crate::registry::Resource;

/// What happens to a new object before it is validated: the mutating admission plugins, then the kind's own strategy
/// (status, allocated addresses, generated selectors). `metadata.namespace` is set; `metadata.uid` is made here when a
/// kind needs it and it is not there yet. Gives warnings for the client.
///
/// # Errors
/// [`Forbidden`] when a plugin refuses (service account, priority class, runtime class).
pub fn prepare_create(
    resource: &Resource,
    object: &mut Value,
    context: &Context<'_>,
) -> Result<Vec<String>, Forbidden> {
    if resource.group.is_empty() && resource.kind == "Pod" {
        limit_range::fill_in(object, context);
        service_account::admit(object, context)?;
        priority::admit(object, context)?;
        tolerations::admit(object);
        runtime_class::admit(object, context)?;
    }
    storage::admit(resource, object, context);
    strategy::prepare_create(resource, object, context);
    Ok(Vec::new())
}

/// The validating admission plugins: to be asked when [`super::validate_create`] found nothing. Gives warnings for the
/// client.
///
/// # Errors
/// [`Forbidden`] when a plugin refuses (limit range, Pod Security, quota).
pub fn approve_create(resource: &Resource, object: &Value, context: &Context<'_>) -> Result<Vec<String>, Forbidden> {
    limit_range::check(resource, object, context)?;
    let mut said = pod_security::check(resource, object, context)?;
    said.extend(warnings::name(resource, object));
    said.extend(warnings::of(resource, object));
    said.extend(warnings::unserved(resource));
    quota::check(resource, object, context)?;
    Ok(said)
}

/// The validating admission plugins for a change. `subresource` is empty or names the part that is written.
///
/// # Errors
/// [`Forbidden`] when a plugin refuses.
pub fn approve_update(
    resource: &Resource,
    old: &Value,
    new: &Value,
    subresource: &str,
    context: &Context<'_>,
) -> Result<Vec<String>, Forbidden> {
    if matches!(subresource, "status" | "finalize" | "scale")
        || old["spec"] == new["spec"] && resource.kind != "Namespace"
    {
        return Ok(Vec::new());
    }
    let mut said = pod_security::check_update(resource, old, new, subresource, context)?;
    if subresource.is_empty() {
        said.extend(warnings::of(resource, new));
        quota::check_update(resource, old, new, context)?;
    }
    if subresource == "resize" {
        limit_range::check(resource, new, context)?;
        quota::check_update(resource, old, new, context)?;
    }
    Ok(said)
}

/// What an object asks for by name and others have already: addresses and ports of Services.
pub fn taken(resource: &Resource, old: Option<&Value>, object: &Value, context: &Context<'_>) -> Vec<FieldError> {
    match (resource.group, resource.kind) {
        ("", "Service") => service_address::taken(old, object, context),
        _ => Vec::new(),
    }
}

/// What a write to the object itself may not touch, taken from what is stored: the status, and for `status` writes
/// everything else; for `resize` all but resources. `subresource` is empty, `status` or `resize`.
pub fn prepare_update(resource: &Resource, old: &Value, new: &mut Value, subresource: &str, context: &Context<'_>) {
    // Who replaces the list of tolerations has not taken away those that every Pod gets.
    if resource.group.is_empty() && resource.kind == "Pod" && subresource.is_empty() {
        tolerations::admit(new);
    }
    strategy::prepare_update(resource, old, new, subresource, context);
}

#[cfg(test)]
mod tests;
