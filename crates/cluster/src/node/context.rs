//! What all Pod workers of a node share.

use std::{
    collections::BTreeSet,
    fmt,
    net::Ipv4Addr,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;

use super::{
    adopt::Before,
    downward::Allocatable,
    health::Health,
    images::Images,
    runtime::{Runtime, network::PodRange},
    usage::Rates,
};
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
    /// How many Pods the node takes (the kubelet's `maxPods`).
    pub max_pods: u16,
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

/// Hands out a node's addresses in turn, as the host-local allocator of a kind node does.
#[derive(Debug, Default)]
pub struct Addresses {
    range: PodRange,
    given: Mutex<Given>,
}

#[derive(Debug, Default)]
struct Given {
    taken: BTreeSet<Ipv4Addr>,
    /// The number within the range of the one given last.
    last: u32,
}

impl Addresses {
    /// All of a range are free.
    pub fn of(range: PodRange) -> Self {
        Self { range, given: Mutex::default() }
    }

    /// The range they are from.
    pub fn range(&self) -> PodRange {
        self.range
    }

    /// The next free address after the one given last; `None` when all are taken.
    pub fn take(&self) -> Option<Ipv4Addr> {
        let mut given = self.given.lock().expect("nothing panics while it holds the addresses");
        let all = self.range.for_pods();
        let last = given.last.max(all.start() - 1);
        let free = |number: &u32| !given.taken.contains(&self.range.address(*number));
        let next = (last + 1..=*all.end()).chain(*all.start()..=last).find(free)?;
        let address = self.range.address(next);
        given.taken.insert(address);
        given.last = next;
        Some(address)
    }

    /// Gives one back.
    pub fn release(&self, address: Ipv4Addr) {
        let mut given = self.given.lock().expect("nothing panics while it holds the addresses");
        given.taken.remove(&address);
    }
}

impl fmt::Display for Addresses {
    /// As host-local names its range when nothing is left.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.range.gateway(), self.range.address(*self.range.for_pods().end()))
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
        assert_eq!(addresses.to_string(), "10.244.0.1-10.244.0.254");
    }
}
