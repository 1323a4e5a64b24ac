//! Just enough of nf_tables for the agent: a table that is put in place of the one before, all at once.
//!
//! Messages are laid out as linux/netfilter/nf_tables.h says; numbers in them are big-endian, but for what the kernel
//! compares with numbers of its own.

pub mod expression;

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::{
        socket::{
            AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, setsockopt, socket,
            sockopt::{ReceiveTimeout, SndBuf},
        },
        time::TimeVal,
    },
};

use self::expression::Rule;
use super::netlink::{answers, attribute, nested, text};

/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// What is asked for of the kernel's room for one batch; it gives what it allows.
const ROOM: usize = 4 << 20;
/// The kernel answers at once; this only keeps a kernel that does not from stopping the agent.
const PATIENCE: Duration = Duration::from_secs(2);
/// `NFTA_LIST_ELEM`
const ELEMENT: u16 = 1;
/// `NFTA_DATA_VALUE`
const VALUE: u16 = 1;

/// Where a base chain sees packets, and what it may do with them.
#[derive(Clone, Copy)]
pub(super) enum Hook {
    /// Before routing; changes the destination.
    DestinationNat,
    /// After routing; changes the source.
    SourceNat,
    /// What is for this machine itself.
    Input,
    /// What passes through.
    Forward,
}

impl Hook {
    /// Type, number and priority (`NF_IP_PRI_NAT_DST`, `…_NAT_SRC`, `…_FILTER`).
    fn parts(self) -> (&'static str, i32, i32) {
        match self {
            Self::DestinationNat => ("nat", libc::NF_INET_PRE_ROUTING, -100),
            Self::SourceNat => ("nat", libc::NF_INET_POST_ROUTING, 100),
            Self::Input => ("filter", libc::NF_INET_LOCAL_IN, 0),
            Self::Forward => ("filter", libc::NF_INET_FORWARD, 0),
        }
    }
}

/// Changes to one table, which the kernel makes all or none of.
pub(super) struct Batch {
    table: &'static str,
    messages: Vec<u8>,
    /// Where the newest message begins.
    newest: usize,
    sequence: u32,
    sets: u32,
}

impl Batch {
    /// Takes the table away, if it is there.
    pub(super) fn removing(table: &'static str) -> Self {
        let mut batch = Self { table, messages: Vec::new(), newest: 0, sequence: 0, sets: 0 };
        let subsystem = (libc::NFNL_SUBSYS_NFTABLES as u16).to_be();
        batch.message(libc::NFNL_MSG_BATCH_BEGIN as u16, libc::AF_UNSPEC, subsystem, 0, |_| {});
        // It can only be deleted when it is there.
        batch.add_table();
        batch.change(libc::NFT_MSG_DELTABLE, 0, |m| text(m, 1, table));
        batch
    }

    /// Puts a new, empty table in its place.
    pub(super) fn replacing(table: &'static str) -> Self {
        let mut batch = Self::removing(table);
        batch.add_table();
        batch
    }

    fn add_table(&mut self) {
        let table = self.table;
        self.change(libc::NFT_MSG_NEWTABLE, libc::NLM_F_CREATE, |m| text(m, 1, table));
    }

    /// A chain that others jump to.
    pub(super) fn chain(&mut self, name: &str) {
        let table = self.table;
        self.change(libc::NFT_MSG_NEWCHAIN, libc::NLM_F_CREATE, |m| {
            text(m, 1, table);
            text(m, 3, name);
        });
    }

    /// A chain that sees packets by itself; what no rule decides passes.
    pub(super) fn base_chain(&mut self, name: &str, hook: Hook) {
        let (table, (kind, number, priority)) = (self.table, hook.parts());
        self.change(libc::NFT_MSG_NEWCHAIN, libc::NLM_F_CREATE, |m| {
            text(m, 1, table);
            text(m, 3, name);
            nested(m, 4 | NESTED, |m| {
                big(m, 1, number as u32);
                big(m, 2, priority as u32);
            });
            text(m, 7, kind);
        });
    }

    /// The next rule of a chain.
    pub(super) fn rule(&mut self, chain: &str, rule: Rule) {
        let table = self.table;
        self.change(libc::NFT_MSG_NEWRULE, libc::NLM_F_CREATE | libc::NLM_F_APPEND, |m| {
            text(m, 1, table);
            text(m, 2, chain);
            nested(m, 4 | NESTED, |m| m.extend(rule.into_bytes()));
        });
    }

    /// A set of keys of the same length.
    pub(super) fn set<const N: usize>(&mut self, name: &str, keys: impl Iterator<Item = [u8; N]>) {
        self.make_set(name, N, None);
        let keys: Vec<[u8; N]> = keys.collect();
        self.elements(name, &keys, |m, key| value(m, 1, key));
    }

