//! What all Pod workers of a node share.

use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;

use super::{adopt::Before, downward::Allocatable, health::Health, images::Images, runtime::Runtime, usage::Rates};
use crate::{
    clock::{Clock, SharedClock},
    events::{Recorder, Severity, Subject},
    store::Store,
    tokens::Signer,
};

/// What all Pod workers of a node share; nodes of one machine differ in their names and addresses alone.
#[derive(Clone)]
pub struct Context {
    /// The cluster's objects.
    pub store: Store,
    /// What runs the containers.
    pub runtime: Arc<dyn Runtime>,
    /// Where their images come from.
    pub images: Arc<dyn Images>,
    /// Time and ids.
    pub clock: SharedClock,
    /// Events, in the kubelet's name.
    pub recorder: Recorder,
    /// `spec.nodeName`
    pub node_name: String,
    /// The node's own address: `status.hostIP`.
    pub host: Ipv4Addr,
    /// Where Pods' volumes are made: `PODS/UID/…`.
    pub volumes: PathBuf,
    /// Where logs are kept: `UID/CONTAINER/N.log`.
    pub logs: PathBuf,
    /// The Pods' addresses.
    pub addresses: Arc<Addresses>,
    /// Signs service account tokens.
    pub signer: Signer,
    /// How fast containers use their processor time.
    pub rates: Arc<Rates>,
    /// How the node is, beyond what can be read from its machine.
    pub health: Arc<Health>,
    /// How the node before this one ended, whose Pods this one takes up.
    pub before: Before,
    /// What the node has for Pods.
    pub allocatable: Allocatable,
}

impl Context {
    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// 64 hexadecimal digits.
    pub fn id(&self) -> String {
        format!("{}{}", self.clock.uid(), self.clock.uid()).replace('-', "")
    }

    /// Records something ordinary.
    pub fn normal(&self, about: &Subject, reason: &str, message: &str) {
        self.recorder.event(about, Severity::Normal, reason, "", message);
    }

    /// Records something that went wrong.
    pub fn warning(&self, about: &Subject, reason: &str, message: &str) {
        self.recorder.event(about, Severity::Warning, reason, "", message);
    }
}

/// Hands out 10.244.0.2 to 10.244.0.254 in turn, as the host-local allocator of a kind node does.
#[derive(Debug, Default)]
pub struct Addresses(Mutex<Given>);

#[derive(Debug, Default)]
struct Given {
    taken: BTreeSet<u8>,
    last: u8,
}

impl Addresses {
    /// The next free address after the one given last; `None` when all are taken.
    pub fn take(&self) -> Option<Ipv4Addr> {
        let mut given = self.0.lock().expect("nothing panics while it holds the addresses");
        let last = given.last;
        let next = (last.max(1) + 1..=254).chain(2..=last.max(1)).find(|host| !given.taken.contains(host))?;
        given.taken.insert(next);
        given.last = next;
        Some(Ipv4Addr::new(10, 244, 0, next))
    }

    /// Gives one back.
    pub fn release(&self, address: Ipv4Addr) {
        let mut given = self.0.lock().expect("nothing panics while it holds the addresses");
        given.taken.remove(&address.octets()[3]);
    }
}

/// The time from `now` until `then`, for tokio's timers; nothing when it has passed.
pub fn until(clock: &dyn Clock, then: Timestamp) -> std::time::Duration {
    then.duration_since(clock.now()).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_round() {
        let addresses = Addresses::default();
        let all: Vec<_> = std::iter::from_fn(|| addresses.take()).collect();
        assert_eq!((all.len(), all[0].octets()[3], all[252].octets()[3]), (253, 2, 254));
        addresses.release(all[5]);
        assert_eq!(addresses.take(), Some(all[5]));
        assert_eq!(addresses.take(), None);
    }
}
