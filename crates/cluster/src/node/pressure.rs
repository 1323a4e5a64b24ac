//! Too little left for all Pods of the sandbox together: who must go, and what is said, as the kubelet's eviction manager
//! does it (kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/). Pure.

pub mod follow;

use std::{cmp::Reverse, fmt};

use jiff::{SignedDuration, Timestamp};

use super::runtime::{Bound, Room};

/// `memory.available` below which a kubelet evicts by default, in bytes.
const LEAST_MEMORY: u64 = 100 << 20;
/// Hundredths of the disk (`nodefs.available`) below which a kubelet evicts by default.
const LEAST_DISK: u64 = 10;
/// How long a condition is told after it was seen last (the kubelet's `evictionPressureTransitionPeriod`).
const TOLD_FOR: SignedDuration = SignedDuration::from_mins(5);
/// Pods of at least this priority are the cluster's own and stay (`system-cluster-critical`).
const CRITICAL: i64 = 2_000_000_000;

/// What there is too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Starved {
    /// Of memory.
    Memory,
    /// Of the disk.
    Disk,
}

impl fmt::Display for Starved {
    /// The resource's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Disk => "ephemeral-storage",
        })
    }
}

/// A threshold that is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    /// Of what there is too little.
    pub starved: Starved,
    /// Bytes there should be at least.
    threshold: u64,
    /// Bytes there are.
    available: u64,
}

/// The thresholds that are met, memory first, as it is the scarcer.
pub fn met(room: &Room) -> Vec<Met> {
    let one = |starved, bound: Option<Bound>, threshold: fn(u64) -> u64| {
        let Bound { limit, used } = bound?;
        let (threshold, available) = (threshold(limit), limit.saturating_sub(used));
        (available < threshold).then_some(Met { starved, threshold, available })
    };
    let memory = one(Starved::Memory, room.memory, |_| LEAST_MEMORY);
    let disk = one(Starved::Disk, room.disk, |limit| limit * LEAST_DISK / 100);
    memory.into_iter().chain(disk).collect()
}

/// What a container, or all of a Pod, has of the starved resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The container's name, or the Pod's.
    pub name: String,
    /// Bytes it uses.
    pub used: u64,
    /// Bytes it asked for.
    pub request: u64,
}

/// A Pod that could go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<T> {
    /// Who it is.
    pub pod: T,
    /// `spec.priority`
    pub priority: i64,
    /// What its containers have.
    pub shares: Vec<Share>,
    /// Bytes in its volumes, where the disk is meant.
    pub volumes: u64,
}

impl<T> Candidate<T> {
    fn total(&self, of: fn(&Share) -> u64) -> i128 {
        self.shares.iter().map(|share| i128::from(of(share))).sum()
    }

    /// How much more it uses than it asked for.
    fn beyond(&self) -> i128 {
        self.total(|share| share.used) + i128::from(self.volumes) - self.total(|share| share.request)
    }
}

/// Who goes first: one that uses more than it asked for before others, then the less important, then who is further beyond.
pub fn first<T>(candidates: Vec<Candidate<T>>) -> Option<Candidate<T>> {
    let candidates = candidates.into_iter().filter(|candidate| candidate.priority < CRITICAL);
    candidates.min_by_key(|one| (one.beyond() <= 0, one.priority, Reverse(one.beyond())))
}

/// What an evicted Pod is told. `own` is what it has altogether, if its own `resources` ask for memory.
pub fn message(met: &Met, shares: &[Share], own: Option<&Share>) -> String {
    let Met { starved, threshold, available } = met;
    let mut text = format!(
        "The node was low on resource: {starved}. Threshold quantity: {}, available: {}. ",
        quantity(*threshold),
        quantity(*available / 1024 * 1024)
    );
    let beyond = shares.iter().filter(|share| share.used > share.request);
    for (what, share) in own.map(|share| ("Pod", share)).into_iter().chain(beyond.map(|share| ("Container", share))) {
        text.push_str(&format!(
            "{what} {} was using {}, request is {}, has larger consumption of {starved}. ",
            share.name,
            quantity(share.used),
            quantity(share.request)
        ));
    }
    text
}

/// Bytes as a quantity with the biggest unit that leaves no remainder.
fn quantity(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["", "Ki", "Mi", "Gi", "Ti"];
    let power = (bytes.trailing_zeros() / 10).min(4);
    if bytes == 0 { "0".to_owned() } else { format!("{}{}", bytes >> (10 * power), UNITS[power as usize]) }
}

/// When each was seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    memory: Option<Timestamp>,
    disk: Option<Timestamp>,
}

