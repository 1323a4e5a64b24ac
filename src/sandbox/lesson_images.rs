//! The lessons' own images as this program was built with them, for a cluster that runs where no `content` folder is.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rust_embed::Embed;

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
