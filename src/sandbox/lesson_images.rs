//! What is in an image store from the start: the lessons' own images, as this program was built with them where no `content`
//! folder is, and archives that whoever runs the server names.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use podyard_cluster::node::images::{ImageStore, StoreError};
use rust_embed::Embed;

use super::Caveat;

#[derive(Embed)]
#[folder = "content/images/"]
struct Built;

/// Writes them beneath `data` and gives their folder.
///
/// # Errors
/// The data directory can't be written.
pub(super) fn unpack(data: &Path) -> io::Result<PathBuf> {
    let folder = data.join("lesson-images");
    for name in Built::iter() {
        let (path, Some(file)) = (folder.join(&*name), Built::get(&name)) else { continue };
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(path, file.data)?;
    }
    Ok(folder)
}

/// Puts into the store what needs no registry; what is missing on this machine for that, in words.
///
/// # Errors
/// The store can't be written, or an archive is none.
pub(super) fn fill(store: &ImageStore, lessons: &Path, archives: &[PathBuf]) -> Result<Option<Caveat>, StoreError> {
    let missing = match store.seed(Some(lessons)) {
        // Images may still come from archives and registries.
        Err(error @ StoreError::Busybox(_)) => Some(Caveat::NoImages(error.to_string())),
        seeded => seeded.map(|()| None)?,
    };
    archives.iter().try_for_each(|archive| store.load(archive).map(drop))?;
    Ok(missing)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_images_of_the_lessons_come_with_the_program() {
        let data = tempfile::tempdir().unwrap();
        let folder = super::unpack(data.path()).unwrap();
        assert!(folder.join("pythonapp/image.yaml").is_file());
        assert!(folder.join("nginx/image.yaml").is_file());
    }
}
