//! `describe`: all about an object in words. Each kind has a pure function from the object and what belongs to it to a text.

mod autoscaler;
mod classes;
mod containers;
mod data;
mod events;
mod generic;
mod jobs;
mod limits;
mod network;
mod node;
mod page;
mod pod;
mod policy;
pub mod quantity;
mod requests;
pub mod rules;
mod signing;
mod sources;
mod storage;
mod template;
mod traffic;
mod volumes;
mod workloads;

pub use events::interval;
use jiff::Timestamp;
use serde_json::Value;

/// An object and what is said with it.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The object.
    pub object: &'a Value,
    /// Other objects that the page needs, as [`wanted`] named them.
    pub related: &'a [Value],
    /// Its events; `None` leaves them out.
    pub events: Option<&'a [Value]>,
    /// Now.
    pub now: Timestamp,
}

/// A list of objects that a page needs.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What to list.
    pub resource: &'static str,
    /// Where, if not where the object is.
    pub namespace: Option<String>,
    /// In all namespaces.
    pub everywhere: bool,
    /// Label selector.
    pub selector: Option<String>,
    /// Field selector.
    pub fields: Option<String>,
}

/// What else has to be asked for.
pub fn wanted(object: &Value) -> Vec<Wanted> {
    let name = page::at(object, "/metadata/name");
    let of = |resource: &'static str| Wanted { resource, ..Wanted::default() };
    let selected = |resource: &'static str| Wanted {
        selector: Some(page::selector(object.pointer("/spec/selector"))),
        ..of(resource)
    };
    match page::at(object, "/kind").as_str() {
        "Deployment" => vec![selected("replicasets.apps")],
        "ReplicaSet" | "StatefulSet" | "DaemonSet" => vec![selected("pods")],
        "ReplicationController" => {
            vec![Wanted { selector: Some(workloads::map(object.pointer("/spec/selector"))), ..of("pods") }]
        }
        "Service" => vec![Wanted {
            selector: Some(format!("kubernetes.io/service-name={name}")),
            ..of("endpointslices.discovery.k8s.io")
        }],
        "PersistentVolumeClaim" => vec![of("pods")],
        "HorizontalPodAutoscaler" if at_version(object, "autoscaling/v1") => vec![Wanted {
            fields: Some(format!("metadata.name={name}")),
            ..of("horizontalpodautoscalers.v2.autoscaling")
        }],
        "Ingress" => vec![of("services"), of("endpointslices.discovery.k8s.io")],
        "Namespace" => {
            let inside = |resource| Wanted { namespace: Some(name.clone()), ..of(resource) };
            vec![inside("resourcequotas"), inside("limitranges")]
        }
        "Node" => vec![
            Wanted {
                fields: Some(format!("spec.nodeName={name},status.phase!=Succeeded,status.phase!=Failed")),
                everywhere: true,
                ..of("pods")
            },
            Wanted {
                namespace: Some("kube-node-lease".to_owned()),
                fields: Some(format!("metadata.name={name}")),
                ..of("leases.coordination.k8s.io")
            },
            Wanted {
                fields: Some(format!("spec.nodeName={name}")),
                everywhere: true,
                ..of("resourceslices.resource.k8s.io")
            },
        ],
        _ => Vec::new(),
    }
}

fn at_version(object: &Value, version: &str) -> bool {
    page::at(object, "/apiVersion") == version
}

/// The text about an object.
pub fn text(subject: &Subject<'_>) -> String {
    let kind = subject.object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let group = subject
        .object
        .get("apiVersion")
        .and_then(Value::as_str)
        .and_then(|version| version.split_once('/'))
        .map_or("", |(group, _)| group);
    match (group, kind) {
        ("", "Pod") => pod::describe(subject),
        ("", "Node") => node::describe(subject),
        ("", "Namespace") => limits::namespace(subject),
        ("", "ResourceQuota") => limits::quota(subject),
        ("", "LimitRange") => limits::limit_range(subject),
        ("", "ConfigMap") => data::config_map(subject),
        ("", "Secret") => data::secret(subject),
        ("", "ServiceAccount") => data::service_account(subject),
        ("", "Service") => network::service(subject),
        ("", "Endpoints") => network::endpoints(subject),
        ("discovery.k8s.io", "EndpointSlice") => network::endpoint_slice(subject),
        ("apps", "Deployment") => workloads::deployment(subject),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => workloads::replica_set(subject),
        ("apps", "StatefulSet") => workloads::stateful_set(subject),
        ("apps", "DaemonSet") => workloads::daemon_set(subject),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => policy::role(subject),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => policy::binding(subject),
        ("policy", "PodDisruptionBudget") => policy::disruption_budget(subject),
        ("scheduling.k8s.io", "PriorityClass") => policy::priority_class(subject),
        ("networking.k8s.io", "NetworkPolicy") => traffic::policy(subject),
        ("networking.k8s.io", "Ingress") => traffic::ingress(subject),
        ("networking.k8s.io", "IngressClass") => classes::ingress_class(subject),
        ("networking.k8s.io", "ServiceCIDR") => classes::service_cidr(subject),
        ("networking.k8s.io", "IPAddress") => classes::address(subject),
        ("storage.k8s.io", "StorageClass") => storage::class(subject),
        ("storage.k8s.io", "CSINode") => classes::csi_node(subject),
        ("storage.k8s.io", "VolumeAttributesClass") => classes::volume_attributes(subject),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler::describe(subject),
        ("", "PersistentVolume") => storage::volume(subject),
        ("", "PersistentVolumeClaim") => storage::claim(subject),
        ("certificates.k8s.io", "CertificateSigningRequest") => signing::describe(subject),
        ("batch", "Job") => jobs::job(subject),
        ("batch", "CronJob") => jobs::cron_job(subject),
        _ => generic::describe(subject),
    }
}

/// The text about a Pod template with tabs where columns would be: `rollout history` does not lay it out.
pub fn raw_pod_template(template: &Value) -> String {
    let mut page = page::Page::default();
    template::add(&mut page, template);
    page.unaligned()
}

/// The text about a Pod template alone.
pub fn pod_template(template: &Value) -> String {
    let mut page = page::Page::default();
    template::add(&mut page, template);
    page.finish()
}

#[cfg(test)]
mod tests;