    /// A map from keys to data of the same lengths.
    pub(super) fn map<const K: usize, const D: usize>(
        &mut self,
        name: &str,
        entries: impl Iterator<Item = ([u8; K], [u8; D])>,
    ) {
        self.make_set(name, K, Some(D));
        let entries: Vec<([u8; K], [u8; D])> = entries.collect();
        self.elements(name, &entries, |m, (key, data)| {
            value(m, 1, key);
            value(m, 2, data);
        });
    }

    fn make_set(&mut self, name: &str, key: usize, data: Option<usize>) {
        let table = self.table;
        self.sets += 1;
        let id = self.sets;
        self.change(libc::NFT_MSG_NEWSET, libc::NLM_F_CREATE, |m| {
            text(m, 1, table);
            text(m, 2, name);
            big(m, 3, if data.is_some() { libc::NFT_SET_MAP as u32 } else { 0 });
            // What the key is only matters to programs that show it.
            big(m, 4, 0);
            big(m, 5, key as u32);
            if let Some(length) = data {
                big(m, 6, 0);
                big(m, 7, length as u32);
            }
            big(m, 10, id);
        });
    }

    fn elements<T>(&mut self, set: &str, elements: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
        /// An attribute counts its bytes with 16 bits; an element has less than 64.
        const AT_ONCE: usize = 1000;
        let table = self.table;
        for some in elements.chunks(AT_ONCE) {
            self.change(libc::NFT_MSG_NEWSETELEM, libc::NLM_F_CREATE, |m| {
                text(m, 1, table);
                text(m, 2, set);
                nested(m, 3 | NESTED, |m| {
                    for element in some {
                        nested(m, ELEMENT | NESTED, |m| write(m, element));
                    }
                });
            });
        }
    }

    fn change(&mut self, kind: libc::c_int, flags: libc::c_int, body: impl FnOnce(&mut Vec<u8>)) {
        let kind = (libc::NFNL_SUBSYS_NFTABLES << 8 | kind) as u16;
        self.message(kind, libc::AF_INET, 0, flags, body);
    }

    fn message(
        &mut self,
        kind: u16,
        family: libc::c_int,
        resource: u16,
        flags: libc::c_int,
        body: impl FnOnce(&mut Vec<u8>),
    ) {
        let start = self.messages.len();
        self.newest = start;
        self.messages.extend([0; HEADER]);
        // `struct nfgenmsg`: family, version 0, resource.
        self.messages.extend([family as u8, 0]);
        self.messages.extend(resource.to_ne_bytes());
        body(&mut self.messages);
        let length = (self.messages.len() - start) as u32;
        let header = &mut self.messages[start..start + HEADER];
        header[..4].copy_from_slice(&length.to_ne_bytes());
        header[4..6].copy_from_slice(&kind.to_ne_bytes());
        header[6..8].copy_from_slice(&((flags | libc::NLM_F_REQUEST) as u16).to_ne_bytes());
        header[8..12].copy_from_slice(&self.sequence.to_ne_bytes());
        self.sequence += 1;
    }

    /// Has the kernel make the changes.
    pub(super) fn commit(mut self) -> io::Result<()> {
        let last = self.sequence - 1;
        self.ask_for_answer();
        let subsystem = (libc::NFNL_SUBSYS_NFTABLES as u16).to_be();
        self.message(libc::NFNL_MSG_BATCH_END as u16, libc::AF_UNSPEC, subsystem, 0, |_| {});
        let socket =
            socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkNetFilter)?;
        // More room is for big sandboxes; without it, those are refused by the kernel in so many words.
        let _ = setsockopt(&socket, SndBuf, &ROOM);
        setsockopt(&socket, ReceiveTimeout, &TimeVal::new(PATIENCE.as_secs() as i64, 0))?;
        send(socket.as_raw_fd(), &self.messages, MsgFlags::empty())?;
        wait_for(&socket, last)
    }

    /// The newest message is answered when all has been read, whether it went well or not.
    fn ask_for_answer(&mut self) {
        let flags = &mut self.messages[self.newest + 6..self.newest + 8];
        let asked = u16::from_ne_bytes([flags[0], flags[1]]) | libc::NLM_F_ACK as u16;
        flags.copy_from_slice(&asked.to_ne_bytes());
    }
}

/// Reads answers up to that of the message number `last`: the first error, if there is one. An error about the batch as a
/// whole carries the number of its first message, 0, and is the only one.
fn wait_for(socket: &OwnedFd, last: u32) -> io::Result<()> {
    let mut result = Ok(());
    let mut buffer = [0; 8192];
    loop {
        let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        for (number, code) in answers(&buffer[..length]) {
            if code != 0 && result.is_ok() {
                result = Err(Errno::from_raw(-code).into());
            }
            if number == last || number == 0 {
                return result;
            }
        }
    }
}

/// `NLA_F_NESTED`
const NESTED: u16 = 1 << 15;

fn big(m: &mut Vec<u8>, kind: u16, number: u32) {
    attribute(m, kind, &number.to_be_bytes());
}

fn value(m: &mut Vec<u8>, kind: u16, bytes: &[u8]) {
    nested(m, kind | NESTED, |m| attribute(m, VALUE, bytes));
}
