//! A container's environment: `env`, `envFrom`, `$(VAR)`, the variables of Services.

mod file;

use std::{collections::BTreeMap, io};

use k8s_openapi::api::core::v1::{Container, EnvVarSource, FileKeySelector};
use serde_json::Value;

use super::{
    downward::{self, Facts},
    objects::{Lookup, Missing},
    pod::Pod,
};

/// Why an environment can't be made: what `CreateContainerConfigError` says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// A ConfigMap, a Secret or a key in one is missing.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// A field that the downward API does not have.
    #[error(transparent)]
    Field(#[from] downward::FieldError),
    /// A file of variables that is not there, or is none.
    #[error("couldn't parse env file")]
    File,
    /// A file of variables without this one.
    #[error("environment variable key {key:?} not found in file {path:?}")]
    NotInFile {
        /// `key`
        key: String,
        /// Where a kubelet has the file.
        path: String,
    },
}

/// Reads a file, by its path, of a volume, by its name.
pub type ReadFile<'a> = &'a dyn Fn(&str, &str) -> io::Result<String>;

/// The environment of a container in the order it is to be set, without the image's own.
pub fn environment(
    pod: &Pod,
    container: &Container,
    lookup: &Lookup<'_>,
    facts: &Facts<'_>,
    files: ReadFile<'_>,
) -> Result<Vec<(String, String)>, EnvError> {
    let services = if pod.spec.enable_service_links == Some(false) {
        services(lookup, &[])
    } else {
        services(lookup, &[pod.namespace()])
    };
    let mut set = Ordered::default();
    for source in container.env_from.iter().flatten() {
        let prefix = source.prefix.as_deref().unwrap_or("");
        let data = if let Some(map) = &source.config_map_ref {
            lookup.config_map_text(&map.name, map.optional == Some(true))?
        } else if let Some(secret) = &source.secret_ref {
            lookup.secret(&secret.name, secret.optional == Some(true))?
        } else {
            BTreeMap::new()
        };
        for (key, value) in data {
            let name = format!("{prefix}{key}");
            if is_name(&name) {
                set.put(name, String::from_utf8_lossy(&value).into_owned());
            }
        }
    }
    for variable in container.env.iter().flatten() {
        let value = match (&variable.value_from, &variable.value) {
            (Some(EnvVarSource { file_key_ref: Some(selector), .. }), _) => from_file(pod, selector, files)?,
            (Some(source), _) => value_from(pod, container, source, lookup, facts)?,
            (None, value) => {
                let known = |name: &str| set.get(name).or_else(|| services.get(name).map(String::as_str));
                Some(expand(value.as_deref().unwrap_or(""), known))
            }
        };
        if let Some(value) = value {
            set.put(variable.name.clone(), value);
        }
    }
    for (name, value) in services {
        if set.get(&name).is_none() {
            set.put(name, value);
        }
    }
    Ok(set.0)
}

/// Variables in the order they were first set.
#[derive(Default)]
struct Ordered(Vec<(String, String)>);

impl Ordered {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn put(&mut self, name: String, value: String) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => self.0.push((name, value)),
        }
    }
}

/// Keys that are no names of variables are left out: only printable ASCII without `=` is one.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'=')
}

/// A variable of a file that another container wrote.
fn from_file(pod: &Pod, selector: &FileKeySelector, files: ReadFile<'_>) -> Result<Option<String>, EnvError> {
    let FileKeySelector { key, path, volume_name: volume, optional } = selector;
    let text = files(volume, path).map_err(|_| EnvError::File)?;
    let value = file::value(&text, key).map_err(|_| EnvError::File)?;
    match (value.is_empty(), *optional) {
        (false, _) => Ok(Some(value)),
        (true, Some(true)) => Ok(None),
        (true, _) => {
            let place = format!("/var/lib/kubelet/pods/{}/volumes/kubernetes.io~empty-dir/{volume}", pod.uid());
            Err(EnvError::NotInFile { key: key.clone(), path: format!("{place}/{}", path.trim_start_matches('/')) })
        }
    }
}

