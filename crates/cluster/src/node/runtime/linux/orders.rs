//! What the kubelet asked for, in the agent's terms. Pure.

mod capability;

use std::path::Path;

use super::wire::{MountFrom, MountOrder, PodOrder, Program, RunOrder};
use crate::node::runtime::{ContainerSpec, ExecSpec, Limits, Mount, MountSource, RuntimeError, SandboxSpec, Security};

/// The `PATH` of an image that sets none (containerd's default).
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What a container may hold open unless it is set (containerd's systemd unit has no limit; runc hands on the
/// server's, which is 1,048,576 on most hosts). Lower, so that one sandbox can't use up the machine's table.
const OPEN_FILES: u64 = 65_536;

/// A sandbox in the agent's terms.
pub(super) fn pod(spec: &SandboxSpec) -> PodOrder {
    PodOrder {
        id: spec.id.0.clone(),
        hostname: spec.hostname.clone(),
        address: spec.address,
        range: spec.range,
        sysctls: spec.sysctls.iter().map(|(name, value)| (name.replace('.', "/"), value.clone())).collect(),
        share_processes: spec.share_processes,
        hosts: spec.hosts.clone(),
        resolv_conf: spec.resolv_conf.clone(),
    }
}

/// A container in the agent's terms. Its limits are `soft` where no control group keeps them.
pub(super) fn run(
    spec: &ContainerSpec,
    hostname: &str,
    images: &Path,
    volumes: &Path,
    soft: bool,
) -> Result<RunOrder, RuntimeError> {
    Ok(RunOrder {
        id: spec.id.0.clone(),
        pod: spec.sandbox.0.clone(),
        layers: spec.layers.iter().map(|layer| beneath(images, layer)).collect::<Result<_, _>>()?,
        read_only_root: spec.security.read_only_root,
        mounts: spec.mounts.iter().map(|mount| mount_order(mount, images, volumes)).collect::<Result<_, _>>()?,
        processes_of: spec.processes_of.as_ref().map(|id| id.0.clone()),
        soft_memory: spec.limits.memory.filter(|_| soft),
        program: program(spec, hostname, if soft { soft_limits(&spec.limits) } else { Vec::new() }),
    })
}

/// The same with a bound on the size of each file.
pub(super) fn with_biggest_file(mut order: RunOrder, bytes: u64) -> RunOrder {
    order.program.rlimits.push((libc::RLIMIT_FSIZE, bytes));
    order
}

/// What each process may use where nothing counts them together. Memory is left to the agent, as a process that is
/// refused some does not end as one does that the kernel ends.
fn soft_limits(limits: &Limits) -> Vec<(u32, u64)> {
    limits.pids.map(|count| (libc::RLIMIT_NPROC, count)).into_iter().collect()
}

fn program(spec: &ContainerSpec, hostname: &str, rlimits: Vec<(u32, u64)>) -> Program {
    let mut all_rlimits = vec![(libc::RLIMIT_NOFILE, OPEN_FILES), (libc::RLIMIT_CORE, 0)];
    all_rlimits.extend(rlimits);
    Program {
        argv: spec.argv.clone(),
        env: environment(&spec.env, hostname, spec.tty),
        working_dir: spec.working_dir.clone(),
        tty: spec.tty,
        stdin: spec.stdin,
        uid: spec.security.uid,
        gid: spec.security.gid,
        groups: spec.security.groups.clone(),
        capabilities: capabilities(&spec.security),
        rlimits: all_rlimits,
    }
}

/// A command in a container that runs `container`: its environment, user and limits, with its own arguments.
pub(super) fn exec(container: &Program, spec: &ExecSpec) -> Program {
    let mut program = Program { argv: spec.argv.clone(), tty: spec.tty, stdin: spec.stdin, ..container.clone() };
    if spec.tty && !program.env.iter().any(|entry| entry.starts_with("TERM=")) {
        program.env.push("TERM=xterm".to_owned());
    }
    program
}

/// The environment in containerd's order: its own first, so that the manifest's wins.
fn environment(given: &[(String, String)], hostname: &str, tty: bool) -> Vec<String> {
    let mut env = vec![PATH.to_owned(), format!("HOSTNAME={hostname}")];
    if tty {
        env.push("TERM=xterm".to_owned());
    }
    for (name, value) in given {
        let entry = format!("{name}={value}");
        match env.iter_mut().find(|old| old.split('=').next() == Some(name)) {
            Some(old) => *old = entry,
            None => env.push(entry),
        }
    }
    env
}

fn capabilities(security: &Security) -> u64 {
    if security.privileged {
        return capability::ALL;
    }
    let names = |names: &[String]| names.iter().map(|name| capability::mask(name)).fold(0, |all, mask| all | mask);
    let (added, dropped) = (names(&security.add_capabilities), names(&security.drop_capabilities));
    // As containerd: ALL comes first, then single names count against it.
    let base = if dropped == capability::ALL { 0 } else { capability::DEFAULT & !dropped };
    if added == capability::ALL {
        capability::ALL & !(if dropped == capability::ALL { 0 } else { dropped })
    } else {
        base | added
    }
}

fn mount_order(mount: &Mount, images: &Path, volumes: &Path) -> Result<MountOrder, RuntimeError> {
    let source = match &mount.source {
        MountSource::Path(path) => MountFrom::Volume(beneath(volumes, path)?),
        MountSource::Image { layers, path } => MountFrom::Image {
            layers: layers.iter().map(|layer| beneath(images, layer)).collect::<Result<_, _>>()?,
            path: path.clone(),
        },
        MountSource::Memory { name, size } if !name.contains('/') && !name.starts_with('.') => {
            MountFrom::Memory { name: name.clone(), size: *size }
        }
        MountSource::Memory { name, .. } => {
            return Err(RuntimeError::Failed(format!("bad memory volume name {name:?}")));
        }
    };
    Ok(MountOrder { source, target: mount.target.clone(), read_only: mount.read_only })
}

/// The part of `path` that is beneath `directory`; nothing that climbs out of it.
fn beneath(directory: &Path, path: &Path) -> Result<String, RuntimeError> {
    let outside = || RuntimeError::Failed(format!("{} is not beneath {}", path.display(), directory.display()));
    let inner = path.strip_prefix(directory).map_err(|_| outside())?;
    let plain = inner.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if plain { inner.to_str().map(str::to_owned).ok_or_else(outside) } else { Err(outside()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().copied().map(str::to_owned).collect()
    }

    #[test]
    fn the_manifests_environment_wins_over_containerds() {
        let given = [("PATH".to_owned(), "/app".to_owned()), ("A".to_owned(), "1=2".to_owned())];
        assert_eq!(environment(&given, "pod", true), ["PATH=/app", "HOSTNAME=pod", "TERM=xterm", "A=1=2"]);
    }

    #[test]
    fn capabilities_are_added_to_and_dropped_from_the_default() {
        let mask = |add: &[&str], drop: &[&str]| {
            capabilities(&Security {
                add_capabilities: strings(add),
                drop_capabilities: strings(drop),
                ..Security::default()
            })
        };
        assert_eq!(mask(&[], &[]), capability::DEFAULT);
        assert_eq!(capability::DEFAULT, 0xa804_25fb, "what CapEff shows in a container of a real cluster");
        assert_eq!(mask(&[], &["ALL"]), 0);
        assert_eq!(mask(&["NET_BIND_SERVICE"], &["ALL"]), 1 << 10);
        assert_eq!(mask(&["SYS_TIME"], &["CHOWN"]), (capability::DEFAULT | 1 << 25) & !1);
        assert_eq!(mask(&["ALL"], &[]), capability::ALL);
    }

    #[test]
    fn a_mount_stays_beneath_the_nodes_volumes() {
        let volumes = Path::new("/data/volumes");
        assert_eq!(beneath(volumes, Path::new("/data/volumes/pod/v")).unwrap(), "pod/v");
        for path in ["/etc", "/data/volumes/../x", "/data/volumes2"] {
            assert!(beneath(volumes, Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn an_exec_is_the_container_with_other_arguments() {
        let spec = ContainerSpec {
            id: crate::node::runtime::ContainerId("c".to_owned()),
            sandbox: crate::node::runtime::SandboxId("s".to_owned()),
            layers: Vec::new(),
            argv: strings(&["sleep", "1"]),
            env: vec![("A".to_owned(), "1".to_owned())],
            working_dir: "/srv".to_owned(),
            tty: false,
            stdin: false,
            mounts: Vec::new(),
            processes_of: None,
            security: Security { uid: 7, ..Security::default() },
            limits: Default::default(),
        };
        let exec =
            exec(&program(&spec, "pod", Vec::new()), &ExecSpec { argv: strings(&["env"]), tty: true, stdin: true });
        assert_eq!((exec.uid, exec.working_dir.as_str(), exec.argv[0].as_str()), (7, "/srv", "env"));
        assert_eq!(exec.env[1..], strings(&["HOSTNAME=pod", "A=1", "TERM=xterm"]));
    }
}
