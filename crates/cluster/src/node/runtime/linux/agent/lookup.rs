//! Finding a program the way runc does, with its words for what is wrong.

use std::{
    fs,
    path::{Path, PathBuf},
};

use nix::unistd::{AccessFlags, eaccess};

use super::failure::reason;
use crate::node::runtime::linux::wire::Failure;

/// The file to execute for `name`, looked up in this process's root.
pub(super) fn find(name: &str, path: &str) -> Result<PathBuf, Failure> {
    let refused = |why: String| Failure::Program(format!("exec: {}: {why}", quoted(name)));
    if name.contains('/') {
        return executable(Path::new(name)).map(|()| PathBuf::from(name)).map_err(refused);
    }
    path.split(':')
        .map(|directory| Path::new(if directory.is_empty() { "." } else { directory }).join(name))
        .find(|candidate| executable(candidate).is_ok())
        .ok_or_else(|| refused("executable file not found in $PATH".to_owned()))
}

fn executable(file: &Path) -> Result<(), String> {
    let metadata = fs::metadata(file).map_err(|error| format!("stat {}: {}", file.display(), reason(&error)))?;
    if metadata.is_dir() {
        return Err("is a directory".to_owned());
    }
    eaccess(file, AccessFlags::X_OK).map_err(|error| reason(&error.into()))
}

/// As Go's `%q` writes a string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn text(result: Result<PathBuf, Failure>) -> String {
        match result {
            Ok(path) => path.display().to_string(),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_runcs_words() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap();
        fs::write(directory.path().join("data"), "").unwrap();
        assert_eq!(text(find("ecko", path)), r#"exec: "ecko": executable file not found in $PATH"#);
        assert_eq!(text(find("data", path)), r#"exec: "data": executable file not found in $PATH"#);
        let data = directory.path().join("data").display().to_string();
        assert_eq!(text(find(&data, path)), format!("exec: \"{data}\": permission denied"));
        assert_eq!(
            text(find("/bin/nothere", path)),
            r#"exec: "/bin/nothere": stat /bin/nothere: no such file or directory"#
        );
        assert_eq!(text(find("/etc", path)), r#"exec: "/etc": is a directory"#);
    }

    #[test]
    fn the_first_directory_of_the_path_that_has_it_wins() {
        let first = tempfile::tempdir().unwrap();
        let second = tempfile::tempdir().unwrap();
        let program = second.path().join("tool");
        fs::write(&program, "").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", first.path().display(), second.path().display());
        assert_eq!(text(find("tool", &path)), program.display().to_string());
    }
}
