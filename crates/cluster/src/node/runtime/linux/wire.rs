//! What the server and the agent say to each other: JSON packets with file descriptors over a SOCK_SEQPACKET pair.
//!
//! A packet is one byte that tells where its body is, then the body. A body that is too big for a packet travels in a
//! memory file, as the packet's first descriptor.

use std::{
    fs::File,
    io::{self, IoSlice, IoSliceMut, Read, Seek, Write},
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
};

use nix::sys::{
    memfd::{MFdFlags, memfd_create},
    socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::node::runtime::network::{NetworkRules, PodRange};

/// The biggest body inside a packet; the kernel's default send buffer takes about three times this (`net.core.wmem_default`).
const INLINE: usize = 64 * 1024;
/// The most descriptors that travel with one packet (the kernel allows 253).
const DESCRIPTORS: usize = 16;
const BODY_HERE: u8 = b'h';
const BODY_IN_FILE: u8 = b'f';

/// The first packet: what the agent is to set up, told to its janitor.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    /// First of the user and group ids that this sandbox has for itself, and how many. `None`: only the caller's own.
    pub ids: Option<(u32, u32)>,
    /// Unpacked image layers; shown read-only.
    pub images: String,
    /// Where this sandbox's copies of them are to be, if the mounts can't show them with its own ids.
    pub copies: String,
    /// Whether it has copies in any case.
    pub always_copies: bool,
    /// What the kubelet puts into containers.
    pub volumes: String,
    /// Whether those stay when the agent has ended.
    pub keeps_volumes: bool,
    /// Where containers' own files live.
    pub scratch: String,
    /// cgroup directories that the janitor takes away at the end, with what is beneath them.
    pub cgroups: Vec<String>,
    /// How many of the packet's descriptors are `cgroup.procs` files that the agent itself joins.
    pub joins: usize,
}

/// What the server wants done.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Make a Pod's namespaces and address.
    Pod(PodOrder),
    /// Start a container. Comes with the `cgroup.procs` files to join.
    Run(Box<RunOrder>),
    /// Run a program in a container. Comes with the `cgroup.procs` files to join.
    Exec(Box<ExecOrder>),
    /// Send a signal to a process by the name it was started under.
    Signal {
        /// A container's or an exec's id.
        process: String,
        /// The signal's number.
        signal: i32,
    },
    /// Count what a container uses, where no control group does.
    Usage {
        /// The container's id.
        container: String,
    },
    /// Change the memory that a container may use, where no control group counts it.
    Limit {
        /// The container's id.
        container: String,
        /// Bytes; `None` is no limit.
        memory: Option<u64>,
    },
    /// Make an unconnected TCP socket in a Pod's network.
    Socket {
        /// The Pod's sandbox id.
        pod: String,
    },
    /// Put these in place of the rules before.
    Network(NetworkRules),
    /// Make the name server's sockets: UDP, then TCP, which listens.
    NameServer,
    /// Make the API's sockets, which listen: its Service's, then the node's own.
    ApiServer,
    /// Take a Pod's namespaces away, with everything in them.
    RemovePod {
        /// The Pod's sandbox id.
        pod: String,
    },
    /// Delete an ended container's files.
    RemoveContainer {
        /// The container's id.
        id: String,
    },
}

/// A Pod's namespaces.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PodOrder {
    pub id: String,
    pub hostname: String,
    /// `None` leaves the Pod in the agent's own network.
    pub address: Option<std::net::Ipv4Addr>,
    /// The addresses of the Pods of its node.
    pub range: PodRange,
    /// Beneath /proc/sys, with slashes, and what is written there.
    pub sysctls: Vec<(String, String)>,
    pub share_processes: bool,
    pub hosts: String,
    pub resolv_conf: String,
}

/// A container.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RunOrder {
    pub id: String,
    pub pod: String,
    /// Beneath the images' directory, lowest first.
    pub layers: Vec<String>,
    pub read_only_root: bool,
    pub mounts: Vec<MountOrder>,
    /// The container whose processes this one shares.
    pub processes_of: Option<String>,
    /// Bytes above which the agent itself ends the container, where no control group does.
    pub soft_memory: Option<u64>,
    pub program: Program,
}

/// Something shown inside a container.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MountOrder {
    pub source: MountFrom,
    pub target: String,
    pub read_only: bool,
}

/// Where a mount comes from.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum MountFrom {
    /// Beneath the volumes' directory.
    Volume(String),
    /// Layers beneath the images' directory, lowest first, and a path in them.
    Image { layers: Vec<String>, path: String },
    /// A file system in memory, of this name and size in bytes.
    Memory { name: String, size: Option<u64> },
}

/// A program in a container that runs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ExecOrder {
    pub id: String,
    pub container: String,
    pub program: Program,
}

/// What is executed, and as whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Program {
    pub argv: Vec<String>,
    /// `NAME=value`, complete but for HOME.
    pub env: Vec<String>,
    pub working_dir: String,
    pub tty: bool,
    pub stdin: bool,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    /// The bounding set, one bit per capability number; process of user 0 have all of them.
    pub capabilities: u64,
    /// Resource numbers (`RLIMIT_…`) and what both limits are set to.
    pub rlimits: Vec<(u32, u64)>,
}

