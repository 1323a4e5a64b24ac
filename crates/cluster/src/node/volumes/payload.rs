//! The files of volumes that show objects: configMap, secret, downwardAPI and projected.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    ConfigMapProjection, DownwardAPIVolumeFile, KeyToPath, SecretProjection, ServiceAccountTokenProjection, Volume,
    VolumeProjection,
};

use crate::{
    node::{
        downward::{self, Facts},
        machine::NODES,
        objects::{Data, Lookup},
        pod::Pod,
    },
    store::Key,
    tokens::{Bearer, Signer},
};

/// The mode of files when the manifest says nothing.
const MODE: i32 = 0o644;
/// The mode of a token that only some may read.
const TOKEN_MODE: i32 = 0o600;
/// The least and the usual validity of a token, in seconds.
const TOKEN_SECONDS: i64 = 3600;

/// One file: contents, mode and owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its mode.
    pub mode: u32,
    /// Whom it belongs to, where that is not root.
    pub user: Option<u32>,
}

impl Entry {
    fn of(bytes: Vec<u8>, mode: u32) -> Self {
        Self { bytes, mode, user: None }
    }
}

/// Files by path within the volume.
pub type Payload = BTreeMap<String, Entry>;

/// What a volume of files has, or that it is none.
pub enum Rendered {
    /// Its files.
    Payload(Payload),
    /// A kind of volume that this node does not have.
    Unknown,
}

/// Where the contents come from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The Pod's namespace.
    pub lookup: Lookup<'a>,
    /// What the downward API tells.
    pub facts: Facts<'a>,
    /// Signs tokens.
    pub signer: &'a Signer,
    /// An id for a token.
    pub token_id: &'a str,
    /// The time of writing.
    pub now: Timestamp,
}

impl Sources<'_> {
    /// The directory of a claim, by its uid.
    ///
    /// # Errors
    /// There is no such claim.
    pub fn claim(&self, name: &str) -> Result<String, String> {
        let key = Key::new("persistentvolumeclaims", self.lookup.namespace, name);
        let claim = self.lookup.store.get(&key).ok_or_else(|| format!("persistentvolumeclaim {name:?} not found"))?;
        Ok(claim["metadata"]["uid"].as_str().unwrap_or(name).to_owned())
    }
}

/// The files of a volume; `old` is what it had before, of which tokens are kept.
pub fn render(pod: &Pod, volume: &Volume, sources: &Sources<'_>, old: Option<&Payload>) -> Result<Rendered, String> {
    let mut files = Payload::new();
    if let Some(map) = &volume.config_map {
        let optional = map.optional == Some(true);
        let data = sources.lookup.config_map(&map.name, optional).map_err(|missing| missing.to_string())?;
        keys(&mut files, &data, map.items.as_deref(), map.default_mode, optional, CONFIG)?;
    } else if let Some(secret) = &volume.secret {
        let optional = secret.optional == Some(true);
        let name = secret.secret_name.as_deref().unwrap_or("");
        let data = sources.lookup.secret(name, optional).map_err(|missing| missing.to_string())?;
        keys(&mut files, &data, secret.items.as_deref(), secret.default_mode, optional, SECRET)?;
    } else if let Some(downward) = &volume.downward_api {
        fields(&mut files, pod, downward.items.iter().flatten(), downward.default_mode, sources)?;
    } else if let Some(projected) = &volume.projected {
        // All that is missing is told at once.
        let sources_of_it = projected.sources.iter().flatten();
        let errors: Vec<String> = sources_of_it
            .filter_map(|one| project(&mut files, pod, one, projected.default_mode, sources, old).err())
            .collect();
        match &errors[..] {
            [] => {}
            [one] => return Err(one.clone()),
            several => return Err(format!("[{}]", several.join(", "))),
        }
    } else {
        return Ok(Rendered::Unknown);
    }
    Ok(Rendered::Payload(files))
}

/// Adds the files of one source of a projected volume.
fn project(
    files: &mut Payload,
    pod: &Pod,
    source: &VolumeProjection,
    mode: Option<i32>,
    sources: &Sources<'_>,
    old: Option<&Payload>,
) -> Result<(), String> {
    if let Some(map) = &source.config_map {
        config_map(files, map, mode, sources)
    } else if let Some(projection) = &source.secret {
        secret(files, projection, mode, sources)
    } else if let Some(downward) = &source.downward_api {
        fields(files, pod, downward.items.iter().flatten(), mode, sources)
    } else if let Some(projection) = &source.service_account_token {
        let kept = old.and_then(|old| old.get(&projection.path)).cloned();
        let made = kept.map_or_else(|| token(pod, projection, mode, sources), Ok)?;
        files.insert(projection.path.clone(), made);
        Ok(())
    } else {
        Err("no volume plugin matched".to_owned())
    }
}

