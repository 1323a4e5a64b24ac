//! Looking up paths that a Pod chose, beneath a directory that it may write to.
//!
//! A container can put a link anywhere in a volume, also between a look at a path and its use, and the server must not
//! follow it to a place of the machine's own. So the kernel does the looking (openat2(2), Linux 5.6), from an open
//! directory on, and what it found is held open while it is used.

use std::{
    fs::{self, File, Permissions},
    io::{self, Read},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::fs::PermissionsExt,
    },
    path::{Component, Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, OpenHow, ResolveFlag, openat2},
    sys::stat::{Mode, mkdirat},
};

/// Where links may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// To what is beneath the directory; others are refused. For volumes.
    Beneath,
    /// Anywhere, but seen from the directory as the root of everything. For the node's made-up root.
    InRoot,
}

/// A directory from which paths are looked up.
#[derive(Debug)]
pub struct Beneath {
    root: OwnedFd,
    resolve: ResolveFlag,
}

impl Beneath {
    /// Of this directory, which is the node's own.
    ///
    /// # Errors
    /// It is not there.
    pub fn of(root: &Path, links: Links) -> io::Result<Self> {
        let resolve = match links {
            Links::Beneath => ResolveFlag::RESOLVE_BENEATH,
            Links::InRoot => ResolveFlag::RESOLVE_IN_ROOT,
        };
        Ok(Self { root: File::open(root)?.into(), resolve: resolve | ResolveFlag::RESOLVE_NO_MAGICLINKS })
    }

    /// What is at `path`.
    ///
    /// # Errors
    /// It is not there, or a link leads out.
    pub fn find(&self, path: &Path) -> io::Result<Found> {
        Ok(Found(self.open(&plain(path)?, OFlag::O_PATH, Mode::empty())?))
    }

    /// The text of the file at `path`, which has so many bytes at most.
    ///
    /// # Errors
    /// It is not there, a link leads out, or it is no such file.
    pub fn read(&self, path: &Path, most: u64) -> io::Result<String> {
        // A pipe would make the server wait.
        let file = File::from(self.open(&plain(path)?, OFlag::O_RDONLY | OFlag::O_NONBLOCK, Mode::empty())?);
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > most {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is no file of at most {most} bytes")));
        }
        let mut text = String::new();
        file.take(most).read_to_string(&mut text)?;
        Ok(text)
    }

    /// What is at `path`; where there is nothing, directories with this mode are made.
    ///
    /// # Errors
    /// Something else is in the way, or a link leads out, or the disk is full.
    pub fn make_directory(&self, path: &Path, mode: u32) -> io::Result<Found> {
        let path = plain(path)?;
        let mut found = self.find(Path::new("."))?;
        for prefix in path.ancestors().collect::<Vec<_>>().into_iter().rev().filter(|path| path.file_name().is_some()) {
            found = match self.find(prefix) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.add_directory(&found, prefix, mode)?,
                other => other?,
            };
        }
        Ok(found)
    }

    fn add_directory(&self, parent: &Found, path: &Path, mode: u32) -> io::Result<Found> {
        let name = Path::new(path.file_name().unwrap_or_default());
        mkdirat(parent.0.as_fd(), name, Mode::S_IRWXU)?;
        let made = self.find(path)?;
        // Whatever the umask; and whatever has taken its place meanwhile, it is beneath.
        fs::set_permissions(made.path(), Permissions::from_mode(mode))?;
        Ok(made)
    }

    /// A new, empty file at `path`, in a directory that is there.
    ///
    /// # Errors
    /// Something is there already, or the directory is not.
    pub fn make_file(&self, path: &Path) -> io::Result<Found> {
        let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY;
        Ok(Found(self.open(&plain(path)?, flags, Mode::from_bits_truncate(0o644))?))
    }

    /// Where something that was found is by its name, without links, as long as nobody moves it.
    ///
    /// # Errors
    /// It has been taken away.
    pub fn place(&self, root: &Path, found: &Found) -> io::Result<PathBuf> {
        let name = |fd: &OwnedFd| fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()));
        let (whole, from) = (name(&found.0)?, name(&self.root)?);
        let gone = |_| io::Error::new(io::ErrorKind::NotFound, "it has been moved away");
        Ok(root.join(whole.strip_prefix(from).map_err(gone)?))
    }

    fn open(&self, path: &Path, flags: OFlag, mode: Mode) -> io::Result<OwnedFd> {
        let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).mode(mode).resolve(self.resolve);
        Ok(openat2(&self.root, path, how)?)
    }
}

/// The path from the directory on; one that climbs is none.
fn plain(path: &Path) -> io::Result<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(Errno::EXDEV.into()),
        }
    }
    Ok(if plain.as_os_str().is_empty() { PathBuf::from(".") } else { plain })
}

/// Something that was found; it stays the same whatever happens to its name.
#[derive(Debug)]
pub struct Found(OwnedFd);

impl Found {
    /// What it is.
    ///
    /// # Errors
    /// The kernel does not say.
    pub fn metadata(&self) -> io::Result<fs::Metadata> {
        fs::metadata(self.path())
    }

    /// A path that leads to it as long as this lives.
    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_that_stay_beneath_are_followed_and_others_refused() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("volume");
        fs::create_dir_all(root.join("real/deep")).unwrap();
        fs::create_dir(outer.path().join("secret")).unwrap();
        symlink("real", root.join("inner")).unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink(outer.path().join("secret"), root.join("far")).unwrap();
        let beneath = Beneath::of(&root, Links::Beneath).unwrap();
        let found = beneath.find(Path::new("inner/deep")).unwrap();
        assert_eq!(beneath.place(&root, &found).unwrap(), root.join("real/deep"));
        for path in ["out", "far", "out/new", "../secret", "inner/../../secret"] {
            assert!(beneath.make_directory(Path::new(path), 0o777).is_err(), "{path}");
        }
        assert_eq!(fs::read_dir(outer.path().join("secret")).unwrap().count(), 0);
        let made = beneath.make_directory(Path::new("inner/a/b"), 0o777).unwrap();
        assert_eq!(made.metadata().unwrap().permissions().mode() & 0o7777, 0o777);
        assert!(root.join("real/a/b").is_dir());
        fs::write(root.join("real/file"), "text").unwrap();
        fs::write(outer.path().join("secret/file"), "hidden").unwrap();
        assert_eq!(beneath.read(Path::new("inner/file"), 4).unwrap(), "text");
        for (path, most) in [("inner/file", 3), ("out/file", 10), ("real", 10)] {
            assert!(beneath.read(Path::new(path), most).is_err(), "{path}");
        }
    }

    #[test]
    fn in_a_root_of_its_own_a_link_starts_from_there() {
        let outer = tempfile::tempdir().unwrap();
        fs::create_dir_all(outer.path().join("var/run")).unwrap();
        symlink("/var/run", outer.path().join("run")).unwrap();
        let node = Beneath::of(outer.path(), Links::InRoot).unwrap();
        let made = node.make_directory(Path::new("/run/app"), 0o755).unwrap();
        assert_eq!(node.place(outer.path(), &made).unwrap(), outer.path().join("var/run/app"));
        assert!(node.make_file(Path::new("/run/app/file")).unwrap().metadata().unwrap().is_file());
        assert!(node.make_file(Path::new("/run/app/file")).is_err());
    }
}