impl Seen {
    /// There is too little of it now.
    pub fn see(&mut self, starved: Starved, now: Timestamp) {
        match starved {
            Starved::Memory => self.memory = Some(now),
            Starved::Disk => self.disk = Some(now),
        }
    }

    /// Whether the node still tells of it.
    pub fn tells(&self, starved: Starved, now: Timestamp) -> bool {
        let seen = match starved {
            Starved::Memory => self.memory,
            Starved::Disk => self.disk,
        };
        seen.is_some_and(|seen| now.duration_since(seen) < TOLD_FOR)
    }

    /// The conditions for which the node takes no Pod of this quality of service.
    pub fn refuses(&self, qos: &str, now: Timestamp) -> Option<String> {
        let all = [(Starved::Memory, "MemoryPressure"), (Starved::Disk, "DiskPressure")];
        let told: Vec<&str> = all.into_iter().filter(|(one, _)| self.tells(*one, now)).map(|(_, name)| name).collect();
        let taken = told.is_empty() || (told == ["MemoryPressure"] && qos != "BestEffort");
        (!taken).then(|| format!("The node had condition: [{}]. ", told.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(pod: &'static str, priority: i64, used: u64, request: u64) -> Candidate<&'static str> {
        let shares = vec![Share { name: "c".to_owned(), used, request }];
        Candidate { pod, priority, shares, volumes: 0 }
    }

    #[test]
    fn a_threshold_is_met_below_it_only() {
        let room = |memory, disk| Room {
            memory: Some(Bound { limit: 1 << 30, used: memory }),
            disk: Some(Bound { limit: 1000, used: disk }),
        };
        assert_eq!(met(&room(924 << 20, 900)), []);
        assert_eq!(met(&Room::default()), []);
        let all = met(&room((924 << 20) + 4096, 901));
        assert_eq!(all.iter().map(|met| met.starved).collect::<Vec<_>>(), [Starved::Memory, Starved::Disk]);
    }

    #[test]
    fn who_uses_more_than_it_asked_for_goes_before_the_less_important() {
        let within = candidate("within", 0, 50, 60);
        let little = candidate("little beyond", 5, 20, 10);
        let much = candidate("far beyond", 5, 90, 10);
        let important = candidate("important", 9, 500, 0);
        let own = candidate("the cluster's own", CRITICAL, 900, 0);
        let name =
            |of: &[&Candidate<&'static str>]| first(of.iter().map(|&one| one.clone()).collect()).map(|one| one.pod);
        assert_eq!(name(&[&within, &little, &much, &important, &own]), Some("far beyond"));
        assert_eq!(name(&[&within, &important, &own]), Some("important"));
        assert_eq!(name(&[&within, &own]), Some("within"));
        assert_eq!(name(&[&own]), None);
        let keeper = Candidate { volumes: 90, ..candidate("keeper of files", 5, 0, 10) };
        assert_eq!(name(&[&within, &little, &keeper]), Some("keeper of files"), "what is in volumes counts");
    }

    #[test]
    fn an_evicted_pod_is_told_what_it_used() {
        let met = Met { starved: Starved::Memory, threshold: LEAST_MEMORY, available: (60 << 20) + 1 };
        let shares = [
            Share { name: "hog".to_owned(), used: 900 << 20, request: 0 },
            Share { name: "calm".to_owned(), used: 1024, request: 4096 },
        ];
        assert_eq!(
            message(&met, &shares, None),
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 60Mi. Container hog was using \
             900Mi, request is 0, has larger consumption of memory. "
        );
        let own = Share { name: "web".to_owned(), used: 900 << 20, request: 64 << 20 };
        let told = message(&met, &[], Some(&own));
        assert!(
            told.ends_with("Pod web was using 900Mi, request is 64Mi, has larger consumption of memory. "),
            "{told}"
        );
        assert_eq!([quantity(1536), quantity(1 << 40), quantity(1025)], ["1536", "1Ti", "1025"]);
    }

    #[test]
    fn pressure_is_told_for_a_while_and_keeps_pods_away() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut seen = Seen::default();
        assert_eq!(seen.refuses("BestEffort", at(0)), None);
        seen.see(Starved::Memory, at(0));
        assert_eq!(seen.refuses("Burstable", at(299)), None);
        assert_eq!(seen.refuses("BestEffort", at(299)).as_deref(), Some("The node had condition: [MemoryPressure]. "));
        assert_eq!(seen.refuses("BestEffort", at(300)), None);
        seen.see(Starved::Disk, at(300));
        assert_eq!(seen.refuses("Guaranteed", at(310)).as_deref(), Some("The node had condition: [DiskPressure]. "));
    }
}
