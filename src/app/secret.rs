//! What only this server knows: names that can't be guessed are derived from it, and stay the same over a restart.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use ring::hmac;

/// As many bytes as the digest has.
const BYTES: usize = 32;

/// The secret in this file, which is made when it is missing.
pub(super) fn open(path: &Path) -> io::Result<hmac::Key> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path)?,
        Err(error) => return Err(error),
    };
    if bytes.len() != BYTES {
        let why = format!("it has {} bytes instead of {BYTES}; remove it to get a new one", bytes.len());
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// Written whole under another name first, so that a crash leaves no half of it; when another server that starts at the
/// same time was quicker, its secret is taken.
fn make(path: &Path) -> io::Result<Vec<u8>> {
    let bytes: [u8; BYTES] = rand::random();
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&new, path);
    fs::remove_file(&new)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::read(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let (first, second) = (open(&path).unwrap(), open(&path).unwrap());
        assert_eq!(hmac::sign(&first, b"x").as_ref(), hmac::sign(&second, b"x").as_ref());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert_eq!(error, "it has 5 bytes instead of 32; remove it to get a new one");
    }
}
