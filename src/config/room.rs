//! How much fits into one embedded sandbox.

use clap::Args;
use podyard_cluster::{DEFAULT_MAX_OBJECTS, DEFAULT_MAX_PODS};

/// The most Pods that a node may be said to take: all nodes' addresses together are a /16.
const MOST_PODS: i64 = 2000;

/// How much fits into one embedded sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct Room {
    /// How many Pods a node of an embedded sandbox takes, as the kubelet's maxPods; its podCIDR grows with it
    #[arg(
        long = "max-pods",
        env = "PODYARD_MAX_PODS",
        default_value_t = DEFAULT_MAX_PODS,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u16).range(1..=MOST_PODS)
    )]
    pub pods: u16,
    /// How many objects an embedded sandbox holds, Events among them
    #[arg(
        long = "max-objects",
        env = "PODYARD_MAX_OBJECTS",
        default_value_t = DEFAULT_MAX_OBJECTS as u64,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u64).range(100..=1_000_000)
    )]
    pub objects: u64,
    /// How many nodes an embedded sandbox has, all of them this machine: with more than one, the first keeps Pods away
    #[arg(
        long,
        env = "PODYARD_NODES",
        default_value_t = 1,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u8).range(1..=10)
    )]
    pub nodes: u8,
}

impl Default for Room {
    fn default() -> Self {
        Self { pods: DEFAULT_MAX_PODS, objects: DEFAULT_MAX_OBJECTS as u64, nodes: 1 }
    }
}
