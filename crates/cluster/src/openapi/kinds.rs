//! Asks k8s-openapi for the schema of every kind the registry has.

use std::collections::HashMap;

use k8s_openapi::{
    Resource,
    api::{
        admissionregistration::v1 as admissionregistration, apps::v1 as apps, authentication::v1 as authentication,
        authorization::v1 as authorization, autoscaling::v1 as autoscaling_v1, autoscaling::v2 as autoscaling_v2,
        batch::v1 as batch, certificates::v1 as certificates, coordination::v1 as coordination, core::v1 as core,
        discovery::v1 as discovery, events::v1 as events, flowcontrol::v1 as flowcontrol, networking::v1 as networking,
        node::v1 as node, policy::v1 as policy, rbac::v1 as rbac, resource::v1 as resource,
        scheduling::v1 as scheduling, storage::v1 as storage,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions,
    apimachinery::pkg::apis::meta::v1 as meta,
    kube_aggregator::pkg::apis::apiregistration::v1 as apiregistration,
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

/// Names of definitions by API version and kind.
type Names = HashMap<(String, String), String>;

struct Collector {
    generator: SchemaGenerator,
    names: Names,
}

impl Collector {
    fn kind<T: JsonSchema + Resource>(&mut self) {
        self.generator.subschema_for::<T>();
        self.names.insert((T::API_VERSION.to_owned(), T::KIND.to_owned()), T::schema_name().into_owned());
    }

    fn part<T: JsonSchema>(&mut self) {
        self.generator.subschema_for::<T>();
    }
}

macro_rules! kinds {
    ($collector:ident, $($module:ident: $($kind:ident)+;)+) => {
        $($($collector.kind::<$module::$kind>();)+)+
    };
}

/// All definitions by full name, and which of them are kinds.
pub(super) fn collect() -> (Map<String, Value>, Names) {
    let generator = SchemaSettings::openapi3().into_generator();
    let mut collector = Collector { generator, names: HashMap::new() };
    add_kinds(&mut collector);
    collector.part::<meta::DeleteOptions>();
    let name = meta::DeleteOptions::schema_name().into_owned();
    collector.names.insert(("v1".to_owned(), "DeleteOptions".to_owned()), name);
    collector.part::<meta::Status>();
    (collector.generator.take_definitions(true), collector.names)
}

fn add_kinds(collector: &mut Collector) {
    kinds! { collector,
        core: Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume
            PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount;
        apps: ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet;
        batch: CronJob Job;
        autoscaling_v1: HorizontalPodAutoscaler Scale;
        autoscaling_v2: HorizontalPodAutoscaler;
        policy: Eviction PodDisruptionBudget;
        authentication: SelfSubjectReview TokenRequest TokenReview;
        authorization: LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview;
        certificates: CertificateSigningRequest;
        coordination: Lease;
        discovery: EndpointSlice;
        events: Event;
        flowcontrol: FlowSchema PriorityLevelConfiguration;
        networking: IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR;
        node: RuntimeClass;
        rbac: ClusterRole ClusterRoleBinding Role RoleBinding;
        resource: DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice;
        scheduling: PriorityClass;
        storage: CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass;
        admissionregistration: MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration
            ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration;
        apiextensions: CustomResourceDefinition;
        apiregistration: APIService;
    }
}
