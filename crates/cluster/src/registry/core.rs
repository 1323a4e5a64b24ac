//! The kinds of the core group, in the order discovery lists them.

use super::{Resource, build::*};

/// The core group.
pub(super) const CORE: &[Resource<'static>] =
    &[
        namespaced("", "v1", "Binding", "bindings", "binding").verbs(CREATE),
        cluster_wide("", "v1", "ComponentStatus", "componentstatuses", "componentstatus").verbs(READ).short(&["cs"]),
        namespaced("", "v1", "ConfigMap", "configmaps", "configmap").short(&["cm"]),
        namespaced("", "v1", "Endpoints", "endpoints", "endpoints").short(&["ep"]),
        namespaced("", "v1", "Event", "events", "event").short(&["ev"]),
        namespaced("", "v1", "LimitRange", "limitranges", "limitrange").short(&["limits"]),
        cluster_wide("", "v1", "Namespace", "namespaces", "namespace")
            .verbs(NO_COLLECTION)
            .short(&["ns"])
            .parts(&[part("finalize", "Namespace", UPDATE), part("status", "Namespace", STATUS)]),
        cluster_wide("", "v1", "Node", "nodes", "node")
            .short(&["no"])
            .parts(&[part("proxy", "NodeProxyOptions", PROXY), part("status", "Node", STATUS)]),
        namespaced("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim")
            .short(&["pvc"])
            .parts(&[part("status", "PersistentVolumeClaim", STATUS)]),
        cluster_wide("", "v1", "PersistentVolume", "persistentvolumes", "persistentvolume")
            .short(&["pv"])
            .parts(&[part("status", "PersistentVolume", STATUS)]),
        namespaced("", "v1", "Pod", "pods", "pod")
            .short(&["po"])
            .categories(&["all"])
            .parts(&[
                part("attach", "PodAttachOptions", CONNECT),
                part("binding", "Binding", CREATE),
                part("ephemeralcontainers", "Pod", STATUS),
                part("eviction", "Eviction", CREATE).speaks("policy", "v1"),
                part("exec", "PodExecOptions", CONNECT),
                part("log", "Pod", GET),
                part("portforward", "PodPortForwardOptions", CONNECT),
                part("proxy", "PodProxyOptions", PROXY),
                part("resize", "Pod", STATUS),
                part("status", "Pod", STATUS),
            ])
            .counted(),
        namespaced("", "v1", "PodTemplate", "podtemplates", "podtemplate").counted(),
        namespaced("", "v1", "ReplicationController", "replicationcontrollers", "replicationcontroller")
            .short(&["rc"])
            .categories(&["all"])
            .parts(&[
                part("scale", "Scale", STATUS).speaks("autoscaling", "v1"),
                part("status", "ReplicationController", STATUS),
            ])
            .counted(),
        namespaced("", "v1", "ResourceQuota", "resourcequotas", "resourcequota").short(&["quota"]).parts(&[part(
            "status",
            "ResourceQuota",
            STATUS,
        )]),
        namespaced("", "v1", "Secret", "secrets", "secret"),
        namespaced("", "v1", "ServiceAccount", "serviceaccounts", "serviceaccount").short(&["sa"]).parts(&[part(
            "token",
            "TokenRequest",
            CREATE,
        )
        .speaks("authentication.k8s.io", "v1")]),
        namespaced("", "v1", "Service", "services", "service")
            .short(&["svc"])
            .categories(&["all"])
            .parts(&[part("proxy", "ServiceProxyOptions", PROXY), part("status", "Service", STATUS)]),
    ];
