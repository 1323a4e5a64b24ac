//! The kinds of the remaining groups.

use super::{Awaits, Resource, build::*};

/// `apiregistration.k8s.io/v1`.
pub(super) const APIREGISTRATION_V1: &[Resource<'static>] =
    &[cluster_wide("apiregistration.k8s.io", "v1", "APIService", "apiservices", "apiservice")
        .categories(&["api-extensions"])
        .parts(&[part("status", "APIService", STATUS)])
        .awaits(Awaits::Nothing)];

/// `events.k8s.io/v1`.
pub(super) const EVENTS_V1: &[Resource<'static>] =
    &[namespaced("events.k8s.io", "v1", "Event", "events", "event").short(&["ev"]).stored_as("", "v1")];

/// `authentication.k8s.io/v1`.
pub(super) const AUTHENTICATION_V1: &[Resource<'static>] = &[
    cluster_wide("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", "selfsubjectreview")
        .verbs(CREATE),
    cluster_wide("authentication.k8s.io", "v1", "TokenReview", "tokenreviews", "tokenreview").verbs(CREATE),
];

/// `authorization.k8s.io/v1`.
pub(super) const AUTHORIZATION_V1: &[Resource<'static>] = &[
    namespaced(
        "authorization.k8s.io",
        "v1",
        "LocalSubjectAccessReview",
        "localsubjectaccessreviews",
        "localsubjectaccessreview",
    )
    .verbs(CREATE),
    cluster_wide(
        "authorization.k8s.io",
        "v1",
        "SelfSubjectAccessReview",
        "selfsubjectaccessreviews",
        "selfsubjectaccessreview",
    )
    .verbs(CREATE),
    cluster_wide(
        "authorization.k8s.io",
        "v1",
        "SelfSubjectRulesReview",
        "selfsubjectrulesreviews",
        "selfsubjectrulesreview",
    )
    .verbs(CREATE),
    cluster_wide("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", "subjectaccessreview")
        .verbs(CREATE),
];

/// `certificates.k8s.io/v1`.
pub(super) const CERTIFICATES_V1: &[Resource<'static>] = &[cluster_wide(
    "certificates.k8s.io",
    "v1",
    "CertificateSigningRequest",
    "certificatesigningrequests",
    "certificatesigningrequest",
)
.short(&["csr"])
.parts(&[part("approval", "CertificateSigningRequest", STATUS), part("status", "CertificateSigningRequest", STATUS)])
.awaits(Awaits::Nothing)];

/// `networking.k8s.io/v1`.
pub(super) const NETWORKING_V1: &[Resource<'static>] = &[
    cluster_wide("networking.k8s.io", "v1", "IngressClass", "ingressclasses", "ingressclass").counted(),
    namespaced("networking.k8s.io", "v1", "Ingress", "ingresses", "ingress")
        .short(&["ing"])
        .parts(&[part("status", "Ingress", STATUS)])
        .counted(),
    cluster_wide("networking.k8s.io", "v1", "IPAddress", "ipaddresses", "ipaddress")
        .short(&["ip"])
        .awaits(Awaits::Nothing),
    namespaced("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", "networkpolicy")
        .short(&["netpol"])
        .counted(),
    cluster_wide("networking.k8s.io", "v1", "ServiceCIDR", "servicecidrs", "servicecidr")
        .parts(&[part("status", "ServiceCIDR", STATUS)])
        .awaits(Awaits::Nothing),
];

/// `rbac.authorization.k8s.io/v1`.
pub(super) const RBAC_V1: &[Resource<'static>] = &[
    cluster_wide("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding"),
    cluster_wide("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", "clusterrole"),
    namespaced("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", "rolebinding"),
    namespaced("rbac.authorization.k8s.io", "v1", "Role", "roles", "role"),
];

/// `storage.k8s.io/v1`.
pub(super) const STORAGE_V1: &[Resource<'static>] = &[
    cluster_wide("storage.k8s.io", "v1", "CSIDriver", "csidrivers", "csidriver"),
    cluster_wide("storage.k8s.io", "v1", "CSINode", "csinodes", "csinode"),
    namespaced("storage.k8s.io", "v1", "CSIStorageCapacity", "csistoragecapacities", "csistoragecapacity"),
    cluster_wide("storage.k8s.io", "v1", "StorageClass", "storageclasses", "storageclass").short(&["sc"]),
    cluster_wide("storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", "volumeattachment")
        .parts(&[part("status", "VolumeAttachment", STATUS)])
        .awaits(Awaits::Nothing),
    cluster_wide("storage.k8s.io", "v1", "VolumeAttributesClass", "volumeattributesclasses", "volumeattributesclass")
        .short(&["vac"]),
];

/// `admissionregistration.k8s.io/v1`.
pub(super) const ADMISSIONREGISTRATION_V1: &[Resource<'static>] = &[
    cluster_wide(
        "admissionregistration.k8s.io",
        "v1",
        "MutatingAdmissionPolicy",
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicy",
    )
    .categories(&["api-extensions"])
    .counted()
    .awaits(Awaits::Nothing),
    cluster_wide(
        "admissionregistration.k8s.io",
        "v1",
        "MutatingAdmissionPolicyBinding",
        "mutatingadmissionpolicybindings",
        "mutatingadmissionpolicybinding",
    )
    .categories(&["api-extensions"])
    .counted()
    .awaits(Awaits::Nothing),
    cluster_wide(
        "admissionregistration.k8s.io",
        "v1",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        "mutatingwebhookconfiguration",
    )
    .categories(&["api-extensions"])
    .counted()
    .awaits(Awaits::Nothing),
    cluster_wide(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
        "validatingadmissionpolicy",
    )
    .categories(&["api-extensions"])
    .parts(&[part("status", "ValidatingAdmissionPolicy", STATUS)])
    .counted()
    .awaits(Awaits::Nothing),
    cluster_wide(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        "validatingadmissionpolicybinding",
    )
    .categories(&["api-extensions"])
    .counted()
    .awaits(Awaits::Nothing),
    cluster_wide(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        "validatingwebhookconfiguration",
    )
    .categories(&["api-extensions"])
    .counted()
    .awaits(Awaits::Nothing),
];

/// `apiextensions.k8s.io/v1`.
pub(super) const APIEXTENSIONS_V1: &[Resource<'static>] = &[cluster_wide(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    "customresourcedefinition",
)
.short(&["crd", "crds"])
.categories(&["api-extensions"])
.parts(&[part("status", "CustomResourceDefinition", STATUS)])
.counted()];