/// What the agent has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Report {
    /// The agent is set up and takes orders; whether it has copies of its own of the images' layers.
    Ready { copies: bool },
    /// It could not be set up; nothing more comes.
    Broken(String),
    /// The order was done. A started program comes with the server's ends of its streams: the terminal, or standard
    /// output, standard error and, when it was asked for, standard input.
    Done { order: u64 },
    /// What a container uses: bytes of memory and nanoseconds of processor time.
    Uses { order: u64, memory: u64, cpu_nanos: u64 },
    /// The order could not be done.
    Failed { order: u64, failure: Failure },
    /// A process has ended; whether by the agent, for its use of memory.
    Ended { process: String, code: i32, signal: i32, too_much_memory: bool },
}

/// Why an order could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Failure {
    /// There is no such Pod, container or process.
    NotFound(String),
    /// The program can't be executed: runc's text from `exec: ` on.
    Program(String),
    /// Something else while the container was set up; what was tried and the kernel's reason.
    Init(String),
}

/// An order with the number its answer carries.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Numbered {
    pub number: u64,
    pub order: Order,
}

/// Sends one packet.
pub(super) fn send(socket: BorrowedFd<'_>, body: &impl Serialize, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let body = serde_json::to_vec(body)?;
    let mut raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    if body.len() <= INLINE {
        return send_parts(socket, BODY_HERE, &body, &raw);
    }
    let mut file = File::from(memfd_create("podyard-packet", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(&body)?;
    raw.insert(0, file.as_raw_fd());
    send_parts(socket, BODY_IN_FILE, &[], &raw)
}

fn send_parts(socket: BorrowedFd<'_>, place: u8, body: &[u8], fds: &[RawFd]) -> io::Result<()> {
    let rights = [ControlMessage::ScmRights(fds)];
    let control: &[ControlMessage<'_>] = if fds.is_empty() { &[] } else { &rights };
    let parts = [IoSlice::new(std::slice::from_ref(&place)), IoSlice::new(body)];
    sendmsg::<()>(socket.as_raw_fd(), &parts, control, MsgFlags::MSG_NOSIGNAL, None)?;
    Ok(())
}

/// Receives one packet with its descriptors; `None` when the other end has gone. `WouldBlock` on a non-blocking
/// socket with nothing to read.
pub(super) fn receive<T: DeserializeOwned>(socket: BorrowedFd<'_>) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let mut packet = vec![0; INLINE + 1];
    let (length, mut fds) = receive_parts(socket, &mut packet)?;
    if length == 0 {
        return Ok(None);
    }
    if packet[0] == BODY_IN_FILE {
        packet = body_from_file(&mut fds)?;
    } else {
        packet.copy_within(1..length, 0);
        packet.truncate(length - 1);
    }
    Ok(Some((serde_json::from_slice(&packet)?, fds)))
}

fn receive_parts(socket: BorrowedFd<'_>, packet: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut control = nix::cmsg_space!([RawFd; DESCRIPTORS]);
    let mut parts = [IoSliceMut::new(packet)];
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::MSG_CMSG_CLOEXEC)?;
    let mut fds = Vec::new();
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(raw) = part {
            // SAFETY: the kernel has just made these descriptors for us; nobody else knows their numbers.
            fds.extend(raw.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    Ok((message.bytes, fds))
}

fn body_from_file(fds: &mut Vec<OwnedFd>) -> io::Result<Vec<u8>> {
    if fds.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a packet without its file"));
    }
    let mut file = File::from(fds.remove(0));
    let mut body = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut body)?;
    Ok(body)
}

/// The descriptors of a list, borrowed.
pub(super) fn borrowed(fds: &[OwnedFd]) -> Vec<BorrowedFd<'_>> {
    fds.iter().map(AsFd::as_fd).collect()
}

#[cfg(test)]
mod tests {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

    use super::*;

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC).unwrap()
    }

    #[test]
    fn a_packet_arrives_with_its_descriptors() {
        let (a, b) = pair();
        let (read, write) = nix::unistd::pipe().unwrap();
        send(a.as_fd(), &Report::Done { order: 7 }, &[write.as_fd()]).unwrap();
        drop(write);
        let (report, fds) = receive::<Report>(b.as_fd()).unwrap().unwrap();
        assert_eq!(report, Report::Done { order: 7 });
        File::from(fds.into_iter().next().unwrap()).write_all(b"x").unwrap();
        let mut text = String::new();
        File::from(read).read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
    }

    #[test]
    fn a_body_that_is_too_big_for_a_packet_arrives_too() {
        let (a, b) = pair();
        let long = Report::Broken("x".repeat(2_000_000));
        send(a.as_fd(), &long, &[]).unwrap();
        let (report, fds) = receive::<Report>(b.as_fd()).unwrap().unwrap();
        assert_eq!((report, fds.len()), (long, 0));
    }

    #[test]
    fn the_other_end_going_is_the_end() {
        let (a, b) = pair();
        drop(a);
        assert!(receive::<Report>(b.as_fd()).unwrap().is_none());
    }
}
