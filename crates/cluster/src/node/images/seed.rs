//! The images that are there without any registry: busybox from the machine's own, and those of lessons.

use std::{fs, io, process::Command};

use super::{
    BUSYBOX,
    layer::Entry,
    manifest::{Execution, PackedLayer},
};

/// The tags under which lessons use busybox.
pub(super) const BUSYBOX_TAGS: [&str; 10] =
    ["latest", "1.28", "1.34", "1.35", "1.36", "1.36.1", "1.37", "stable", "musl", "glibc"];

/// Programs that busybox could be but the image's must not be: they change the machine, which a container can't.
const LEFT_OUT: [&str; 2] = ["busybox", "linuxrc"];

/// What the seeded images stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seed {
    /// `busybox`.
    pub name: String,
    /// `1.36`.
    pub tag: String,
    /// In no registry.
    pub local: bool,
    /// Lowest first.
    pub layers: Vec<PackedLayer>,
    /// What it runs; with a label of its own per tag, so that each tag has a digest of its own.
    pub execution: Execution,
}

impl Seed {
    /// One per tag.
    pub(super) fn tagged(
        name: &str,
        tags: impl IntoIterator<Item = impl Into<String>>,
        local: bool,
        layers: &[PackedLayer],
        execution: &Execution,
    ) -> Vec<Self> {
        let one = |tag: String| {
            let mut execution = execution.clone();
            execution.labels.insert("org.opencontainers.image.version".to_owned(), tag.clone());
            Self { name: name.to_owned(), tag, local, layers: layers.to_vec(), execution }
        };
        tags.into_iter().map(|tag| one(tag.into())).collect()
    }
}

/// What busybox runs when nothing is asked.
pub(super) fn busybox_execution() -> Execution {
    Execution {
        cmd: vec!["sh".to_owned()],
        env: vec!["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()],
        ..Execution::default()
    }
}

/// The file system of the busybox image: the machine's program, a link per applet, and the few files programs expect.
///
/// # Errors
/// When there is no static busybox, or it can't say what it can do.
pub(super) fn busybox_entries() -> io::Result<Vec<Entry>> {
    let program = fs::read(BUSYBOX)?;
    let applets = Command::new(BUSYBOX).arg("--list").output()?;
    if !applets.status.success() {
        return Err(io::Error::other(format!("{BUSYBOX} --list: {}", applets.status)));
    }
    let applets = String::from_utf8_lossy(&applets.stdout).into_owned();
    let mut entries: Vec<Entry> = DIRECTORIES.iter().map(|&(path, mode)| directory(path, mode)).collect();
    entries.push(Entry::File { path: "/bin/busybox".to_owned(), mode: 0o755, content: program });
    let links = applets.lines().filter(|applet| !LEFT_OUT.contains(applet));
    entries.extend(links.map(|applet| Entry::Link { path: format!("/bin/{applet}"), target: "busybox".to_owned() }));
    entries.extend(FILES.iter().map(|&(path, content)| Entry::File {
        path: path.to_owned(),
        mode: 0o644,
        content: content.as_bytes().to_vec(),
    }));
    Ok(entries)
}

const DIRECTORIES: [(&str, u32); 11] = [
    ("/bin", 0o755),
    ("/etc", 0o755),
    ("/home", 0o755),
    ("/root", 0o700),
    ("/tmp", 0o1777),
    ("/usr", 0o755),
    ("/usr/bin", 0o755),
    ("/usr/sbin", 0o755),
    ("/var", 0o755),
    ("/var/spool", 0o755),
    ("/var/www", 0o755),
];

const FILES: [(&str, &str); 3] = [
    (
        "/etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\n\
         daemon:x:1:1:daemon:/usr/sbin:/bin/false\n\
         bin:x:2:2:bin:/bin:/bin/false\n\
         www-data:x:33:33:www-data:/var/www:/bin/false\n\
         nobody:x:65534:65534:nobody:/home:/bin/false\n",
    ),
    ("/etc/group", "root:x:0:\ndaemon:x:1:\nbin:x:2:\nwww-data:x:33:\nnogroup:x:65534:\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
];

fn directory(path: &str, mode: u32) -> Entry {
    Entry::Directory { path: path.to_owned(), mode }
}

/// What tells one busybox from another without reading it: a new one makes a new image.
pub(super) fn busybox_stamp() -> io::Result<String> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(BUSYBOX)?;
    Ok(format!("{}-{}-{}", metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}