/// `scheduling.k8s.io/v1`.
pub(super) const SCHEDULING_V1: &[Resource<'static>] =
    &[cluster_wide("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", "priorityclass")
        .short(&["pc"])
        .counted()];

/// `coordination.k8s.io/v1`.
pub(super) const COORDINATION_V1: &[Resource<'static>] =
    &[namespaced("coordination.k8s.io", "v1", "Lease", "leases", "lease")];

/// `node.k8s.io/v1`.
pub(super) const NODE_V1: &[Resource<'static>] =
    &[cluster_wide("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", "runtimeclass")];

/// `discovery.k8s.io/v1`.
pub(super) const DISCOVERY_V1: &[Resource<'static>] =
    &[namespaced("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", "endpointslice").counted()];

/// `resource.k8s.io/v1`.
pub(super) const RESOURCE_V1: &[Resource<'static>] = &[
    cluster_wide("resource.k8s.io", "v1", "DeviceClass", "deviceclasses", "deviceclass")
        .counted()
        .awaits(Awaits::Nothing),
    namespaced("resource.k8s.io", "v1", "ResourceClaim", "resourceclaims", "resourceclaim")
        .parts(&[part("status", "ResourceClaim", STATUS)])
        .awaits(Awaits::Nothing),
    namespaced("resource.k8s.io", "v1", "ResourceClaimTemplate", "resourceclaimtemplates", "resourceclaimtemplate")
        .awaits(Awaits::Nothing),
    cluster_wide("resource.k8s.io", "v1", "ResourceSlice", "resourceslices", "resourceslice")
        .counted()
        .awaits(Awaits::Nothing),
];

/// `flowcontrol.apiserver.k8s.io/v1`.
pub(super) const FLOWCONTROL_V1: &[Resource<'static>] = &[
    cluster_wide("flowcontrol.apiserver.k8s.io", "v1", "FlowSchema", "flowschemas", "flowschema")
        .parts(&[part("status", "FlowSchema", STATUS)])
        .counted()
        .awaits(Awaits::Nothing),
    cluster_wide(
        "flowcontrol.apiserver.k8s.io",
        "v1",
        "PriorityLevelConfiguration",
        "prioritylevelconfigurations",
        "prioritylevelconfiguration",
    )
    .parts(&[part("status", "PriorityLevelConfiguration", STATUS)])
    .counted()
    .awaits(Awaits::Nothing),
];
