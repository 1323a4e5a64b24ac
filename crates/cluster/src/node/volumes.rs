//! Volumes: directories of the node that containers see (kubernetes.io/docs/concepts/storage/volumes/).

mod beneath;
mod files;
mod mounts;
mod payload;

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Volume;

pub use self::payload::Sources;
use self::payload::{Payload, Rendered};
use self::{
    beneath::{Beneath, Links},
    files::Finish,
};
use super::pod::Pod;
use crate::admission::quantity::Quantity;

/// The biggest file that variables are read from, in bytes (a kubelet's limit).
const MOST_VARIABLES: u64 = 64 * 1024;

/// Sets a file's mode exactly, whatever the umask.
///
/// # Errors
/// It is not there, or not ours.
pub fn permit(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Why a volume can't be made: the text of `FailedMount`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("MountVolume.SetUp failed for volume {volume:?} : {cause}")]
pub struct VolumeError {
    /// `spec.volumes[].name`
    volume: String,
    /// In the words of the volume's plugin.
    cause: String,
}

/// A volume that is ready to be mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Made {
    /// A directory or file of the node.
    Path {
        path: PathBuf,
        /// Containers may never write it: the node does.
        read_only: bool,
    },
    /// In memory.
    Memory { size: Option<u64> },
    /// What is in an image.
    Image { layers: Vec<PathBuf> },
}

/// The volumes of one Pod.
#[derive(Debug)]
pub struct Volumes {
    /// Where the node keeps all volumes.
    root: PathBuf,
    /// Where this Pod's are.
    directory: PathBuf,
    made: BTreeMap<String, Made>,
    payloads: BTreeMap<String, Payload>,
}

impl Volumes {
    /// The volume shows this image from now on.
    pub fn show_image(&mut self, volume: &str, layers: Vec<PathBuf>) {
        self.made.insert(volume.to_owned(), Made::Image { layers });
    }

    /// Whether the volume is there.
    pub fn has(&self, volume: &str) -> bool {
        self.made.contains_key(volume)
    }

    /// The volumes of the Pod with this uid; none is made yet.
    pub fn new(root: &Path, uid: &str) -> Self {
        let directory = root.join(uid).join("volumes");
        Self { root: root.to_owned(), directory, made: BTreeMap::new(), payloads: BTreeMap::new() }
    }

    /// The `emptyDir` volumes on the disk, by name, and where they are.
    pub fn on_disk(&self, pod: &Pod) -> Vec<(String, PathBuf)> {
        let empty = pod.spec.volumes.iter().flatten().filter(|volume| volume.empty_dir.is_some());
        let place = |volume: &Volume| match self.made.get(&volume.name)? {
            Made::Path { path, .. } => Some((volume.name.clone(), path.clone())),
            _ => None,
        };
        empty.filter_map(place).collect()
    }

    /// What is in a file of a volume on the disk. Only what has been there before the container starts can be read.
    ///
    /// # Errors
    /// There is no such volume or file, or a link leads out of the volume.
    pub fn read(&self, volume: &str, path: &str) -> io::Result<String> {
        let Some(Made::Path { path: root, .. }) = self.made.get(volume) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        Beneath::of(root, Links::Beneath)?.read(Path::new(path), MOST_VARIABLES)
    }

    /// Makes what is not there yet.
    ///
    /// # Errors
    /// The first volume that can't be made, and why.
    pub fn set_up(&mut self, pod: &Pod, sources: &Sources<'_>, now: Timestamp) -> Result<(), VolumeError> {
        for volume in pod.spec.volumes.iter().flatten() {
            if self.made.contains_key(&volume.name) || volume.image.is_some() {
                continue;
            }
            let made = self.make(pod, volume, sources, now);
            let made = made.map_err(|cause| VolumeError { volume: volume.name.clone(), cause })?;
            self.made.insert(volume.name.clone(), made);
        }
        Ok(())
    }

