//! The kinds that a check may be about.

/// A kind of object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// `apps/v1`
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// Whether its objects live in no namespace.
    pub cluster_wide: bool,
}

/// Kinds that need no `apiVersion`: their name, their version, whether they live in no namespace.
const KNOWN: &[(&str, &str, bool)] = &[
    ("Pod", "v1", false),
    ("Service", "v1", false),
    ("ConfigMap", "v1", false),
    ("Secret", "v1", false),
    ("ServiceAccount", "v1", false),
    ("PersistentVolumeClaim", "v1", false),
    ("PersistentVolume", "v1", true),
    ("Endpoints", "v1", false),
    ("ResourceQuota", "v1", false),
    ("LimitRange", "v1", false),
    ("Namespace", "v1", true),
    ("Node", "v1", true),
    ("Deployment", "apps/v1", false),
    ("ReplicaSet", "apps/v1", false),
    ("StatefulSet", "apps/v1", false),
    ("DaemonSet", "apps/v1", false),
    ("Job", "batch/v1", false),
    ("CronJob", "batch/v1", false),
    ("EndpointSlice", "discovery.k8s.io/v1", false),
    ("NetworkPolicy", "networking.k8s.io/v1", false),
    ("Ingress", "networking.k8s.io/v1", false),
    ("PodDisruptionBudget", "policy/v1", false),
    ("PriorityClass", "scheduling.k8s.io/v1", true),
    ("StorageClass", "storage.k8s.io/v1", true),
    ("Role", "rbac.authorization.k8s.io/v1", false),
    ("RoleBinding", "rbac.authorization.k8s.io/v1", false),
    ("ClusterRole", "rbac.authorization.k8s.io/v1", true),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", true),
];

impl Kind {
    /// Pods.
    pub fn pod() -> Self {
        Self { api_version: "v1".into(), kind: "Pod".into(), cluster_wide: false }
    }

    /// A kind by its name, whatever its case: `Pod`, `pod`, `configmap`.
    pub fn known(name: &str) -> Option<Self> {
        let found = KNOWN.iter().find(|(kind, ..)| kind.eq_ignore_ascii_case(name));
        found.map(|(kind, version, cluster_wide)| Self {
            api_version: (*version).into(),
            kind: (*kind).into(),
            cluster_wide: *cluster_wide,
        })
    }

    /// Any kind of any version; namespaced, unless it is known not to be.
    pub fn of(api_version: &str, kind: &str) -> Self {
        let cluster_wide = Self::known(kind).is_some_and(|known| known.cluster_wide);
        Self { api_version: api_version.into(), kind: kind.into(), cluster_wide }
    }

    /// The names of the known ones in lower case, as checks use them.
    pub fn names() -> impl Iterator<Item = String> {
        KNOWN.iter().map(|(kind, ..)| kind.to_lowercase())
    }

    /// Whether these are Pods.
    pub fn is_pod(&self) -> bool {
        self.kind == "Pod" && self.api_version == "v1"
    }
}
