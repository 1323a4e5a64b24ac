//! Which volume a container sees where.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use k8s_openapi::api::core::v1::{Container, VolumeMount};

use super::{Made, Volumes, files};
use crate::node::{
    container_spec::ConfigError,
    env::expand,
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
                    (MountSource::Path(with_sub_path(path, *read_only, container, mount, env)?), *read_only)
                }
            };
            let read_only = volume_read_only || mount.read_only == Some(true);
            mounts.push(Mount { source, target: absolute(&mount.mount_path), read_only });
        }
        mounts.sort_by_key(|mount| mount.target.split('/').count());
        Ok(mounts)
    }
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
    read_only: bool,
    container: &Container,
    mount: &VolumeMount,
    env: &[(String, String)],
) -> Result<PathBuf, ConfigError> {
    let known = |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let sub_path = match (mount.sub_path.as_deref(), mount.sub_path_expr.as_deref()) {
        (Some(path), _) if !path.is_empty() => path.to_owned(),
        (_, Some(expression)) if !expression.is_empty() => expand(expression, known),
        _ => return Ok(volume.to_owned()),
    };
    let failed = |why: String| {
        let index = container.volume_mounts.iter().flatten().position(|other| other == mount).unwrap_or(0);
        let name = &container.name;
        ConfigError::config(format!(
            "failed to prepare subPath for volumeMount {:?} of container {name:?}: volumeMount {index}: {why}",
            mount.name
        ))
    };
    if read_only && volume.join(&sub_path).exists() {
        // The node wrote it, links and all; they lead nowhere else.
        let found = volume.join(&sub_path).canonicalize().map_err(|error| failed(error.to_string()))?;
        let root = volume.canonicalize().map_err(|error| failed(error.to_string()))?;
        return found.starts_with(&root).then_some(found).ok_or_else(|| failed(format!("{sub_path} is outside")));
    }
    let inside =
        files::inside(volume, &sub_path).ok_or_else(|| failed(format!("{sub_path} leads out of the volume")))?;
    make_directory(&inside).map_err(|error| failed(error.to_string()))?;
    Ok(inside)
}

/// What is not there yet becomes a directory.
fn make_directory(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    super::permit(path, 0o777)
}
