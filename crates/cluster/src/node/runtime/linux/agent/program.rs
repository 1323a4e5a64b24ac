//! The last steps: from a process that is set up, but still ours, to the learner's program.

use std::{
    convert::Infallible,
    ffi::CString,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use nix::{
    sched::{CloneFlags, unshare},
    sys::stat::{Mode, umask},
    unistd::{Gid, Uid, execve},
};

use super::{
    capabilities,
    failure::{Trying, reason},
    lookup,
    seccomp::Filters,
    sys,
};
use crate::node::runtime::linux::wire::{Failure, Program};

/// runc's exit code when the program was found but the kernel can't execute it (a script without its interpreter, another
/// architecture's binary); the reason goes to standard error.
const NOT_EXECUTABLE: i32 = 255;

/// Gives up everything the program must not have and executes it. Returns only when it can't be executed.
pub(super) fn become_it(program: &Program, filters: &Filters) -> Result<(), Failure> {
    let home = home_of(program.uid);
    make_working_dir(program);
    umask(Mode::from_bits_truncate(0o022));
    for &(resource, value) in &program.rlimits {
        sys::lower_rlimit(resource, value).trying("set a resource limit")?;
    }
    become_user(program)?;
    sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1).trying("set no_new_privs")?;
    sys::prctl(libc::PR_SET_PDEATHSIG, 0).trying("outlive the helper")?;
    enter_working_dir(program)?;
    let path = lookup::find(program.argv.first().map_or("", String::as_str), path_of(&program.env))?;
    let (argv, env) = (c_strings(&program.argv)?, environment(program, &home)?);
    sys::default_signals();
    sys::close_on_exec_from(3).trying("close descriptors")?;
    filters.apply().trying("set the system call filter")?;
    not_executable(&path, execute(&path, &argv, &env))
}

/// The program counts as started, as with runc, which finds this out after its last report; what is left is a message
/// in the container's log.
fn not_executable(path: &Path, error: io::Error) -> ! {
    let text = format!("exec {}: {}\n", path.display(), reason(&error));
    // When nobody reads it, nobody misses it.
    let _ = nix::unistd::write(io::stderr(), text.as_bytes());
    // SAFETY: ends the process at once; the agent's destructors must not run in it.
    unsafe { libc::_exit(NOT_EXECUTABLE) }
}

fn execute(path: &Path, argv: &[CString], env: &[CString]) -> io::Error {
    match CString::new(path.as_os_str().as_encoded_bytes()) {
        Ok(path) => {
            let result: nix::Result<Infallible> = execve(&path, argv, env);
            match result {
                Err(error) => error.into(),
                Ok(never) => match never {},
            }
        }
        Err(error) => error.into(),
    }
}

/// Becomes the program's user, with the capabilities it may have: none unless it is root.
fn become_user(program: &Program) -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(program.uid), Gid::from_raw(program.gid));
    if only_one_id() {
        show_only_id_as(program)?;
    } else {
        let mut groups = vec![gid];
        groups.extend(program.groups.iter().copied().filter(|&group| group != program.gid).map(Gid::from_raw));
        nix::unistd::setgroups(&groups).trying("set the groups")?;
    }
    capabilities::bound(program.capabilities).trying("drop capabilities")?;
    nix::unistd::setresgid(gid, gid, gid).trying(format_args!("become group {gid}"))?;
    nix::unistd::setresuid(uid, uid, uid).trying(format_args!("become user {uid}"))?;
    let kept = if program.uid == 0 { program.capabilities } else { 0 };
    capabilities::limit(kept).trying("drop capabilities")
}

/// Whether the sandbox has only its user's own id, which containers see as root, and no groups.
fn only_one_id() -> bool {
    fs::read_to_string("/proc/self/setgroups").is_ok_and(|text| text.trim() == "deny")
}

/// Lets the only id there is be the one that the program wants, in a user namespace of the container's own. An exec has
/// joined it already.
fn show_only_id_as(program: &Program) -> Result<(), Failure> {
    if (Uid::current().as_raw(), Gid::current().as_raw()) == (program.uid, program.gid) {
        return Ok(());
    }
    unshare(CloneFlags::CLONE_NEWUSER).trying("make a user namespace for another user")?;
    // The files in /proc/self belong to this process only while others may look at it. Its container has no other yet.
    sys::prctl(libc::PR_SET_DUMPABLE, 1).trying("open /proc/self")?;
    fs::write("/proc/self/uid_map", format!("{} 0 1\n", program.uid)).trying("become another user")?;
    fs::write("/proc/self/gid_map", format!("{} 0 1\n", program.gid)).trying("become another group")?;
    sys::prctl(libc::PR_SET_DUMPABLE, 0).trying("close /proc/self")
}

fn make_working_dir(program: &Program) {
    let directory = working_dir(program);
    // Where it can't be made, entering it says why.
    let _ = fs::DirBuilder::new().recursive(true).mode(0o755).create(directory);
}

fn enter_working_dir(program: &Program) -> Result<(), Failure> {
    let directory = working_dir(program);
    nix::unistd::chdir(directory).map_err(|error| {
        Failure::Init(format!("chdir to cwd ({directory:?}) set in config.json failed: {}", reason(&error.into())))
    })
}

fn working_dir(program: &Program) -> &str {
    if program.working_dir.is_empty() { "/" } else { &program.working_dir }
}

fn path_of(env: &[String]) -> &str {
    env.iter().rev().find_map(|entry| entry.strip_prefix("PATH=")).unwrap_or("")
}

/// The environment, with HOME.
fn environment(program: &Program, home: &str) -> Result<Vec<CString>, Failure> {
    let mut env = program.env.clone();
    if !env.iter().any(|entry| entry.starts_with("HOME=")) {
        env.push(format!("HOME={home}"));
    }
    c_strings(&env)
}

fn c_strings(texts: &[String]) -> Result<Vec<CString>, Failure> {
    texts
        .iter()
        .map(|text| CString::new(text.as_str()))
        .collect::<Result<_, _>>()
        .map_err(|_| Failure::Program("exec: invalid argument".to_owned()))
}

/// The home directory that the image's /etc/passwd gives a user; `/` when it gives none.
fn home_of(uid: u32) -> String {
    let passwd = PathBuf::from("/etc/passwd");
    let table = fs::metadata(&passwd)
        .ok()
        .filter(|file| file.is_file() && file.len() < 1 << 20)
        .and_then(|_| fs::read_to_string(&passwd).ok());
    table.and_then(|table| home_in(&table, uid)).unwrap_or_else(|| "/".to_owned())
}

fn home_in(table: &str, uid: u32) -> Option<String> {
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2)?.parse() == Ok(uid)).then(|| fields.get(5).copied().unwrap_or("/").to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_comes_from_the_images_users() {
        let table = "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/srv:/bin/sh\nbroken\n";
        assert_eq!(home_in(table, 0).as_deref(), Some("/root"));
        assert_eq!(home_in(table, 1000).as_deref(), Some("/srv"));
        assert_eq!(home_in(table, 7), None);
    }

    #[test]
    fn the_last_path_counts() {
        assert_eq!(path_of(&["PATH=/a".to_owned(), "X=1".to_owned(), "PATH=/b".to_owned()]), "/b");
    }
}
