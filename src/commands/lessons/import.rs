//! `podyard lessons import`: reads a folder or an archive, writes lessons, and says what could not be carried over.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Read,
    path::{Component, Path},
};

use anyhow::{Context as _, bail};
use flate2::read::GzDecoder;

use super::super::say;
use crate::lessons::{
    Catalog,
    catalog::Drafts,
    import::{Files, Imported, import},
};

/// The most that is read, of one file and in all.
const MAX_FILE: u64 = 16 * 1024 * 1024;
const MAX_ALL: u64 = 256 * 1024 * 1024;

/// Brings lessons over; exits with 1 if there was nothing to bring.
pub(super) fn run(from: &Path, to: &Path) -> anyhow::Result<u8> {
    let about = fs::metadata(from).with_context(|| format!("{} can't be read", from.display()))?;
    let files = if about.is_dir() { folder(from)? } else { archive(from)? };
    let Imported { from: kind, files, notes } = import(&files);
    if files.is_empty() {
        bail!("{} holds no lessons", from.display());
    }
    let existing = files.keys().find(|path| to.join(path).exists());
    if let Some(path) = existing {
        bail!("{} is there already; choose another folder", to.join(path).display());
    }
    for (path, bytes) in &files {
        let path = to.join(path);
        let parent = path.parent().unwrap_or(to);
        fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
    }
    let catalog = Catalog::load_with(to, Drafts::Shown)?;
    say(&format!("{} files from {kind}, {} lessons", files.len(), catalog.lessons().len()))?;
    for note in notes {
        say(&note)?;
    }
    for problem in catalog.problems() {
        say(&problem.to_string())?;
    }
    Ok(0)
}

fn folder(root: &Path) -> anyhow::Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![root.to_owned()];
    let mut total = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} can't be read", folder.display()))? {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            if kind.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
                folders.push(path);
            } else if kind.is_file() && entry.metadata()?.len() <= MAX_FILE {
                let bytes = fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
                total += bytes.len() as u64;
                if total > MAX_ALL {
                    bail!("{} holds more than {} MiB", root.display(), MAX_ALL / 1024 / 1024);
                }
                let below = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                files.insert(below, bytes);
            }
        }
    }
    Ok(files)
}

/// A `.zip`, or a `.tar`, also compressed with gzip. Nothing is unpacked to disk, and names that lead elsewhere are left
/// out.
fn archive(path: &Path) -> anyhow::Result<Files> {
    let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
    let read = match path.extension().and_then(OsStr::to_str).map(str::to_lowercase).as_deref() {
        Some("zip") => zipped(file),
        Some("gz" | "tgz") => tarred(GzDecoder::new(file)),
        _ => tarred(file),
    };
    read.with_context(|| format!("{} is no archive that can be read (.zip, .tar, .tar.gz)", path.display()))
}

fn tarred(reader: impl Read) -> anyhow::Result<Files> {
    let mut archive = tar::Archive::new(reader.take(MAX_ALL));
    let mut files = Files::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.into_owned();
        if entry.header().entry_type().is_file() && stays_inside(&name) && entry.size() <= MAX_FILE {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            files.insert(plain_name(&name), bytes);
        }
    }
    Ok(files)
}

fn zipped(file: File) -> anyhow::Result<Files> {
    let mut archive = zip::ZipArchive::new(file)?;
    let mut files = Files::new();
    let mut left = MAX_ALL;
    for number in 0..archive.len() {
        let entry = archive.by_index(number)?;
        let Some(name) = entry.enclosed_name().filter(|name| stays_inside(name)) else { continue };
        if !entry.is_file() {
            continue;
        }
        // What an archive says of its sizes need not be true.
        let mut bytes = Vec::new();
        entry.take(left.min(MAX_FILE + 1)).read_to_end(&mut bytes)?;
        left -= bytes.len() as u64;
        if left == 0 {
            bail!("it holds more than {} MiB", MAX_ALL / 1024 / 1024);
        }
        if bytes.len() as u64 <= MAX_FILE {
            files.insert(plain_name(&name), bytes);
        }
    }
    Ok(files)
}

fn stays_inside(name: &Path) -> bool {
    name.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn plain_name(name: &Path) -> String {
    name.to_string_lossy().trim_start_matches("./").to_owned()
}
