//! Held against what the real cluster answered.

mod kinds;
mod resize;

use serde_json::{Value, json};

use super::*;
use crate::{admission::default_object, registry};

/// What the API server would say of a manifest, as kubectl prints it: nothing, one line, or a list.
fn verdict(mut object: Value) -> String {
    let resource =
        registry::find_kind(object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap()).unwrap();
    default_object(resource, &mut object);
    if let Some(base) = object["metadata"]["generateName"].as_str() {
        object["metadata"]["name"] = json!(format!("{base}vt7sd"));
    }
    if resource.kind == "Job" {
        object["spec"]["selector"] = json!({});
    }
    let errors: Vec<String> = validate_create(resource, &object).iter().map(ToString::to_string).collect();
    let name = object["metadata"]["name"].as_str().unwrap_or("");
    match errors.as_slice() {
        [] => String::new(),
        [one] => format!("The {} \"{name}\" is invalid: {one}\n", resource.kind),
        several => {
            let lines: String = several.iter().map(|line| format!("* {line}\n")).collect();
            format!("The {} \"{name}\" is invalid:\n{lines}", resource.kind)
        }
    }
}

/// Every manifest of a scenario that the real API server refused as invalid is refused in the same words here, and what
/// it created is fine here.
fn agrees_with(scenario: &str) -> usize {
    let path = format!("{}/tests/transcripts/{scenario}.yaml", env!("CARGO_MANIFEST_DIR"));
    let scenario: Value = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut compared = 0;
    for step in scenario["steps"].as_array().unwrap() {
        let words: Vec<&str> = step["run"].as_str().unwrap_or("").split_whitespace().collect();
        let ["kubectl", "apply" | "create", "-f", file, ..] = words.as_slice() else { continue };
        let (err, out) = (step["err"].as_str().unwrap_or(""), step["out"].as_str().unwrap_or(""));
        let object: Value = serde_yaml::from_str(scenario["files"][file].as_str().unwrap()).unwrap();
        if err.starts_with("The ") && err.contains(" is invalid:") {
            same_words(&verdict(object), err, file);
            compared += 1;
        } else if out.trim_end().ends_with(" created") {
            assert_eq!(verdict(object), "", "{file}");
            compared += 1;
        }
    }
    compared
}

fn same_words(ours: &str, theirs: &str, file: &str) {
    assert!(ours == theirs, "{file}\nours:\n{ours}\ntheirs:\n{theirs}");
}

#[test]
fn recorded_refusals_are_spoken_word_for_word() {
    let expected = [
        ("enums", 4),
        ("env-and-volumes", 4),
        ("missing-fields", 7),
        ("names", 7),
        ("quantities", 4),
        ("immutable", 3),
        ("job", 3),
    ];
    for (scenario, least) in expected {
        let compared = agrees_with(scenario);
        assert!(compared >= least, "{scenario}: only {compared} manifests were compared");
    }
}

fn pod(spec: Value) -> Value {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec});
    if pod["spec"]["containers"].is_null() {
        pod["spec"]["containers"] = json!([{"name": "a", "image": "busybox"}]);
    }
    pod
}

