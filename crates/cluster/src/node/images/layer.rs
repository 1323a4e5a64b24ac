//! Layers: made from a list of entries, packed as archives, unpacked into directories.

mod packed;

use std::{
    fs, io,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

pub(super) use self::packed::{is_packed, unpacked};
use super::manifest::{PackedLayer, digest, hexadecimal};

/// The most bytes a layer may unpack to: more than any image for learning has, and no danger to a disk.
const MOST_BYTES: u64 = 8 << 30;
/// The most entries a layer may have (a big distribution's base image has about 10,000).
const MOST_ENTRIES: usize = 500_000;
/// What marks a removed file (OCI image-spec, layer.md).
const WHITEOUT: &str = ".wh.";
/// What marks a directory whose lower contents are hidden.
const OPAQUE: &str = ".wh..wh..opq";

/// Something in a layer that we make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    Directory { path: String, mode: u32 },
    File { path: String, mode: u32, content: Vec<u8> },
    Link { path: String, target: String },
}

/// Packs entries: the compressed archive and its description. The same entries always give the same bytes.
pub(super) fn pack(entries: &[Entry]) -> io::Result<(Vec<u8>, PackedLayer)> {
    let mut builder = tar::Builder::new(Vec::new());
    for entry in entries {
        append(&mut builder, entry)?;
    }
    let archive = builder.into_inner()?;
    // Without time and name of its own, gzip's output depends on its input alone.
    let mut compressed = Vec::new();
    GzBuilder::new().mtime(0).read(archive.as_slice(), Compression::default()).read_to_end(&mut compressed)?;
    let layer = PackedLayer { digest: digest(&compressed), size: compressed.len() as u64, diff_id: digest(&archive) };
    Ok((compressed, layer))
}

fn append(builder: &mut tar::Builder<Vec<u8>>, entry: &Entry) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    let inside = |path: &str| path.trim_start_matches('/').to_owned();
    match entry {
        Entry::Directory { path, mode } => {
            header.set_entry_type(tar::EntryType::Directory);
            header.set_mode(*mode);
            builder.append_data(&mut header, format!("{}/", inside(path)), io::empty())
        }
        Entry::File { path, mode, content } => {
            header.set_entry_type(tar::EntryType::Regular);
            header.set_mode(*mode);
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, inside(path), content.as_slice())
        }
        Entry::Link { path, target } => {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_mode(0o777);
            builder.append_link(&mut header, inside(path), target)
        }
    }
}

/// Unpacks an archive into `directory`, which appears at once and complete, or not at all; until then it is put together
/// at `partial`, on the same file system.
pub(super) fn unpack(archive: impl Read + 'static, partial: &Path, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(partial)?;
    let result = unpack_into(archive, partial).and_then(|()| {
        fs::set_permissions(partial, fs::Permissions::from_mode(0o755))?;
        fs::rename(partial, directory)
    });
    if result.is_err() {
        let _ = fs::remove_dir_all(partial);
        // Somebody else may have been faster.
        if directory.is_dir() {
            return Ok(());
        }
    }
    result
}

/// Whether the plain bytes of an archive have the digest that an image says they have. Others may use the same layer, so
/// it has to be what its name says.
pub(super) fn check(archive: impl Read + 'static, diff_id: &str) -> io::Result<()> {
    let mut sum = Sha256::new();
    let mut plain = unpacked(archive)?.take(MOST_BYTES);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match plain.read(&mut buffer)? {
            0 => break,
            count => sum.update(&buffer[..count]),
        }
    }
    let found = hexadecimal(&sum.finalize());
    if format!("sha256:{found}") == diff_id {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("wrong diff id calculated: sha256:{found}")))
    }
}

fn unpack_into(archive: impl Read + 'static, directory: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(unpacked(archive)?.take(MOST_BYTES));
    archive.set_preserve_permissions(true);
    archive.set_preserve_mtime(true);
    // An ordinary user's containers have one user, who owns everything.
    archive.set_preserve_ownerships(nix::unistd::geteuid().is_root());
    for (count, entry) in archive.entries()?.enumerate() {
        if count == MOST_ENTRIES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the layer has too many files"));
        }
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        match kind_of(&path, entry.header().entry_type()) {
            Kind::Plain => drop(entry.unpack_in(directory)?),
            Kind::Removed(name) => hide(directory, &inside(path.parent())?, &name)?,
            Kind::HiddenBelow => mark_opaque(directory, &inside(path.parent())?)?,
            Kind::Skipped => {}
        }
    }
    Ok(())
}

