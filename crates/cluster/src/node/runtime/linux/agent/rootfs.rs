//! A container's file system, as its first process sets it up for itself.
//!
//! The order matters. What is to be shown is opened while the agent's paths can be seen. Then the container's root
//! becomes this process's root, and every target is looked up in it, so that no link in an image can point outside.
//! The agent's root stays attached underneath until /proc and /sys are mounted, as the kernel wants to see unmasked ones.

use std::{
    ffi::CString,
    fs::{self, File},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::symlink,
    },
    path::Path,
};

use nix::{
    fcntl::{OFlag, OpenHow, ResolveFlag, openat2},
    mount::{MntFlags, MsFlags, mount, umount2},
    unistd::{chdir, pivot_root},
};

use super::{
    failure::Trying,
    jail,
    pod::{ETC_FILES, Pod},
    sys,
};
use crate::node::runtime::linux::wire::{Failure, MountFrom, MountOrder, RunOrder};

const NONE: Option<&str> = None;
const TIGHT: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV);

/// Hidden from containers, as containerd hides them: they tell of the host, or change it.
const MASKED: [&str; 14] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
    "/sys/fs/cgroup",
    "/sys/kernel/debug",
];
/// Only to be read, as in containerd.
const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// A mount, opened but attached nowhere yet, and where it goes.
struct Prepared {
    target: String,
    tree: OwnedFd,
    directory: bool,
    /// Where a kubelet has what is shown.
    source: String,
}

/// Moves this process, in its new mount namespace, to the container's root.
pub(super) fn enter(order: &RunOrder, pod: &Pod) -> Result<(), Failure> {
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE).trying("make mounts private")?;
    let root = mount_layers(order)?;
    let devices = devices()?;
    let shown = shown(order, pod)?;
    chdir(root.as_str()).trying("enter the root file system")?;
    pivot_root(".", ".").trying("pivot_root")?;
    mount_kernel_files()?;
    make_dev(devices)?;
    for prepared in shown {
        attach(prepared)?;
    }
    umount2(".", MntFlags::MNT_DETACH).trying("let the agent's root go")?;
    chdir("/").trying("enter the root file system")?;
    restrict()?;
    if order.read_only_root {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | TIGHT;
        mount(NONE, "/", NONE, flags, NONE).trying("make the root file system read-only")?;
    }
    Ok(())
}

/// The image's layers with a writable one on top.
fn mount_layers(order: &RunOrder) -> Result<String, Failure> {
    let own = format!("{}/{}", jail::SCRATCH, order.id);
    for name in ["", "/upper", "/work", "/root"] {
        fs::create_dir(format!("{own}{name}")).trying("make the container's directory")?;
    }
    let mut layers: Vec<String> = order.layers.iter().map(|layer| format!("{}/{layer}", jail::IMAGES)).collect();
    // Overlay wants the highest first.
    layers.reverse();
    let options = format!("lowerdir={},upperdir={own}/upper,workdir={own}/work", layers.join(":"));
    let root = format!("{own}/root");
    let overlay = |options: &str| mount(Some("overlay"), root.as_str(), Some("overlay"), TIGHT, Some(options));
    // In a user namespace overlay keeps its marks in user.* attributes, where kernel (5.11) and file system can.
    overlay(&format!("{options},userxattr")).or_else(|_| overlay(&options)).trying("mount the root file system")?;
    Ok(root)
}

fn mount_kernel_files() -> Result<(), Failure> {
    for directory in ["/proc", "/sys", "/dev"] {
        fs::create_dir_all(directory).trying(format_args!("make {directory}"))?;
    }
    let flags = TIGHT | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), flags, NONE).trying("mount /proc")?;
    // Where the agent has none, the container has none.
    let _ = mount(Some("sysfs"), "/sys", Some("sysfs"), flags | MsFlags::MS_RDONLY, NONE);
    Ok(())
}

