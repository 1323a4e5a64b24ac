//! What a provider's sandboxes can do beyond what every lesson may count on: Pods in a namespace of one's own.

use std::{collections::BTreeSet, fmt};

use crate::config::{KubernetesSettings, PodSecurity, SandboxKind};

/// Something that not every sandbox can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Objects outside of the learner's namespace: nodes are seen, namespaces are made.
    ClusterScope,
    /// Pods reach what lies outside of the cluster.
    Egress,
    /// `kubectl top`.
    Metrics,
    /// Learners make NetworkPolicies, and they are enforced.
    NetworkPolicy,
    /// Containers may run as root.
    Root,
}

impl Capability {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 5] = [Self::ClusterScope, Self::Egress, Self::Metrics, Self::NetworkPolicy, Self::Root];

    /// As lessons call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterScope => "cluster-scope",
            Self::Egress => "egress",
            Self::Metrics => "metrics",
            Self::NetworkPolicy => "network-policy",
            Self::Root => "root",
        }
    }
}

/// What the sandboxes of one provider can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// How many nodes the learner sees.
    pub nodes: usize,
    has: BTreeSet<Capability>,
}

impl Capabilities {
    /// Of embedded clusters with so many nodes: nothing leads out of them.
    pub fn embedded(nodes: usize, metrics: bool) -> Self {
        let has = [Capability::ClusterScope, Capability::NetworkPolicy, Capability::Root];
        Self { nodes, has: has.into() }.with(Capability::Metrics, metrics)
    }

    /// Of kind clusters with so many nodes. kind brings no metrics server.
    pub fn kind(nodes: usize) -> Self {
        let lacks = |capability: &Capability| *capability == Capability::Metrics;
        Self { nodes, has: Capability::ALL.into_iter().filter(|capability| !lacks(capability)).collect() }
    }

    /// Of namespaces in a cluster that has a metrics server, or none: the learner sees nothing outside of theirs.
    pub fn kubernetes(settings: &KubernetesSettings, metrics: bool) -> Self {
        Self { nodes: 0, has: BTreeSet::new() }
            .with(Capability::Metrics, metrics)
            .with(Capability::Egress, settings.egress)
            .with(Capability::Root, settings.security != PodSecurity::Restricted)
    }

    /// Of a provider that is started without any flags, in a cluster that has no more than it must.
    pub fn usual(kind: SandboxKind) -> Self {
        match kind {
            SandboxKind::Embedded => Self::embedded(1, true),
            SandboxKind::Kind => Self::kind(1),
            SandboxKind::Kubernetes => Self { nodes: 0, has: [Capability::Root].into() },
        }
    }

    fn with(mut self, capability: Capability, has: bool) -> Self {
        if has {
            self.has.insert(capability);
        }
        self
    }

    /// Whether they can do what lessons call by this name.
    pub fn can(&self, name: &str) -> bool {
        self.has.iter().any(|capability| capability.name() == name)
    }
}

/// `nodes: 1; cluster-scope, metrics; not egress`
impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |has: bool| {
            let all = Capability::ALL.into_iter().filter(|capability| self.has.contains(capability) == has);
            all.map(Capability::name).collect::<Vec<_>>().join(", ")
        };
        let (has, lacks) = (names(true), names(false));
        write!(f, "nodes: {}", self.nodes)?;
        if !has.is_empty() {
            write!(f, "; {has}")?;
        }
        if !lacks.is_empty() {
            write!(f, "; not {lacks}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_say_what_they_can_and_what_they_cannot() {
        let said = [SandboxKind::Embedded, SandboxKind::Kind, SandboxKind::Kubernetes].map(Capabilities::usual);
        insta::assert_snapshot!(said.map(|said| said.to_string()).join("\n"), @r"
        nodes: 1; cluster-scope, metrics, network-policy, root; not egress
        nodes: 1; cluster-scope, egress, network-policy, root; not metrics
        nodes: 0; root; not cluster-scope, egress, metrics, network-policy
        ");
    }
}