/// What an archive's entry means for the directory.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Removed(String),
    HiddenBelow,
    /// Devices and the like: containers get their own.
    Skipped,
}

fn kind_of(path: &Path, kind: tar::EntryType) -> Kind {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name == OPAQUE {
        Kind::HiddenBelow
    } else if let Some(removed) = name.strip_prefix(WHITEOUT) {
        Kind::Removed(removed.to_owned())
    } else if kind.is_character_special() || kind.is_block_special() || kind.is_fifo() {
        Kind::Skipped
    } else {
        Kind::Plain
    }
}

/// A path that does not climb out.
fn inside(path: Option<&Path>) -> io::Result<PathBuf> {
    let path = path.unwrap_or(Path::new(""));
    let plain = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if plain {
        Ok(path.to_owned())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "a path leads out of the layer"))
    }
}

/// Overlay's mark of a removed file: a character device 0/0, which everybody may make (Linux 5.8).
fn hide(layer: &Path, directory: &Path, name: &str) -> io::Result<()> {
    use nix::sys::stat::{Mode, SFlag, mknod};
    let directory = without_links(layer, directory)?;
    if matches!(name, "" | "." | "..") {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a removed file without a name"));
    }
    fs::create_dir_all(&directory)?;
    Ok(mknod(&directory.join(name), SFlag::S_IFCHR, Mode::empty(), 0)?)
}

/// Overlay's mark of a directory that hides what is below it.
fn mark_opaque(layer: &Path, directory: &Path) -> io::Result<()> {
    let directory = without_links(layer, directory)?;
    fs::create_dir_all(&directory)?;
    let path = std::ffi::CString::new(directory.as_os_str().as_encoded_bytes())?;
    // SAFETY: path and name end with a zero byte, the value is one byte long, and all outlive the call.
    let result = unsafe { libc::lsetxattr(path.as_ptr(), c"user.overlay.opaque".as_ptr(), b"y".as_ptr().cast(), 1, 0) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A directory in a layer. An earlier entry may have made a part of its path a link to elsewhere; that is refused.
fn without_links(layer: &Path, directory: &Path) -> io::Result<PathBuf> {
    let mut path = layer.to_owned();
    for part in directory.components() {
        path.push(part);
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a link in the way of a removed file"));
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        vec![
            Entry::Directory { path: "/bin".to_owned(), mode: 0o755 },
            Entry::File { path: "/bin/tool".to_owned(), mode: 0o755, content: b"#!".to_vec() },
            Entry::Link { path: "/bin/t".to_owned(), target: "tool".to_owned() },
        ]
    }

    #[test]
    fn what_is_packed_is_unpacked_again_and_packs_the_same() {
        let (compressed, layer) = pack(&entries()).unwrap();
        assert_eq!(pack(&entries()).unwrap().1, layer);
        let outer = tempfile::tempdir().unwrap();
        let directory = outer.path().join("layer");
        unpack(io::Cursor::new(compressed), &outer.path().join("partial"), &directory).unwrap();
        assert_eq!(fs::read_to_string(directory.join("bin/t")).unwrap(), "#!");
        assert_eq!(fs::metadata(directory.join("bin/tool")).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn nothing_is_written_outside() {
        let outer = tempfile::tempdir().unwrap();
        let (compressed, _) = pack(&[
            Entry::Link { path: "out".to_owned(), target: outer.path().display().to_string() },
            Entry::File { path: "out/file".to_owned(), mode: 0o644, content: b"x".to_vec() },
        ])
        .unwrap();
        let _ = unpack(io::Cursor::new(compressed), &outer.path().join("partial"), &outer.path().join("inner"));
        assert!(!outer.path().join("file").exists());
    }

    #[test]
    fn removed_files_are_marked() {
        let outer = tempfile::tempdir().unwrap();
        let file = |path: &str| Entry::File { path: path.to_owned(), mode: 0o644, content: Vec::new() };
        let (compressed, _) = pack(&[file("etc/.wh.passwd"), file("var/.wh..wh..opq")]).unwrap();
        let directory = outer.path().join("layer");
        unpack(io::Cursor::new(compressed), &outer.path().join("partial"), &directory).unwrap();
        use std::os::unix::fs::FileTypeExt;
        assert!(directory.join("etc/passwd").symlink_metadata().unwrap().file_type().is_char_device());
        assert!(directory.join("var").is_dir());
        assert!(!directory.join("var/.wh..wh..opq").exists());
    }
}