fn value_from(
    pod: &Pod,
    container: &Container,
    source: &EnvVarSource,
    lookup: &Lookup<'_>,
    facts: &Facts<'_>,
) -> Result<Option<String>, EnvError> {
    if let Some(field) = &source.field_ref {
        return Ok(Some(downward::field(pod, &field.field_path, facts)?));
    }
    if let Some(resource) = &source.resource_field_ref {
        return Ok(Some(downward::resource(pod, container, resource, facts)?));
    }
    let (data, key, optional, missing) = if let Some(map) = &source.config_map_key_ref {
        let optional = map.optional == Some(true);
        let missing = Missing::Key {
            kind: "ConfigMap",
            namespace: pod.namespace().into(),
            name: map.name.clone(),
            key: map.key.clone(),
        };
        (lookup.config_map_text(&map.name, optional)?, &map.key, optional, missing)
    } else if let Some(secret) = &source.secret_key_ref {
        let optional = secret.optional == Some(true);
        let missing = Missing::Key {
            kind: "Secret",
            namespace: pod.namespace().into(),
            name: secret.name.clone(),
            key: secret.key.clone(),
        };
        (lookup.secret(&secret.name, optional)?, &secret.key, optional, missing)
    } else {
        return Ok(Some(String::new()));
    };
    match data.get(key) {
        Some(value) => Ok(Some(String::from_utf8_lossy(value).into_owned())),
        None if optional => Ok(None),
        None => Err(missing.into()),
    }
}

/// The names in `$(NAME)` that no variable has, each once.
pub fn unknown(text: &str, known: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('$') {
        let Some((name, tail)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')')) else {
            // A dollar sign that is meant, or one that means nothing.
            rest = after.strip_prefix('$').unwrap_or(after);
            continue;
        };
        if !known(name) && !names.contains(&name) {
            names.push(name);
        }
        rest = tail;
    }
    names
}

/// Replaces `$(NAME)` by the variable's value; unknown ones stay as they are, `$$` is a dollar sign
/// (kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/).
pub fn expand<'a>(text: &str, known: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some((name, tail)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match known(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&format!("$({name})")),
            }
            rest = tail;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// The variables that name Services: those of `namespaces`, and `kubernetes` of `default` always
/// (kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
fn services(lookup: &Lookup<'_>, namespaces: &[&str]) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let master = lookup.services("default").into_iter().filter(|service| service["metadata"]["name"] == "kubernetes");
    let others = namespaces.iter().flat_map(|namespace| lookup.services(namespace));
    for service in master.chain(others) {
        let address = service["spec"]["clusterIP"].as_str().unwrap_or("");
        if !address.is_empty() && address != "None" {
            service_variables(&service, address, &mut variables);
        }
    }
    variables
}

fn service_variables(service: &Value, address: &str, variables: &mut BTreeMap<String, String>) {
    let upper = |name: &str| name.to_uppercase().replace('-', "_");
    let name = upper(service["metadata"]["name"].as_str().unwrap_or(""));
    let ports = service["spec"]["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(first) = ports.first() else { return };
    variables.insert(format!("{name}_SERVICE_HOST"), address.to_owned());
    variables.insert(format!("{name}_SERVICE_PORT"), first["port"].to_string());
    for (index, entry) in ports.iter().enumerate() {
        let port = entry["port"].to_string();
        let protocol = entry["protocol"].as_str().unwrap_or("TCP");
        if let Some(label) = entry["name"].as_str().filter(|label| !label.is_empty()) {
            variables.insert(format!("{name}_SERVICE_PORT_{}", upper(label)), port.clone());
        }
        let url = format!("{}://{address}:{port}", protocol.to_lowercase());
        let prefix = format!("{name}_PORT_{port}_{protocol}");
        if index == 0 {
            variables.insert(format!("{name}_PORT"), url.clone());
        }
        variables.insert(prefix.clone(), url);
        variables.insert(format!("{prefix}_PROTO"), protocol.to_lowercase());
        variables.insert(format!("{prefix}_PORT"), port);
        variables.insert(format!("{prefix}_ADDR"), address.to_owned());
    }
}

#[cfg(test)]
mod tests;