/// How a missing key is named, by what it is missing in.
const CONFIG: &str = "configmap references non-existent config key";
const SECRET: &str = "references non-existent secret key";

fn mode(own: Option<i32>, default: Option<i32>) -> u32 {
    u32::try_from(own.or(default).unwrap_or(MODE)).unwrap_or(0) & 0o777
}

/// All keys, or those that `items` names.
fn keys(
    files: &mut Payload,
    data: &Data,
    items: Option<&[KeyToPath]>,
    default: Option<i32>,
    optional: bool,
    missing: &str,
) -> Result<(), String> {
    let Some(items) = items.filter(|items| !items.is_empty()) else {
        let all = data.iter().map(|(key, bytes)| (key.clone(), Entry::of(bytes.clone(), mode(None, default))));
        files.extend(all);
        return Ok(());
    };
    for item in items {
        match data.get(&item.key) {
            Some(bytes) => {
                files.insert(item.path.clone(), Entry::of(bytes.clone(), mode(item.mode, default)));
            }
            None if optional => {}
            None => return Err(format!("{missing}: {}", item.key)),
        }
    }
    Ok(())
}

fn config_map(
    files: &mut Payload,
    map: &ConfigMapProjection,
    mode: Option<i32>,
    sources: &Sources<'_>,
) -> Result<(), String> {
    let optional = map.optional == Some(true);
    let data = sources.lookup.config_map(&map.name, optional).map_err(|missing| missing.to_string())?;
    keys(files, &data, map.items.as_deref(), mode, optional, CONFIG)
}

fn secret(
    files: &mut Payload,
    secret: &SecretProjection,
    mode: Option<i32>,
    sources: &Sources<'_>,
) -> Result<(), String> {
    let optional = secret.optional == Some(true);
    let data = sources.lookup.secret(&secret.name, optional).map_err(|missing| missing.to_string())?;
    keys(files, &data, secret.items.as_deref(), mode, optional, SECRET)
}

fn fields<'a>(
    files: &mut Payload,
    pod: &Pod,
    items: impl Iterator<Item = &'a DownwardAPIVolumeFile>,
    default: Option<i32>,
    sources: &Sources<'_>,
) -> Result<(), String> {
    for item in items {
        let text = if let Some(field) = &item.field_ref {
            downward::field(pod, &field.field_path, &sources.facts).map_err(|error| error.to_string())?
        } else if let Some(resource) = &item.resource_field_ref {
            let container = &pod.spec.containers[0];
            downward::resource(pod, container, resource, &sources.facts).map_err(|error| error.to_string())?
        } else {
            continue;
        };
        files.insert(item.path.clone(), Entry::of(text.into_bytes(), mode(item.mode, default)));
    }
    Ok(())
}

fn token(
    pod: &Pod,
    projection: &ServiceAccountTokenProjection,
    default: Option<i32>,
    sources: &Sources<'_>,
) -> Result<Entry, String> {
    let name = pod.spec.service_account_name.as_deref().unwrap_or("default");
    let key = Key::new("serviceaccounts", pod.namespace(), name);
    let account = sources.lookup.store.get(&key);
    let account = account.ok_or_else(|| format!("failed to fetch token: serviceaccounts {name:?} not found"))?;
    let node = sources.lookup.store.get(&Key::new(NODES, "", sources.facts.node));
    let node_uid = node.as_ref().and_then(|node| node["metadata"]["uid"].as_str()).unwrap_or("");
    let bearer = Bearer {
        namespace: pod.namespace(),
        account: (name, account["metadata"]["uid"].as_str().unwrap_or("")),
        pod: Some((pod.name(), pod.uid())),
        node: Some((sources.facts.node, node_uid)),
        ..Bearer::default()
    };
    let seconds = projection.expiration_seconds.unwrap_or(TOKEN_SECONDS);
    let audiences: Vec<&str> =
        projection.audience.as_deref().filter(|audience| !audience.is_empty()).into_iter().collect();
    let token = sources.signer.token(bearer, &audiences, seconds, sources.token_id, sources.now);
    // Who runs as somebody must be able to read it, and nobody else needs to.
    let user = only_user(pod);
    let own = (user.is_some() || super::fs_group(pod).is_some()).then_some(TOKEN_MODE);
    Ok(Entry { bytes: token.into_bytes(), mode: mode(own, default), user })
}

/// The user that all containers of the Pod run as, if its manifest says so of each of them (the kubelet's `FsUserFrom`).
fn only_user(pod: &Pod) -> Option<u32> {
    let shared = pod.spec.security_context.as_ref().and_then(|context| context.run_as_user);
    let mut users = pod
        .containers
        .iter()
        .map(|container| container.spec.security_context.as_ref().and_then(|context| context.run_as_user).or(shared));
    let first = users.next().flatten()?;
    users.all(|user| user == Some(first)).then(|| u32::try_from(first).ok()).flatten()
}
