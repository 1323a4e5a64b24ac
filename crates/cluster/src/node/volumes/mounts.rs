//! Which volume a container sees where.

use std::path::{Path, PathBuf};

use k8s_openapi::api::core::v1::{Container, VolumeMount};

use super::{
    Made, Volumes,
    beneath::{Beneath, Links},
};
use crate::node::{
    container_spec::ConfigError,
    env::{expand, unknown},
    runtime::{Mount, MountSource},
};

impl Volumes {
    /// The mounts of a container, outer paths first. `env` is for `subPathExpr`.
    ///
    /// # Errors
    /// A `subPath` that can't be.
    pub fn mounts(&self, container: &Container, env: &[(String, String)]) -> Result<Vec<Mount>, ConfigError> {
        let mut mounts = Vec::new();
        for mount in container.volume_mounts.iter().flatten() {
            // Admission has seen to it that the volume is there.
            let Some(made) = self.made.get(&mount.name) else { continue };
            let (source, volume_read_only) = match made {
                Made::Image { layers } => {
                    (MountSource::Image { layers: layers.clone(), path: image_path(mount)? }, true)
                }
                Made::Memory { size } => (MountSource::Memory { name: mount.name.clone(), size: *size }, false),
                Made::Path { path, read_only } => {
                    (MountSource::Path(with_sub_path(path, container, mount, env)?), *read_only)
                }
            };
            let read_only = volume_read_only || mount.read_only == Some(true);
            mounts.push(Mount { source, target: absolute(&mount.mount_path), read_only });
        }
        mounts.sort_by_key(|mount| mount.target.split('/').count());
        Ok(mounts)
    }
}

/// The path that a `subPathExpr` means now.
fn expanded(expression: &str, env: &[(String, String)]) -> Result<String, ConfigError> {
    let value = |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let mut missing = unknown(expression, |name| value(name).is_some());
    missing.sort_unstable();
    if !missing.is_empty() {
        return Err(ConfigError::config(format!("missing value for {}", missing.join(", "))));
    }
    let path = expand(expression, value);
    if path.starts_with('/') {
        return Err(ConfigError::config(format!("error SubPath `{path}` must not be an absolute path")));
    }
    if path.split('/').any(|part| part == "..") {
        return Err(ConfigError::config(format!("unable to provision SubPath `{path}`: must not contain '..'")));
    }
    Ok(path)
}

/// The part of an image that a mount shows; a path that climbs is none.
fn image_path(mount: &VolumeMount) -> Result<String, ConfigError> {
    let path = mount.sub_path.clone().unwrap_or_default();
    let plain = Path::new(&path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if plain { Ok(path) } else { Err(ConfigError::config(format!("subPath {path:?} leads out of the image"))) }
}

/// Container paths without a slash at the front are taken from the root.
fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

fn with_sub_path(
    volume: &Path,
    container: &Container,
    mount: &VolumeMount,
    env: &[(String, String)],
) -> Result<PathBuf, ConfigError> {
    let sub_path = match (mount.sub_path.as_deref(), mount.sub_path_expr.as_deref()) {
        (Some(path), _) if !path.is_empty() => path.to_owned(),
        (_, Some(expression)) if !expression.is_empty() => expanded(expression, env)?,
        _ => return Ok(volume.to_owned()),
    };
    // What exactly is wrong would tell of the node's files: a kubelet keeps it to itself.
    let failed = |what: &str| {
        let (volume, name) = (&mount.name, &container.name);
        ConfigError::config(format!("failed to {what} for volumeMount {volume:?} of container {name:?}"))
    };
    let beneath = Beneath::of(volume, Links::Beneath).map_err(|_| failed("prepare subPath"))?;
    let path = Path::new(&sub_path);
    // What is not there yet becomes a directory.
    let made = match beneath.find(path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            beneath.make_directory(path, 0o777).map_err(|_| failed("create subPath directory"))?
        }
        Err(_) => return Err(failed("prepare subPath")),
    };
    beneath.place(volume, &made).map_err(|_| failed("prepare subPath"))
}