fn devices() -> Result<Vec<OwnedFd>, Failure> {
    jail::DEVICES.iter().map(|name| tree(&format!("/dev/{name}"), false)).collect()
}

fn make_dev(devices: Vec<OwnedFd>) -> Result<(), Failure> {
    let tmpfs = Some("tmpfs");
    mount(tmpfs, "/dev", tmpfs, MsFlags::MS_NOSUID | MsFlags::MS_STRICTATIME, Some("mode=755,size=65536k"))
        .trying("mount /dev")?;
    for (name, tree) in jail::DEVICES.iter().zip(devices) {
        let target = format!("/dev/{name}");
        attach(Prepared { source: target.clone(), target, tree, directory: false })?;
    }
    for name in ["pts", "shm", "mqueue"] {
        fs::create_dir(format!("/dev/{name}")).trying("make /dev")?;
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    mount(Some("devpts"), "/dev/pts", Some("devpts"), flags, Some("newinstance,ptmxmode=0666,mode=0620"))
        .trying("mount /dev/pts")?;
    mount(Some("shm"), "/dev/shm", tmpfs, TIGHT | MsFlags::MS_NOEXEC, Some("mode=1777,size=65536k"))
        .trying("mount /dev/shm")?;
    // Needs the kernel's POSIX message queues, which few programs do.
    let _ = mount(Some("mqueue"), "/dev/mqueue", Some("mqueue"), TIGHT | MsFlags::MS_NOEXEC, NONE);
    for (name, target) in [
        ("ptmx", "pts/ptmx"),
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        symlink(target, format!("/dev/{name}")).trying("make /dev")?;
    }
    Ok(())
}

/// What the Pod and the manifest put into the container.
fn shown(order: &RunOrder, pod: &Pod) -> Result<Vec<Prepared>, Failure> {
    let mut shown = Vec::new();
    for name in ETC_FILES {
        let tree = tree(&pod.etc(name).display().to_string(), false)?;
        shown.push(Prepared { target: format!("/etc/{name}"), tree, directory: false, source: name.to_owned() });
    }
    for (mount, index) in order.mounts.iter().zip(0..) {
        shown.push(prepared(mount, order, index)?);
    }
    // A mount beneath another's target comes after it.
    shown.sort_by_key(|prepared| Path::new(&prepared.target).components().count());
    Ok(shown)
}

fn prepared(mount: &MountOrder, order: &RunOrder, index: u32) -> Result<Prepared, Failure> {
    let no_links = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS;
    let (base, path, resolve) = match &mount.source {
        // Another container may have put a link there a moment ago.
        MountFrom::Volume(path) => (jail::VOLUMES.to_owned(), path.clone(), no_links),
        MountFrom::Image { layers, path } => {
            let place = format!("{}/{}/image{index}", jail::SCRATCH, order.id);
            (image(layers, &place)?, path.clone(), ResolveFlag::RESOLVE_IN_ROOT)
        }
        MountFrom::Memory { name, .. } => (format!("{}/{}", jail::MEMORY, order.pod), name.clone(), no_links),
    };
    let what = format!("mount {}", mount.target);
    let source = beneath(&base, &path, resolve).trying(&what)?;
    let directory = source.metadata().trying(&what)?.is_dir();
    let tree = sys::open_tree_of(source.as_fd(), true).trying(&what)?;
    let read_only = if mount.read_only { libc::MOUNT_ATTR_RDONLY } else { 0 };
    sys::set_mount(tree.as_fd(), libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV | read_only, None, true)
        .trying(format_args!("restrict {}", mount.target))?;
    let place = match &mount.source {
        MountFrom::Volume(path) => format!("/var/lib/kubelet/pods/{path}"),
        MountFrom::Image { path, .. } => path.clone(),
        MountFrom::Memory { name, .. } => format!("/var/lib/kubelet/pods/{}/volumes/{name}", order.pod),
    };
    Ok(Prepared { target: mount.target.clone(), tree, directory, source: place })
}

/// Opens what is at `path` beneath a directory.
fn beneath(directory: &str, path: &str, resolve: ResolveFlag) -> std::io::Result<File> {
    let base = File::open(directory)?;
    let path = if path.is_empty() { "." } else { path };
    let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC).resolve(resolve);
    Ok(File::from(openat2(base, path, how)?))
}

