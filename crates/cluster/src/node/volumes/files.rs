//! Writing volumes of files so that a reader sees all of an update or nothing of it, and `hostPath` directories.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::{chown, symlink},
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    beneath::{Beneath, Found, Links},
    payload::Payload,
    permit,
};

/// What the file system group may do with the files of objects, whatever their mode says.
const GROUP_READS: u32 = 0o440;
/// The link that is turned over with each update.
const DATA: &str = "..data";

/// Does what is left to be done with files that nobody sees yet.
pub type Finish<'a> = &'a dyn Fn(&Path) -> io::Result<()>;

/// Writes all files beneath a new directory, points `..data` to it, and links each first path element through it: the
/// layout a kubelet makes (seen with `readlink` in `config/volumes.yaml`). Before that the files are given to `group`,
/// if there is one, and are finished.
///
/// # Errors
/// The disk is full, or the like; the old files then stay.
pub fn write(
    volume: &Path,
    payload: &Payload,
    group: Option<u32>,
    finish: Finish<'_>,
    now: Timestamp,
) -> io::Result<()> {
    fs::create_dir_all(volume)?;
    let name = format!("..{}", now.strftime("%Y_%m_%d_%H_%M_%S.%9f"));
    let fresh = volume.join(&name);
    fs::create_dir_all(&fresh)?;
    permit(&fresh, 0o755)?;
    for (path, entry) in payload {
        let file = fresh.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&file, &entry.bytes)?;
        // Only root may give files away, and then before their mode is set, as it takes some of that away.
        let _ = chown(&file, entry.user, group);
        permit(&file, entry.mode | group.map_or(0, |_| GROUP_READS))?;
    }
    if group.is_some() {
        give_directories(&fresh, group)?;
    }
    finish(&fresh)?;
    let old = fs::read_link(volume.join(DATA)).ok();
    replace_link(&name, &volume.join(DATA))?;
    let wanted: BTreeSet<&str> = payload.keys().filter_map(|path| path.split('/').next()).collect();
    link_entries(volume, &wanted)?;
    if let Some(old) = old.filter(|old| old.as_os_str() != name.as_str()) {
        fs::remove_dir_all(volume.join(old))?;
    }
    Ok(())
}

/// Gives a directory and those beneath it to a group that may look around in them.
fn give_directories(directory: &Path, group: Option<u32>) -> io::Result<()> {
    let _ = chown(directory, None, group);
    permit(directory, 0o2755)?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            give_directories(&entry.path(), group)?;
        }
    }
    Ok(())
}

fn replace_link(target: &str, link: &Path) -> io::Result<()> {
    let temporary = link.with_file_name("..data_tmp");
    symlink(target, &temporary)?;
    fs::rename(temporary, link)
}

fn link_entries(volume: &Path, wanted: &BTreeSet<&str>) -> io::Result<()> {
    for entry in fs::read_dir(volume)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with("..") && !wanted.contains(&*name) {
            fs::remove_file(entry.path())?;
        }
    }
    for name in wanted {
        let link = volume.join(name);
        if link.symlink_metadata().is_err() {
            symlink(Path::new(DATA).join(name), link)?;
        }
    }
    Ok(())
}

/// The directories that a kind node's root has; a Pod may ask for one that is there (`type: Directory`).
const FURNITURE: &[&str] = &[
    "boot",
    "dev",
    "etc",
    "home",
    "kind",
    "media",
    "mnt",
    "opt",
    "proc",
    "root",
    "run",
    "srv",
    "sys",
    "tmp",
    "usr/bin",
    "usr/lib",
    "usr/local",
    "usr/share",
    "var/lib",
    "var/log/containers",
    "var/log/pods",
    "var/tmp",
];

/// Makes the node's own root look like one.
///
/// # Errors
/// The disk is full, or the like.
pub fn furnish(root: &Path) -> io::Result<()> {
    FURNITURE.iter().try_for_each(|directory| fs::create_dir_all(root.join(directory)))?;
    ["tmp", "var/tmp"].iter().try_for_each(|directory| permit(&root.join(directory), 0o1777))
}

/// A path of the node's own root, which is made of what Pods put there; never one of the machine. `kind` is the
/// volume's `type`.
///
/// # Errors
/// The check that `type` asks for fails, in the kubelet's words.
pub fn host_path(root: &Path, path: &str, kind: &str) -> Result<PathBuf, String> {
    let failed = |error: io::Error| match error.raw_os_error() {
        Some(libc::EXDEV) => format!("host path {path} leads out of the node's root"),
        _ => format!("{path}: {error}"),
    };
    let node = Beneath::of(root, Links::InRoot).map_err(failed)?;
    let there = match node.find(Path::new(path)) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let file_type = there.as_ref().map(Found::metadata).transpose().map_err(failed)?.map(|found| found.file_type());
    let is = |wanted: fn(&fs::FileType) -> bool| file_type.as_ref().is_some_and(wanted);
    let check = |holds: bool, what: &str| {
        if holds { Ok(()) } else { Err(format!("hostPath type check failed: {path} is not {what}")) }
    };
    match kind {
        "Directory" => check(is(fs::FileType::is_dir), "a directory")?,
        "File" => check(is(fs::FileType::is_file), "a file")?,
        "Socket" => check(false, "a socket file")?,
        "CharDevice" => check(false, "a character device")?,
        "BlockDevice" => check(false, "a block device")?,
        "FileOrCreate" => check(there.is_none() || is(fs::FileType::is_file), "a file")?,
        "DirectoryOrCreate" => check(there.is_none() || is(fs::FileType::is_dir), "a directory")?,
        _ => {}
    }
    let found = match there {
        Some(found) => found,
        None if kind == "FileOrCreate" => {
            node.make_file(Path::new(path)).map_err(|_| format!("hostPath type check failed: {path} is not a file"))?
        }
        None => node.make_directory(Path::new(path), 0o755).map_err(failed)?,
    };
    node.place(root, &found).map_err(failed)
}
