//! What directories take on the disk.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

/// Bytes on the disk beneath a directory; what can't be read counts nothing.
pub fn used(directory: &Path) -> u64 {
    /// The unit of `st_blocks` (stat(3type)).
    const BLOCK: u64 = 512;
    let mut bytes = 0;
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            bytes += metadata.blocks() * BLOCK;
            if metadata.is_dir() {
                open.push(entry.path());
            }
        }
    }
    bytes
}
