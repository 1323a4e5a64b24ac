//! The agent's own file system: nothing of the host's but the directories it needs, a few devices, /proc and /sys.

use std::{
    ffi::CString,
    fs::{self, File},
    os::fd::{AsFd, OwnedFd},
};

use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    unistd::{chdir, pivot_root},
};

use super::{failure::Trying, sys};
use crate::node::runtime::linux::wire::{Failure, Setup};

/// Where the agent finds image layers.
pub(super) const IMAGES: &str = "/i";
/// Where it finds what the kubelet puts into containers.
pub(super) const VOLUMES: &str = "/v";
/// Where containers' own files live.
pub(super) const SCRATCH: &str = "/c";
/// Where Pods' file systems in memory are mounted.
pub(super) const MEMORY: &str = "/m";

/// The devices of every container, by name in /dev.
pub(super) const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Where the new root is put together; every Linux system has it.
const ROOT: &str = "/tmp";

const NONE: Option<&str> = None;

/// What is taken along into the jail.
pub(super) struct Kept {
    directories: Vec<(&'static str, OwnedFd)>,
    devices: Vec<OwnedFd>,
}

/// Opens what `setup` names, in a new mount namespace, with the rights that this process still has. `mounts` are the
/// images' and the volumes' directories when the janitor could prepare them.
/// With `copies`, the images are the sandbox's own copies.
pub(super) fn open(setup: &Setup, mounts: &[OwnedFd], copies: bool) -> Result<Kept, Failure> {
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE).trying("make mounts private")?;
    let devices = DEVICES.iter().map(|name| tree(&format!("/dev/{name}"))).collect::<Result<_, _>>()?;
    Ok(Kept { directories: directories(setup, mounts, copies)?, devices })
}

/// Moves this process to a root that holds only what was kept.
pub(super) fn enter(kept: Kept) -> Result<(), Failure> {
    let Kept { directories, devices } = kept;
    let tight = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("node"), ROOT, Some("tmpfs"), tight, Some("mode=755,size=1m")).trying("mount the agent's root")?;
    for name in ["proc", "sys", "dev", "i", "v", "c", "m"] {
        fs::create_dir(format!("{ROOT}/{name}")).trying(format_args!("make /{name}"))?;
    }
    mount(Some("proc"), "/tmp/proc", Some("proc"), tight | MsFlags::MS_NOEXEC, NONE).trying(
        "mount /proc (in a container it must not be masked: run it privileged, or with systempaths=unconfined)",
    )?;
    let flags = tight | MsFlags::MS_NOEXEC | MsFlags::MS_RDONLY;
    // Some places forbid it; containers then have an empty /sys.
    let _ = mount(Some("sysfs"), "/tmp/sys", Some("sysfs"), flags, NONE);
    for (path, tree) in directories {
        sys::move_mount(tree.as_fd(), &in_root(path)).trying(format_args!("show {path}"))?;
    }
    for (name, tree) in DEVICES.iter().zip(devices) {
        File::create(format!("{ROOT}/dev/{name}")).trying("make /dev")?;
        sys::move_mount(tree.as_fd(), &in_root(&format!("/dev/{name}"))).trying("show a device")?;
    }
    chdir(ROOT).trying("enter the agent's root")?;
    pivot_root(".", ".").trying("pivot_root (the root must not be an initramfs)")?;
    umount2(".", MntFlags::MNT_DETACH).trying("let the host's root go")?;
    chdir("/").trying("enter the agent's root")
}

/// The directories, as mounts attached nowhere, and where they go.
fn directories(setup: &Setup, mounts: &[OwnedFd], copies: bool) -> Result<Vec<(&'static str, OwnedFd)>, Failure> {
    let mut kept = vec![(SCRATCH, tree(&setup.scratch)?)];
    if let [images, volumes] = mounts {
        kept.push((IMAGES, images.try_clone().trying("copy a descriptor")?));
        kept.push((VOLUMES, volumes.try_clone().trying("copy a descriptor")?));
    } else {
        kept.push((IMAGES, tree(if copies { &setup.copies } else { &setup.images })?));
        kept.push((VOLUMES, tree(&setup.volumes)?));
    }
    for (path, mount) in &kept {
        let read_only = if *path == IMAGES { libc::MOUNT_ATTR_RDONLY } else { 0 };
        let attributes = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV | read_only;
        sys::set_mount(mount.as_fd(), attributes, None, false).trying(format_args!("restrict {path}"))?;
    }
    Ok(kept)
}

fn tree(path: &str) -> Result<OwnedFd, Failure> {
    let c_path = CString::new(path).map_err(|_| Failure::Init(format!("{path} holds a zero byte")))?;
    sys::open_tree(&c_path, false).trying(format_args!("open {path}"))
}

fn in_root(path: &str) -> CString {
    CString::new(format!("{ROOT}{path}")).expect("the agent's own paths hold no zero byte")
}
