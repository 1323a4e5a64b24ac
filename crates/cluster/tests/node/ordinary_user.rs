//! The same tests as an ordinary user, when they are run as root.

use std::{os::unix::process::CommandExt, process::Command};

/// `nobody`: a user without subordinate ids, so with only one id in its containers.
const NOBODY: u32 = 65534;

#[test]
fn what_holds_for_root_holds_for_an_ordinary_user() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("passed over: this is an ordinary user already");
        return;
    }
    let program = std::env::current_exe().unwrap();
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let as_nobody = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).env("TMPDIR", home.path()).uid(NOBODY).gid(NOBODY).current_dir("/");
        command.output()
    };
    match as_nobody(&["--list"]) {
        Ok(listed) if listed.status.success() => {}
        refused => {
            eprintln!("passed over: user {NOBODY} can't run {}: {refused:?}", program.display());
            return;
        }
    }
    let output = as_nobody(&["--test-threads=2", "--skip", "ordinary_user", "--skip", "needs_groups"]).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(!text.contains(" 0 passed"), "{text}");
}
