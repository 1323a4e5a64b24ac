//! What a sandbox has for itself where mounts can't show owners as its own ids (before Linux 5.19, and on file systems
//! without idmapped mounts): copies of its images' layers, and volumes that are given to it.

use std::{
    collections::HashMap,
    ffi::{CStr, CString},
    fs, io,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::{
            ffi::OsStrExt,
            fs::{FileTypeExt, MetadataExt, lchown, symlink},
        },
    },
    path::{Path, PathBuf},
};

use nix::{
    fcntl::{AT_FDCWD, AtFlags, OFlag, openat},
    sys::stat::{Mode, SFlag, fstat, mknod},
    unistd::{Gid, Uid, fchownat},
};

use super::ids;
use crate::node::runtime::{ContainerSpec, MountSource};

/// Overlay's mark of a directory that hides what is below it.
const OPAQUE: &CStr = c"user.overlay.opaque";
/// How deep into a volume files are given away: no program needs more, and nobody's stack or descriptors are used up.
const DEEPEST: usize = 64;

/// The copies of one sandbox.
#[derive(Debug)]
pub(super) struct Copies {
    /// The first of the sandbox's ids.
    first: u32,
    /// The image store's directory.
    images: PathBuf,
    /// Where the copies are, under the same names.
    own: PathBuf,
    /// One layer is copied at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Copies {
    pub(super) fn new(first: u32, images: PathBuf, own: PathBuf) -> Self {
        Self { first, images, own, turn: tokio::sync::Mutex::default() }
    }

    /// The first of the sandbox's ids.
    pub(super) fn first(&self) -> u32 {
        self.first
    }

    /// Copies the layers that a container needs and that are not copied yet, and gives its volumes to the sandbox.
    pub(super) async fn bring(&self, spec: &ContainerSpec) -> io::Result<()> {
        let _turn = self.turn.lock().await;
        let mut layers: Vec<PathBuf> = spec.layers.clone();
        let mut volumes = Vec::new();
        for mount in &spec.mounts {
            match &mount.source {
                MountSource::Image { layers: shown, .. } => layers.extend(shown.clone()),
                MountSource::Path(path) => volumes.push(path.clone()),
                MountSource::Memory { .. } => {}
            }
        }
        let (first, images, own) = (self.first, self.images.clone(), self.own.clone());
        let work = tokio::task::spawn_blocking(move || {
            layers.iter().try_for_each(|layer| copy_layer(layer, &images, &own, first))?;
            volumes.iter().try_for_each(|volume| give_to(volume, first))
        });
        work.await.map_err(io::Error::other)?
    }
}

/// Gives a file or a tree to the sandbox whose ids begin with `first`.
pub(super) fn give_to(path: &Path, first: u32) -> io::Result<()> {
    give(&open(AT_FDCWD, path)?, first, 0)
}

/// The id of this sandbox for one of an image, or of another sandbox's range: ranges begin at multiples of their size.
fn shifted(id: u32, first: u32) -> u32 {
    first + id % ids::COUNT
}

fn copy_layer(layer: &Path, images: &Path, own: &Path, first: u32) -> io::Result<()> {
    let inside = layer.strip_prefix(images).map_err(io::Error::other)?;
    let to = own.join(inside);
    if to.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to.parent().unwrap_or(own))?;
    let partial = to.with_extension("partial");
    crate::node::disk::remove(&partial);
    copy(layer, &partial, first, &mut HashMap::new())?;
    fs::rename(partial, to)
}

/// Copies a file or a tree. `linked` knows the copies of files that have several names.
fn copy(from: &Path, to: &Path, first: u32, linked: &mut HashMap<u64, PathBuf>) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    let kind = metadata.file_type();
    let owner = (Some(shifted(metadata.uid(), first)), Some(shifted(metadata.gid(), first)));
    if kind.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
        return lchown(to, owner.0, owner.1);
    }
    if kind.is_char_device() {
        // Overlay's mark of a removed file; a layer has no other devices.
        return Ok(mknod(to, SFlag::S_IFCHR, Mode::empty(), 0)?);
    }
    if kind.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name), first, linked)?;
        }
        copy_opaque(from, to)?;
    } else if kind.is_file() {
        if let Some(known) = linked.get(&metadata.ino()) {
            return fs::hard_link(known, to);
        }
        fs::copy(from, to)?;
        if metadata.nlink() > 1 {
            linked.insert(metadata.ino(), to.to_owned());
        }
    } else {
        return Ok(());
    }
    lchown(to, owner.0, owner.1)?;
    // Changing the owner takes some of it away.
    fs::set_permissions(to, metadata.permissions())?;
    let times = fs::FileTimes::new().set_modified(metadata.modified()?);
    fs::File::open(to)?.set_times(times)
}

