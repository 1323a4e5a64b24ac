//! Loading images from archives: what `docker save`, `podman save` and `ctr images export` write, and the OCI image layout.

mod contents;
mod named;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use self::{
    contents::Contents,
    named::{Named, named},
};
use super::{Image, ImageConfig, ImageStore, Origin, StoreError, Stored, digest, layer, manifest};
use crate::node::images::manifest::PackedLayer;

/// Why an archive of images can't be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{archive}: {why}", archive = archive.display())]
pub struct ArchiveError {
    /// The file.
    archive: PathBuf,
    why: Wrong,
}

/// What is wrong with an archive.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(
        "is no archive of images: `docker save` and `podman save` write such archives, and so does anything that \
             writes an OCI image layout as a tar file"
    )]
    NoArchive,
    #[error("ends early: it was cut off when it was written or copied")]
    Truncated,
    #[error(
        "holds neither manifest.json nor index.json, so it is no archive of images; one of a container's files \
             (`docker export`) can't be run"
    )]
    NoIndex,
    #[error("{file} can't be read: {why}")]
    Json { file: String, why: serde_json::Error },
    #[error("{file}, which the image {image} needs, is missing")]
    Missing { image: String, file: String },
    #[error("{file} of the image {image} is damaged: its digest is {found}")]
    Damaged { image: String, file: String, found: String },
    #[error("the image {image} is for {found}; this machine is {wanted}")]
    Platform { image: String, found: String, wanted: String },
    #[error("the image {image} names {layers} layers and their {diff_ids} digests")]
    Layers { image: String, layers: usize, diff_ids: usize },
    #[error("the image {image} can't be unpacked: {why}")]
    Unpack { image: String, why: io::Error },
    #[error("{0}")]
    Name(String),
    #[error("holds no image that has a name")]
    NoImage,
}

impl ImageStore {
    /// Loads the images of an archive, or of all archives in a folder, and gives their names. They stay as long as this
    /// store is open; what is here already is not unpacked again.
    ///
    /// # Errors
    /// The first archive that is none, or an image in it that is for another machine or not whole, in words for whoever
    /// named the file.
    pub fn load(&self, path: &Path) -> Result<Vec<String>, StoreError> {
        let unreadable = |source| StoreError::Io { path: path.to_owned(), source };
        if !fs::metadata(path).map_err(unreadable)?.is_dir() {
            return self.load_archive(path);
        }
        let mut archives: Vec<PathBuf> = fs::read_dir(path)
            .map_err(unreadable)?
            .flatten()
            .map(|entry| entry.path())
            .filter(|p| p.is_file())
            .collect();
        archives.sort();
        let loaded: Result<Vec<_>, _> = archives.iter().map(|archive| self.load_archive(archive)).collect();
        Ok(loaded?.into_iter().flatten().collect())
    }

    fn load_archive(&self, path: &Path) -> Result<Vec<String>, StoreError> {
        let loaded = self.load_contents(path);
        loaded.map_err(|why| StoreError::Archive(ArchiveError { archive: path.to_owned(), why }))
    }

    fn load_contents(&self, path: &Path) -> Result<Vec<String>, Wrong> {
        let contents = Contents::open(path, &self.share.unfinished())?;
        let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
        let cut_off = |why| match why {
            Wrong::Missing { .. } if !contents.ended => Wrong::Truncated,
            why => why,
        };
        let images = named(&contents, stem.unwrap_or_default()).map_err(cut_off)?;
        if images.is_empty() {
            return Err(Wrong::NoImage);
        }
        let mut names = Vec::new();
        for image in images {
            self.load_image(&contents, &image).map_err(cut_off)?;
            names.extend(image.names.iter().map(ToString::to_string));
        }
        tracing::info!(archive = %path.display(), images = names.join(" "), "loaded");
        Ok(names)
    }

    fn load_image(&self, contents: &Contents, named: &Named) -> Result<(), Wrong> {
        let Named { names, config, layers, digest: target, .. } = named;
        let image = || names[0].to_string();
        let diff_ids = config.parsed.diff_ids();
        if diff_ids.len() != layers.len() {
            return Err(Wrong::Layers { image: image(), layers: layers.len(), diff_ids: diff_ids.len() });
        }
        let id = digest(config.text.as_bytes());
        self.keep(diff_ids.iter().chain([&id]))?;
        let mut packed = Vec::new();
        for (layer, diff_id) in layers.iter().zip(diff_ids) {
            let (size, place) = (contents.size(&layer.file), self.layer_path(diff_id));
            let size = size.ok_or_else(|| Wrong::Missing { image: image(), file: layer.shown() })?;
            packed.push(PackedLayer { digest: layer.shown(), size, diff_id: diff_id.clone() });
            if !place.is_dir() {
                let open = || contents.open_file(&layer.file);
                layer::check(open()?, diff_id)
                    .and_then(|()| layer::unpack(open()?, &self.share.unfinished(), &place))
                    .map_err(|why| Wrong::Unpack { image: image(), why })?;
            }
        }
        self.write_blob(&id, config.text.as_bytes()).map_err(|error| io::Error::other(error.to_string()))?;
        let target = target.clone().unwrap_or_else(|| digest(&manifest::manifest(config.text.as_bytes(), &packed)));
        for name in names {
            let loaded = Image {
                id: id.clone(),
                name: name.to_string(),
                // As on a real node: it shows where an image was pulled from, and this one was not.
                repo_digest: None,
                size: packed.iter().map(|layer| layer.size).sum::<u64>() + config.text.len() as u64,
                layers: diff_ids.iter().map(|diff_id| self.layer_path(diff_id)).collect(),
                config: ImageConfig::from(&config.parsed.config),
            };
            let manifest = target.clone();
            self.record(Stored {
                image: loaded,
                manifest,
                origin: Origin::Loaded,
                private: false,
                readers: Vec::new(),
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
