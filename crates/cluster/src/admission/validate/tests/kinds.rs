//! Kinds other than Pods, in the API server's words as its own sources have them (pkg/apis/*/validation).

use super::*;

fn object(api_version: &str, kind: &str, body: Value) -> Value {
    let mut object = body;
    object["apiVersion"] = api_version.into();
    object["kind"] = kind.into();
    if object["metadata"].is_null() {
        object["metadata"] = json!({"name": "a", "namespace": "default"});
    }
    object
}

#[test]
fn ingresses() {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let good = json!({"spec": {"rules": [{"host": "*.example.com", "http": {"paths": [
        {"path": "/", "pathType": "Prefix", "backend": backend}]}}]}});
    assert_eq!(verdict(object("networking.k8s.io/v1", "Ingress", good)), "");
    insta::assert_snapshot!(verdict(object("networking.k8s.io/v1", "Ingress", json!({"spec": {}}))), @r#"
    The Ingress "a" is invalid: spec: Invalid value: null: either `defaultBackend` or `rules` must be specified
    "#);
    let odd = json!({"spec": {"defaultBackend": {}, "ingressClassName": "Nginx", "tls": [{"hosts": ["A"]}], "rules": [
        {"host": "10.0.0.1", "http": {"paths": []}},
        {"host": "a*.b", "http": {"paths": [
            {"path": "x", "backend": backend}, {"path": "x//y", "pathType": "Exact", "backend": {"service": {"name": "", "port": {}}}},
            {"path": "x", "pathType": "Regex", "backend": {"service": {"name": "w", "port": {"number": 1, "name": "b"}}}},
        ]}},
    ]}});
    insta::assert_snapshot!(verdict(object("networking.k8s.io/v1", "Ingress", odd)), @r#"
    The Ingress "a" is invalid:
    * spec.defaultBackend: Invalid value: "": resource or service backend is required
    * spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address
    * spec.rules[0].http.paths: Required value
    * spec.rules[1].host: Invalid value: "a*.b": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
    * spec.rules[1].http.paths[0].pathType: Required value: pathType must be specified
    * spec.rules[1].http.paths[1].path: Invalid value: "x//y": must be an absolute path
    * spec.rules[1].http.paths[1].path: Invalid value: "x//y": must not contain '//'
    * spec.rules[1].http.paths[1].backend.service.name: Required value
    * spec.rules[1].http.paths[1].backend: Required value: port name or number is required
    * spec.rules[1].http.paths[2].pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"
    * spec.rules[1].http.paths[2].backend: Invalid value: "": cannot set both port name & port number
    * spec.tls[0].hosts[0]: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
    * spec.ingressClassName: Invalid value: "Nginx": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
    "#);
}

#[test]
fn network_policies() {
    let odd = json!({"spec": {"podSelector": {}, "policyTypes": ["Both"], "ingress": [{
        "ports": [{"protocol": "HTTP", "port": 0}, {"port": "web", "endPort": 90}, {"port": 90, "endPort": 80}, {"endPort": 1}],
        "from": [{}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16", "10.1.0.0/16", "x"]}, "podSelector": {}}, {"ipBlock": {}}],
    }]}});
    insta::assert_snapshot!(verdict(object("networking.k8s.io/v1", "NetworkPolicy", odd)), @r#"
    The NetworkPolicy "a" is invalid:
    * spec.ingress[0].ports[0].protocol: Unsupported value: "HTTP": supported values: "TCP", "UDP", "SCTP"
    * spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive
    * spec.ingress[0].ports[1].endPort: Invalid value: 90: may not be specified when `port` is non-numeric
    * spec.ingress[0].ports[2].endPort: Invalid value: 90: must be greater than or equal to `port`
    * spec.ingress[0].ports[3].endPort: Invalid value: 1: may not be specified when `port` is not specified
    * spec.ingress[0].from[0]: Required value: must specify a peer
    * spec.ingress[0].from[1].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`
    * spec.ingress[0].from[1].ipBlock.except[2]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)
    * spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer
    * spec.ingress[0].from[2].ipBlock.cidr: Required value
    * spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"
    "#);
}

#[test]
fn roles_and_bindings() {
    let role = json!({"rules": [{"verbs": []}, {"verbs": ["get"], "nonResourceURLs": ["/x"]}]});
    insta::assert_snapshot!(verdict(object("rbac.authorization.k8s.io/v1", "Role", role)), @r#"
    The Role "a" is invalid:
    * rules[0].verbs: Required value: verbs must contain at least one value
    * rules[0].apiGroups: Required value: resource rules must supply at least one api group
    * rules[0].resources: Required value: resource rules must supply at least one resource
    * rules[1].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs
    "#);
    let binding = json!({"roleRef": {"kind": "User", "name": "a/b"}, "subjects": [
        {"kind": "ServiceAccount", "name": "x"}, {"kind": "Robot", "name": ""}, {"kind": "User", "name": "u", "apiGroup": "x"}]});
    insta::assert_snapshot!(verdict(object("rbac.authorization.k8s.io/v1", "RoleBinding", binding.clone())), @r#"
    The RoleBinding "a" is invalid:
    * roleRef.kind: Unsupported value: "User": supported values: "Role", "ClusterRole"
    * roleRef.name: Invalid value: "a/b": may not contain '/'
    * subjects[1].name: Required value
    * subjects[1].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"
    * subjects[2].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"
    "#);
    insta::assert_snapshot!(verdict(object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", binding)), @r#"
    The ClusterRoleBinding "a" is invalid:
    * roleRef.kind: Unsupported value: "User": supported values: "ClusterRole"
    * roleRef.name: Invalid value: "a/b": may not contain '/'
    * subjects[0].namespace: Required value
    * subjects[1].name: Required value
    * subjects[1].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"
    * subjects[2].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"
    "#);
}

#[test]
fn storage() {
    let volume = json!({"metadata": {"name": "a"}, "spec": {"capacity": {"cpu": "1"}, "accessModes": ["Many"], "storageClassName": "A", "volumeMode": "Tape"}});
    insta::assert_snapshot!(verdict(object("v1", "PersistentVolume", volume)), @r#"
    The PersistentVolume "a" is invalid:
    * spec.accessModes: Unsupported value: "Many": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"
    * spec.capacity: Unsupported value: {"cpu":"1"}: supported values: "storage"
    * spec: Required value: must specify a volume type
    * spec.storageClassName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
    * spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"
    "#);
    let good = json!({"metadata": {"name": "a"}, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/d"}}});
    assert_eq!(verdict(object("v1", "PersistentVolume", good)), "");
    insta::assert_snapshot!(verdict(object("storage.k8s.io/v1", "StorageClass", json!({"metadata": {"name": "a"}, "reclaimPolicy": "Keep"}))), @r#"
    The StorageClass "a" is invalid:
    * provisioner: Required value
    * reclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Retain"
    "#);
}

#[test]
fn budgets_quotas_and_ranges() {
    let budget =
        json!({"spec": {"minAvailable": "150%", "maxUnavailable": -1, "selector": {"matchLabels": {"a": "b"}}}});
    insta::assert_snapshot!(verdict(object("policy/v1", "PodDisruptionBudget", budget)), @r#"
    The PodDisruptionBudget "a" is invalid:
    * spec: Invalid value: {"MinAvailable":"150%","Selector":{"matchLabels":{"a":"b"}},"MaxUnavailable":-1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set
    * spec.minAvailable: Invalid value: "150%": must not be greater than 100%
    * spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0
    "#);
    let quota = json!({"spec": {"hard": {"pods": "1.5", "widgets": "1", "services": "2"}, "scopes": ["BestEffort", "NotBestEffort", "Some"]}});
    insta::assert_snapshot!(verdict(object("v1", "ResourceQuota", quota)), @r#"
    The ResourceQuota "a" is invalid:
    * spec.hard[pods]: Invalid value: "1500m": must be an integer
    * spec.hard[widgets]: Invalid value: "widgets": must be a standard resource type or fully qualified
    * spec.hard[widgets]: Invalid value: "widgets": must be a standard resource for quota
    * spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Some"]: unsupported scope applied to resource
    * spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Some"]: unsupported scope applied to resource
    * spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Some"]: unsupported scope
    * spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Some"]: conflicting scopes
    "#);
    let range = json!({"spec": {"limits": [{"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}, "maxLimitRequestRatio": {"memory": "500m"}}]}});
    insta::assert_snapshot!(verdict(object("v1", "LimitRange", range)), @r#"
    The LimitRange "a" is invalid:
    * spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1
    * spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1
    * spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1
    * spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: "500m": ratio 500m is less than 1
    "#);
}

#[test]
fn jobs_that_fail_in_odd_ways() {
    let template = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b"}]}});
    let job = json!({"spec": {"template": template, "maxFailedIndexes": 1, "podFailurePolicy": {"rules": [
        {"action": "Stop", "onExitCodes": {"containerName": "z", "operator": "In", "values": [3, 0, 3]}},
        {"onPodConditions": [{"type": "DisruptionTarget"}]}, {"action": "FailIndex"},
    ]}}});
    insta::assert_snapshot!(verdict(object("batch/v1", "Job", job)), @r#"
    The Job "a" is invalid:
    * spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified
    * spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode
    * spec.podFailurePolicy.rules[0].action: Unsupported value: "Stop": supported values: "Count", "FailIndex", "FailJob", "Ignore"
    * spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "z": must be one of the container or initContainer names in the pod template
    * spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator
    * spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3
    * spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered
    * spec.podFailurePolicy.rules[1].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]
    * spec.podFailurePolicy.rules[2].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set
    * spec.podFailurePolicy.rules[2]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required
    "#);
    let cron = json!({"spec": {"schedule": "TZ=UTC 0 0 * * *", "timeZone": "Mars/Base", "concurrencyPolicy": "Maybe",
        "jobTemplate": {"spec": {"template": template, "manualSelector": true, "selector": {"matchLabels": {"a": "b"}}}}}});
    insta::assert_snapshot!(verdict(object("batch/v1", "CronJob", cron)), @r#"
    The CronJob "a" is invalid:
    * spec.schedule: Invalid value: "TZ=UTC 0 0 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead
    * spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base
    * spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"
    * spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated
    * spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"
    "#);
}

#[test]
fn sets_and_services() {
    let labels = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "b"}]}});
    let set = json!({"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": labels, "replicas": -1, "podManagementPolicy": "Any",
        "updateStrategy": {"type": "Sometimes"}, "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Keep"}}});
    insta::assert_snapshot!(verdict(object("apps/v1", "StatefulSet", set)), @r#"
    The StatefulSet "a" is invalid:
    * spec.podManagementPolicy: Invalid value: "Any": must be 'OrderedReady' or 'Parallel'
    * spec.updateStrategy: Invalid value: {"Type":"Sometimes","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete'
    * spec.replicas: Invalid value: -1: must be greater than or equal to 0
    * spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"
    "#);
    let service = json!({"spec": {"type": "ClusterIP", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"], "ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b", "nodePort": 30000}]}});
    insta::assert_snapshot!(verdict(object("v1", "Service", service)), @r#"
    The Service "a" is invalid:
    * spec.ports[1].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'
    * spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}
    "#);
    let secret = json!({"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "abc"}});
    insta::assert_snapshot!(verdict(object("v1", "Secret", secret)), @r#"The Secret "a" is invalid: data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character 'a' looking for beginning of value"#);
    let endpoints = json!({"subsets": [{"addresses": [{"ip": "127.0.0.1"}, {"ip": "x"}], "ports": [{"port": 0}]}, {}]});
    insta::assert_snapshot!(verdict(object("v1", "Endpoints", endpoints)), @r#"
    The Endpoints "a" is invalid:
    * subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)
    * subsets[0].addresses[1].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
    * subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive
    * subsets[1]: Required value: must specify `addresses` or `notReadyAddresses`
    "#);
}

#[test]
fn replication_controllers() {
    let template =
        json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "a"}]}});
    let good = object("v1", "ReplicationController", json!({"spec": {"template": template}}));
    assert_eq!(verdict(good), "");
    let empty = object("v1", "ReplicationController", json!({"spec": {"replicas": -1}}));
    insta::assert_snapshot!(verdict(empty), @r#"
    The ReplicationController "a" is invalid:
    * spec.selector: Required value
    * spec.replicas: Invalid value: -1: must be greater than or equal to 0
    * spec.template: Required value
    "#);
    let mut other = template.clone();
    other["spec"]["restartPolicy"] = "Never".into();
    let other = json!({"spec": {"selector": {"app": "db"}, "template": other}});
    insta::assert_snapshot!(verdict(object("v1", "ReplicationController", other)), @r#"
    The ReplicationController "a" is invalid:
    * spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`
    * spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"
    "#);
}