#[test]
fn pod_fields_beyond_the_recordings() {
    let spec = json!({
        "hostname": "Up", "subdomain": "a.b", "nodeSelector": {"a b": "c"}, "dnsPolicy": "None",
        "tolerations": [{"key": "k", "operator": "Is"}, {"value": "v"}, {"key": "k", "effect": "NoSchedule", "tolerationSeconds": 1}],
        "securityContext": {"runAsUser": -1, "seccompProfile": {"type": "Localhost"}},
        "hostAliases": [{"ip": "x", "hostnames": ["y_z"]}],
        "topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "", "whenUnsatisfiable": "Never"}],
        "schedulingGates": [{"name": "x"}, {"name": "x"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}},
        "initContainers": [{"name": "i", "image": "b", "livenessProbe": {"exec": {"command": ["a"]}}}],
    });
    insta::assert_snapshot!(verdict(pod(spec)), @r##"
The Pod "a" is invalid:
* spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always
* spec.nodeSelector: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
* spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive
* spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost
* spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term
* spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None
* spec.schedulingGates[1]: Duplicate value: "x"
* spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero
* spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty
* spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"
* spec.hostname: Invalid value: "Up": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
* spec.subdomain: Invalid value: "a.b": must not contain dots
* spec.tolerations[0].operator: Unsupported value: "Is": supported values: "Equal", "Exists", "Lt", "Gt"
* spec.tolerations[1].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"
* spec.tolerations[2].effect: Invalid value: "NoSchedule": effect must be 'NoExecute' when `tolerationSeconds` is set
* spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
* spec.hostAliases[0].hostnames[0]: Invalid value: "y_z": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
"##);
}

#[test]
fn containers_beyond_the_recordings() {
    let container = json!({
        "name": "a", "image": " busybox ",
        "lifecycle": {"preStop": {"sleep": {"seconds": 60}}, "postStart": {}},
        "livenessProbe": {"httpGet": {"port": "too-long-a-port-name"}, "successThreshold": 2},
        "resources": {"limits": {"example.com/gpu": "1.5", "cpu": "-1"}},
        "securityContext": {"privileged": true, "allowPrivilegeEscalation": false},
        "envFrom": [{}], "volumeMounts": [{"name": "v", "mountPath": "/a", "subPath": "../b"}],
    });
    insta::assert_snapshot!(verdict(pod(json!({"containers": [container], "volumes": [{"name": "v", "emptyDir": {}}]}))), @r##"
The Pod "a" is invalid:
* spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`
* spec.containers[0].volumeMounts.subPath: Invalid value: "../b": must not contain '..'
* spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0
* spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "1500m": must be an integer
* spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0
* spec.containers[0].resources.requests[example.com/gpu]: Invalid value: "1500m": must be an integer
* spec.containers[0].securityContext: Invalid value: {"allowPrivilegeEscalation":false,"privileged":true}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true
* spec.containers[0].lifecycle.postStart: Required value: must specify a handler type
* spec.containers[0].lifecycle.preStop.sleep: Invalid value: 60: must be non-negative and less than terminationGracePeriodSeconds (30)
* spec.containers[0].livenessProbe.httpGet.port: Invalid value: "too-long-a-port-name": must be no more than 15 characters
* spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1
* spec.containers[0].image: Invalid value: " busybox ": must not have leading or trailing whitespace
"##);
}

#[test]
fn other_kinds() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "1_a"}, "spec": {"type": "Cluster",
        "ports": [{"port": 0}, {"port": 80, "name": "a", "protocol": "HTTP"}, {"port": 80, "name": "a"}]}});
    insta::assert_snapshot!(verdict(service), @r##"
The Service "1_a" is invalid:
* metadata.name: Invalid value: "1_a": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
* spec.ports[0].name: Required value
* spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive
* spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive
* spec.ports[1].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"
* spec.ports[2].name: Duplicate value: "a"
* spec.type: Unsupported value: "Cluster": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"
"##);
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"replicas": -1,
        "selector": {"matchLabels": {"app": "a"}}, "strategy": {"type": "Recreate", "rollingUpdate": {}},
        "template": {"metadata": {"labels": {"app": "b"}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "c"}]}}}});
    insta::assert_snapshot!(verdict(deployment), @r##"
The Deployment "d" is invalid:
* spec.replicas: Invalid value: -1: must be greater than or equal to 0
* spec.template.metadata.labels: Invalid value: {"app":"b"}: `selector` does not match template `labels`
* spec.template.spec.containers[0].image: Required value
* spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"
* spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'
"##);
    let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": {"schedule": "every day",
        "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}}}});
    insta::assert_snapshot!(verdict(cron), @r##"The CronJob "c" is invalid: spec.schedule: Invalid value: "every day": expected exactly 5 fields, found 2: [every day]"##);
    let range = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": {"limits": [
        {"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1", "disk": "1"}}]}});
    insta::assert_snapshot!(verdict(range), @r#"
    The LimitRange "l" is invalid:
    * spec.limits[0].max[disk]: Invalid value: "disk": must be a standard resource type or fully qualified
    * spec.limits[0].max[disk]: Invalid value: "disk": must be a standard resource for containers
    * spec.limits[0].default[disk]: Invalid value: "disk": must be a standard resource type or fully qualified
    * spec.limits[0].default[disk]: Invalid value: "disk": must be a standard resource for containers
    * spec.limits[0].defaultRequest[disk]: Invalid value: "disk": must be a standard resource type or fully qualified
    * spec.limits[0].defaultRequest[disk]: Invalid value: "disk": must be a standard resource for containers
    * spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1
    * spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1
    * spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1
    "#);
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "p"}, "spec": {"accessModes": ["Often"]}});
    insta::assert_snapshot!(verdict(claim), @r##"
The PersistentVolumeClaim "p" is invalid:
* spec.accessModes: Unsupported value: "Often": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"
* spec.resources[storage]: Required value
"##);
}

fn update(old: Value, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let resource = registry::find_kind(old["apiVersion"].as_str().unwrap(), old["kind"].as_str().unwrap()).unwrap();
    let mut old = old;
    default_object(resource, &mut old);
    let mut new = old.clone();
    change(&mut new);
    validate_update(resource, &old, &new).iter().map(ToString::to_string).collect()
}

/// `errors/immutable-pod.yaml`, `wire/error-422-immutable.json`
#[test]
fn little_may_change_on_a_pod() {
    let a = || pod(json!({}));
    assert!(update(a(), |pod| pod["spec"]["containers"][0]["image"] = json!("nginx")).is_empty());
    assert!(update(a(), |pod| pod["metadata"]["labels"] = json!({"a": "b"})).is_empty());
    let added = update(a(), |pod| {
        pod["spec"]["containers"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "b", "image": "x", "imagePullPolicy": "Always",
            "terminationMessagePolicy": "File"}));
    });
    insta::assert_snapshot!(added.join("\n"), @"spec.containers: Forbidden: pod updates may not add or remove containers");
    insta::assert_snapshot!(update(a(), |pod| pod["spec"]["restartPolicy"] = json!("Never")).join("\n"), @r##"
spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)
@@ -35,7 +35,7 @@
   }
  ],
  "EphemeralContainers": null,
- "RestartPolicy": "Always",
+ "RestartPolicy": "Never",
  "TerminationGracePeriodSeconds": 30,
  "ActiveDeadlineSeconds": null,
  "DNSPolicy": "ClusterFirst",
"##);
    let tolerations = update(pod(json!({"tolerations": [{"key": "a", "operator": "Exists"}]})), |pod| {
        pod["spec"]["tolerations"] = json!([]);
    });
    insta::assert_snapshot!(tolerations.join("\n"), @r##"spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"##);
}

/// `config/immutable.yaml`
#[test]
fn what_is_immutable_stays() {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fixed"}, "immutable": true, "data": {"a": "1"}});
    let changed = update(map, |map| {
        map["data"]["a"] = json!("2");
        map["immutable"] = json!(false);
    });
    insta::assert_snapshot!(changed.join("\n"), @r"
    immutable: Forbidden: field is immutable when `immutable` is set
    data: Forbidden: field is immutable when `immutable` is set
    ");
}
