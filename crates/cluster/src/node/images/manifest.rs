//! An image's configuration and manifest as OCI documents, and the digests that come of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ImageConfig;

/// `sha256:` and 64 hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hexadecimal(&Sha256::digest(bytes)))
}

/// A checksum's digits.
pub(super) fn hexadecimal(sum: &[u8]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// This machine's processor, as images name it.
pub(super) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// A packed layer: what a registry would hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PackedLayer {
    /// Of the compressed archive.
    pub digest: String,
    /// Bytes of the compressed archive.
    pub size: u64,
    /// Of the archive itself; the layer's directory has this name.
    pub diff_id: String,
}

/// An image configuration (OCI image-spec, config.md).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Config {
    architecture: String,
    os: String,
    pub config: Execution,
    rootfs: RootFs,
}

/// What an image runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Execution {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_is_empty")]
    pub exposed_ports: BTreeMap<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
    pub env: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
    pub entrypoint: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
    pub cmd: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_is_empty")]
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct RootFs {
    r#type: String,
    diff_ids: Vec<String>,
}

/// Docker writes `null` where it means nothing.
fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Config {
    /// The configuration of an image of these layers.
    pub(super) fn new(config: Execution, layers: &[PackedLayer]) -> Self {
        let diff_ids = layers.iter().map(|layer| layer.diff_id.clone()).collect();
        let rootfs = RootFs { r#type: "layers".to_owned(), diff_ids };
        Self { architecture: architecture().to_owned(), os: "linux".to_owned(), config, rootfs }
    }

    /// What it runs on, as `linux/amd64`.
    pub(super) fn platform(&self) -> String {
        format!("{}/{}", self.os, self.architecture)
    }

    /// The layers' digests, lowest first.
    pub(super) fn diff_ids(&self) -> &[String] {
        &self.rootfs.diff_ids
    }
}

impl From<&Execution> for ImageConfig {
    fn from(execution: &Execution) -> Self {
        let pair = |entry: &String| {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            (name.to_owned(), value.to_owned())
        };
        Self {
            entrypoint: execution.entrypoint.clone(),
            cmd: execution.cmd.clone(),
            env: execution.env.iter().map(pair).collect(),
            working_dir: execution.working_dir.clone(),
            user: execution.user.clone(),
            labels: execution.labels.clone(),
        }
    }
}

/// An image manifest (OCI image-spec, manifest.md) as a registry would send it.
pub(super) fn manifest(config: &[u8], layers: &[PackedLayer]) -> Vec<u8> {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| {
            serde_json::json!({
                "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                "digest": layer.digest,
                "size": layer.size,
            })
        })
        .collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest(config),
            "size": config.len(),
        },
        "layers": layers,
    });
    manifest.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_with_dockers_nulls_is_read() {
        let text = r#"{"architecture":"amd64","os":"linux","config":{"Env":["A=1"],"Cmd":null,"Labels":null},
                       "rootfs":{"type":"layers","diff_ids":["sha256:1"]}}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        let image = ImageConfig::from(&config.config);
        assert_eq!((image.env, image.cmd), (vec![("A".to_owned(), "1".to_owned())], Vec::<String>::new()));
        assert_eq!(config.diff_ids(), ["sha256:1"]);
    }

    #[test]
    fn digests_are_sha256() {
        assert_eq!(digest(b""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