/// Shows an image's layers, which nothing can be written to, at `place`.
fn image(layers: &[String], place: &str) -> Result<String, Failure> {
    fs::create_dir_all(place).trying("make the image volume")?;
    // Overlay wants two layers where nothing is to be written, the highest first.
    fs::create_dir_all(format!("{place}.empty")).trying("make the image volume")?;
    let lower = layers.iter().rev().map(|layer| format!("{}/{layer}", jail::IMAGES));
    let lower: Vec<String> = lower.chain([format!("{place}.empty")]).collect();
    let options = format!("lowerdir={}", lower.join(":"));
    let overlay =
        |options: &str| mount(Some("overlay"), place, Some("overlay"), TIGHT | MsFlags::MS_RDONLY, Some(options));
    overlay(&format!("{options},userxattr")).or_else(|_| overlay(&options)).trying("mount the image volume")?;
    Ok(place.to_owned())
}

fn tree(path: &str, recursive: bool) -> Result<OwnedFd, Failure> {
    sys::open_tree(&c_path(path)?, recursive).trying(format_args!("open {path}"))
}

/// Attaches a mount in what is now this process's root; its target is made if it is missing. When a directory was to be
/// shown in place of a file, or the other way round, that is told as runc tells it.
fn attach(prepared: Prepared) -> Result<(), Failure> {
    let Prepared { target, tree, directory, source } = prepared;
    let there = fs::metadata(&target).ok().map(|metadata| metadata.is_dir());
    if there.is_some_and(|there| there != directory) {
        let why = if directory {
            format!("create mountpoint for {target} mount: make mountpoint {target:?}: not a directory")
        } else {
            format!(
                "mount src={source}, dst={target}, dstFd=/proc/thread-self/fd/8, flags=MS_BIND|MS_REC: not a directory"
            )
        };
        return Err(Failure::Init(format!("error mounting {source:?} to rootfs at {target:?}: {why}")));
    }
    make_target(Path::new(&target), directory).trying(format_args!("make mount point {target}"))?;
    sys::move_mount(tree.as_fd(), &c_path(&target)?).trying(format_args!("mount {target}"))
}

fn make_target(target: &Path, directory: bool) -> std::io::Result<()> {
    if directory {
        return fs::create_dir_all(target);
    }
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    // Only its being there counts.
    File::options()
        .create(true)
        .append(true)
        .open(target)
        .map(drop)
        .or_else(|error| if target.exists() { Ok(()) } else { Err(error) })
}

fn c_path(path: &str) -> Result<CString, Failure> {
    CString::new(path).map_err(|_| Failure::Init(format!("{path:?} holds a zero byte")))
}

/// Hides and locks what containers must not see or change.
fn restrict() -> Result<(), Failure> {
    for path in READ_ONLY.into_iter().filter(|path| Path::new(path).exists()) {
        mount(Some(path), path, NONE, MsFlags::MS_BIND | MsFlags::MS_REC, NONE).trying(format_args!("lock {path}"))?;
        let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | MsFlags::MS_NOEXEC | TIGHT;
        mount(NONE, path, NONE, flags, NONE).trying(format_args!("lock {path}"))?;
    }
    for path in MASKED {
        match fs::metadata(path) {
            Ok(file) if file.is_dir() => {
                mount(Some("tmpfs"), path, Some("tmpfs"), MsFlags::MS_RDONLY | TIGHT, Some("size=0k"))
            }
            Ok(_) => mount(Some("/dev/null"), path, NONE, MsFlags::MS_BIND, NONE),
            Err(_) => Ok(()),
        }
        .trying(format_args!("hide {path}"))?;
    }
    Ok(())
}