fn copy_opaque(from: &Path, to: &Path) -> io::Result<()> {
    let path = |path: &Path| CString::new(path.as_os_str().as_bytes());
    let (from, to) = (path(from)?, path(to)?);
    let mut value = [0_u8; 1];
    // SAFETY: path and name end with a zero byte; the value is written to memory of the length that is told.
    let found = unsafe { libc::lgetxattr(from.as_ptr(), OPAQUE.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
    if found != 1 {
        return Ok(());
    }
    // SAFETY: path and name end with a zero byte; the value is as long as is told.
    let set = unsafe { libc::lsetxattr(to.as_ptr(), OPAQUE.as_ptr(), value.as_ptr().cast(), value.len(), 0) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn open(at: impl AsFd, name: &Path) -> io::Result<OwnedFd> {
    Ok(openat(at, name, OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())?)
}

/// Gives a file or a tree to the sandbox. Containers may be at work in it: no link is followed, and what has gone has gone.
fn give(file: &OwnedFd, first: u32, depth: usize) -> io::Result<()> {
    let stat = fstat(file)?;
    let (uid, gid) = (shifted(stat.st_uid, first), shifted(stat.st_gid, first));
    if (uid, gid) != (stat.st_uid, stat.st_gid) {
        let empty = AtFlags::AT_EMPTY_PATH | AtFlags::AT_SYMLINK_NOFOLLOW;
        fchownat(file, c"", Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)), empty)?;
    }
    if SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT != SFlag::S_IFDIR || depth == DEEPEST {
        return Ok(());
    }
    // The kernel knows the directory by its descriptor, wherever it may have been moved.
    for entry in fs::read_dir(format!("/proc/self/fd/{}", file.as_raw_fd()))?.flatten() {
        match open(file, Path::new(&entry.file_name())).and_then(|inner| give(&inner, first, depth + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const FIRST: u32 = 0x7000_0000;

    #[test]
    fn a_copy_is_as_the_layer_is_but_for_its_owners() {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("passed over: only root may give files away");
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let images = directory.path().join("images");
        let layer = images.join("layers/abc");
        fs::create_dir_all(layer.join("bin")).unwrap();
        fs::write(layer.join("bin/tool"), "program").unwrap();
        std::os::unix::fs::chown(layer.join("bin/tool"), Some(33), Some(FIRST + 7)).unwrap();
        fs::set_permissions(layer.join("bin/tool"), fs::Permissions::from_mode(0o4755)).unwrap();
        fs::hard_link(layer.join("bin/tool"), layer.join("bin/other")).unwrap();
        symlink("tool", layer.join("bin/link")).unwrap();
        mknod(&layer.join("gone"), SFlag::S_IFCHR, Mode::empty(), 0).unwrap();
        let own = directory.path().join("own");
        copy_layer(&layer, &images, &own, FIRST + ids::COUNT).unwrap();
        let copied = own.join("layers/abc");
        let tool = fs::metadata(copied.join("bin/tool")).unwrap();
        assert_eq!((tool.uid(), tool.gid()), (FIRST + ids::COUNT + 33, FIRST + ids::COUNT + 7));
        assert_eq!((tool.mode() & 0o7777, tool.nlink()), (0o4755, 2));
        assert_eq!(fs::symlink_metadata(copied.join("bin/link")).unwrap().uid(), FIRST + ids::COUNT);
        assert!(fs::symlink_metadata(copied.join("gone")).unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_volume_is_given_away_and_links_in_it_lead_nowhere() {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("passed over: only root may give files away");
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let (volume, outside) = (directory.path().join("volume"), directory.path().join("outside"));
        fs::create_dir_all(volume.join("deep")).unwrap();
        fs::write(volume.join("deep/file"), "").unwrap();
        fs::write(&outside, "").unwrap();
        symlink(&outside, volume.join("link")).unwrap();
        give(&open(AT_FDCWD, &volume).unwrap(), FIRST, 0).unwrap();
        assert_eq!(fs::metadata(volume.join("deep/file")).unwrap().uid(), FIRST);
        assert_eq!(fs::symlink_metadata(volume.join("link")).unwrap().uid(), FIRST);
        assert_eq!(fs::metadata(outside).unwrap().uid(), 0);
    }
}
