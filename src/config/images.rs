//! The image store of embedded sandboxes.

use std::path::PathBuf;

/// What is in the image store, where more comes from, and how much stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSettings {
    /// Archives of images, and folders of them, that are loaded at the start.
    pub archives: Vec<PathBuf>,
    /// Registries that are asked besides the well-known public ones: `registry.example.org:5000`.
    pub registries: Vec<String>,
    /// Registries that are asked without TLS.
    pub insecure_registries: Vec<String>,
    /// Hundredths of the disk; when more is used, unused images are removed.
    pub gc_high: u8,
    /// Hundredths of the disk; when no more is used, the others stay.
    pub gc_low: u8,
    /// What those are parts of, in bytes, if not the disk.
    pub store_size: Option<u64>,
}
