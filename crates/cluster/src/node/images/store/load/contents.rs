//! What is in an archive, by name, without unpacking it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Component, Path, PathBuf},
};

use super::{Wrong, digest, layer};

/// The most bytes of a manifest or a configuration (containerd reads no bigger ones).
const LARGEST_DOCUMENT: u64 = 8 << 20;
/// What all parts of an archive are multiples of; one of zeros ends it.
const BLOCK: u64 = 512;
/// How often a link in an archive may lead to another.
const LONGEST_CHAIN: usize = 8;

/// Where in the archive a file is.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: u64,
    size: u64,
}

/// An archive that has been looked through.
#[derive(Debug)]
pub(super) struct Contents {
    archive: File,
    files: BTreeMap<String, Place>,
    /// Old versions of Docker have each layer once and link to it.
    links: BTreeMap<String, String>,
    /// Whether it has the mark that ends each archive.
    pub(super) ended: bool,
}

impl Contents {
    /// Looks through an archive. One that is packed is unpacked to `unfinished` first, which nobody sees any more then.
    pub(super) fn open(path: &Path, unfinished: &Path) -> Result<Self, Wrong> {
        let mut archive = File::open(path)?;
        let mut start = Vec::new();
        archive.by_ref().take(4).read_to_end(&mut start)?;
        archive.rewind()?;
        if layer::is_packed(&start) {
            let mut plain = File::options().read(true).write(true).create_new(true).open(unfinished)?;
            let unpacked = io::copy(&mut layer::unpacked(archive)?, &mut plain);
            fs::remove_file(unfinished)?;
            unpacked.map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => Wrong::Truncated,
                _ => Wrong::Io(error),
            })?;
            plain.rewind()?;
            archive = plain;
        }
        let mut contents = Self { archive, files: BTreeMap::new(), links: BTreeMap::new(), ended: false };
        contents.look_through()?;
        Ok(contents)
    }

    fn look_through(&mut self) -> Result<(), Wrong> {
        let length = self.archive.metadata()?.len();
        let mut end = 0;
        let damaged = |first: bool| if first { Wrong::NoArchive } else { Wrong::Truncated };
        let mut archive = tar::Archive::new(self.archive.try_clone()?);
        let entries = archive.entries_with_seek().map_err(|_| Wrong::NoArchive)?;
        for (count, entry) in entries.enumerate() {
            let entry = entry.map_err(|_| damaged(count == 0))?;
            let Some(name) = entry.path().ok().and_then(|path| plain(&path)) else { continue };
            let kind = entry.header().entry_type();
            if kind.is_file() || kind.is_contiguous() {
                let place = Place { at: entry.raw_file_position(), size: entry.size() };
                if place.at + place.size > length {
                    return Err(Wrong::Truncated);
                }
                end = (place.at + place.size).next_multiple_of(BLOCK);
                self.files.insert(name, place);
            } else if let (true, Ok(Some(target))) = (kind.is_symlink() || kind.is_hard_link(), entry.link_name()) {
                let from = if kind.is_symlink() { Path::new(&name).parent() } else { None };
                let target = from.unwrap_or(Path::new("")).join(target);
                self.links.extend(plain(&target).map(|target| (name, target)));
            }
        }
        self.ended = length >= end + BLOCK;
        if self.files.is_empty() { Err(Wrong::NoArchive) } else { Ok(()) }
    }

    fn place(&self, name: &str) -> Option<Place> {
        let mut name = name;
        for _ in 0..LONGEST_CHAIN {
            match self.files.get(name) {
                Some(place) => return Some(*place),
                None => name = self.links.get(name)?,
            }
        }
        None
    }

    /// How big a file is; `None` when there is none of this name.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        self.place(name).map(|place| place.size)
    }

    /// Opens a file of the archive.
    pub(super) fn open_file(&self, name: &str) -> io::Result<Piece> {
        let place = self.place(name).ok_or(io::ErrorKind::NotFound)?;
        // Each piece has a position of its own.
        let archive = File::open(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&self.archive)))?;
        Piece::new(archive, place)
    }

    /// A file's text; `None` when there is none of this name.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Wrong> {
        if self.place(name).is_none() {
            return Ok(None);
        }
        let mut text = String::new();
        self.open_file(name)?.take(LARGEST_DOCUMENT).read_to_string(&mut text)?;
        Ok(Some(text))
    }

    /// The document with this digest, which `image` needs.
    pub(super) fn document(&self, wanted: &str, image: &str) -> Result<String, Wrong> {
        let missing = || Wrong::Missing { image: image.to_owned(), file: format!("blob {wanted}") };
        let text = self.text(&blob(wanted))?.ok_or_else(missing)?;
        let found = digest(text.as_bytes());
        if found == wanted {
            Ok(text)
        } else {
            Err(Wrong::Damaged { image: image.to_owned(), file: format!("blob {wanted}"), found })
        }
    }
}

/// Where a blob is in an OCI image layout.
pub(super) fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

/// A name as it is written in manifests: without `./`, and without a way out.
fn plain(path: &Path) -> Option<String> {
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::CurDir => {}
            Component::ParentDir => inside.pop().then_some(())?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    inside.to_str().map(str::to_owned)
}

/// A file inside an archive.
#[derive(Debug)]
pub(super) struct Piece(io::Take<File>);

impl Piece {
    fn new(mut archive: File, place: Place) -> io::Result<Self> {
        archive.seek(SeekFrom::Start(place.at))?;
        Ok(Self(archive.take(place.size)))
    }
}

impl Read for Piece {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}