    /// Brings the volumes that show objects up to date, with files that are finished before anybody sees them. One whose
    /// objects are gone keeps what it has.
    pub fn refresh(&mut self, pod: &Pod, sources: &Sources<'_>, finish: Finish<'_>, now: Timestamp) {
        for volume in pod.spec.volumes.iter().flatten() {
            let Some(old) = self.payloads.get(&volume.name) else { continue };
            let Ok(Rendered::Payload(new)) = payload::render(pod, volume, sources, Some(old)) else { continue };
            if *old != new {
                let place = self.directory.join(plugin(volume)).join(&volume.name);
                let written = files::write(&place, &new, fs_group(pod), finish, now);
                match written {
                    Ok(()) => drop(self.payloads.insert(volume.name.clone(), new)),
                    Err(error) => tracing::warn!(%error, volume = volume.name, "a volume could not be updated"),
                }
            }
        }
    }

    fn make(&mut self, pod: &Pod, volume: &Volume, sources: &Sources<'_>, now: Timestamp) -> Result<Made, String> {
        let failed = |error: io::Error| error.to_string();
        if let Some(empty) = &volume.empty_dir {
            let size = empty.size_limit.as_ref().and_then(|limit| limit.0.parse::<Quantity>().ok());
            let size = size.and_then(|size| u64::try_from(size.value()).ok()).filter(|size| *size > 0);
            if empty.medium.as_deref() == Some("Memory") {
                return Ok(Made::Memory { size });
            }
            let path = self.directory.join(plugin(volume)).join(&volume.name);
            writable(&path, fs_group(pod)).map_err(failed)?;
            return Ok(Made::Path { path, read_only: false });
        }
        if let Some(host) = &volume.host_path {
            let root = self.root.join(".host");
            files::furnish(&root).map_err(failed)?;
            let path = files::host_path(&root, &host.path, host.type_.as_deref().unwrap_or(""))?;
            return Ok(Made::Path { path, read_only: false });
        }
        if let Some(claim) = &volume.persistent_volume_claim {
            let path = self.root.join(".claims").join(sources.claim(&claim.claim_name)?);
            writable(&path, fs_group(pod)).map_err(failed)?;
            return Ok(Made::Path { path, read_only: claim.read_only == Some(true) });
        }
        match payload::render(pod, volume, sources, None)? {
            Rendered::Payload(payload) => {
                let path = self.directory.join(plugin(volume)).join(&volume.name);
                let group = fs_group(pod);
                files::write(&path, &payload, group, &|_| Ok(()), now).map_err(failed)?;
                permit(&path, root_mode(volume)).map_err(failed)?;
                give(&path, group, root_mode(volume)).map_err(failed)?;
                self.payloads.insert(volume.name.clone(), payload);
                Ok(Made::Path { path, read_only: true })
            }
            Rendered::Unknown => Err("no volume plugin matched".to_owned()),
        }
    }
}

/// The directory that a kubelet keeps volumes of a kind in.
fn plugin(volume: &Volume) -> &'static str {
    if volume.empty_dir.is_some() {
        "kubernetes.io~empty-dir"
    } else if volume.config_map.is_some() {
        "kubernetes.io~configmap"
    } else if volume.secret.is_some() {
        "kubernetes.io~secret"
    } else if volume.downward_api.is_some() {
        "kubernetes.io~downward-api"
    } else {
        "kubernetes.io~projected"
    }
}

/// Whose files are secrets is kept in memory by a kubelet, and such a file system is like /tmp; ConfigMaps are on the disk.
fn root_mode(volume: &Volume) -> u32 {
    if volume.config_map.is_some() { 0o777 } else { 0o1777 }
}

fn fs_group(pod: &Pod) -> Option<u32> {
    let group = pod.spec.security_context.as_ref()?.fs_group?;
    u32::try_from(group).ok()
}

/// A directory that everybody may write, or the file system group if there is one.
fn writable(path: &Path, group: Option<u32>) -> io::Result<()> {
    fs::create_dir_all(path)?;
    permit(path, 0o777)?;
    give(path, group, 0o777)
}

/// Gives a directory to the file system group, if there is one: what is made in it then belongs to the group too.
fn give(path: &Path, group: Option<u32>, mode: u32) -> io::Result<()> {
    // Only root may give files away; the mode lets everybody in then.
    if group.is_some() && std::os::unix::fs::chown(path, None, group).is_ok() {
        permit(path, mode | 0o2000)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
