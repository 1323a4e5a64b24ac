//! Volumes: directories of the node that containers see.

use std::{fs::Permissions, io, os::unix::fs::PermissionsExt, path::Path};

/// Sets a file's mode exactly, whatever the umask.
///
/// # Errors
/// It is not there, or not ours.
pub fn permit(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}
