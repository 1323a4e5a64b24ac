//! What Kubernetes' own `[sig-node]` conformance tests hold a node to, by what each shows: containers, their environment
//! and files, who they are. Each row is one Pod, run to its end; what it prints is what is held.
//!
//! Which test holds what upstream's list (`test/e2e/common`) groups under these names; those in `src/` run on a scripted
//! runtime, where time is the test's own:
//!
//! | upstream | here |
//! | --- | --- |
//! | Containers | `a_program_is_what_image_and_manifest_say_together` |
//! | ConfigMap, Secrets, Downward API (as variables) | `an_environment_comes_from_objects_and_from_the_pod_itself`, `lives::a_pod_has_its_settings_…`, `lives::a_variable_comes_from_a_file_…`; `src/node/env/tests.rs` |
//! | Variable Expansion | `a_program_is_what_…`, `expansion` |
//! | Security Context, Privileged Pod | `a_container_is_who_its_security_context_says`, `further_groups_…`, `lives::who_must_not_be_root_…`, `security` |
//! | KubeletManagedEtcHosts, Pod hostname, HostnameOverride | `a_pod_has_its_names`, `lives::a_pod_has_its_settings_…`, `objects::objects_are_files` |
//! | ConfigMap, Secrets, Projected, Downward API volume, Subpath, EmptyDir ([sig-storage]) | `volumes_show_what_they_are_made_of`, `objects::objects_are_files`, `objects::files_follow_their_objects` |
//! | Container Runtime (exit, termination message) | `last_words_come_from_…`, `a_restart_policy_decides_…` |
//! | Container Runtime (images, pulling), ImageVolume, Seccomp | `src/node/images`, `src/node/tests/lifecycle.rs`, `images` |
//! | InitContainer | `init_containers_come_first_…`, `lives::an_init_container_is_tried_again_…` |
//! | Container Lifecycle Hook, PreStop | `hooks_and_probes_act_inside_of_the_container`, `lives::hooks_are_told_by_http_and_by_commands` |
//! | Sidecar containers | `lives::sidecars_begin_first_and_end_last` |
//! | Probing container | `hooks_and_probes_act_…`, `src/node/tests/probing.rs` (HTTP, TCP, gRPC, start-up, thresholds, back-off) |
//! | Ephemeral Containers | `an_ephemeral_container_looks_into_the_one_it_is_for` |
//! | Pods (deadline, deletion, Service variables, status, exec, logs) | `lives`; `src/cluster/tests`, `tests/it/streams.rs` |
//! | Kubelet (always failing, read-only root, host aliases) | `lives::an_always_failing_command_…`, `a_container_is_who_…`, `a_pod_has_its_names` |
//! | Sysctls, RuntimeClass | `lives::a_pod_has_its_settings_…`, `objects::a_runtime_class_…` |
//! | Pod InPlace Resize, Pod Level Resources | `src/node/tests/resizing.rs`, `tests/it/resizing.rs`, `lives::a_pods_own_resources_…` |
//! | Pod admission, Lease, node-pressure eviction | `a_pod_that_the_node_can_not_take_…`; `src/node/tests/eviction.rs`, `eviction`, `src/cluster/tests/nodes.rs` |

mod expansion;
mod images;
mod lives;
mod objects;

use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use crate::cluster::{TestCluster, ended, ready};

/// A Pod spec of one container that runs a shell script, with more fields of the container.
fn sh(script: &str, more: Value) -> Value {
    let mut container = json!({"name": "c", "image": "busybox", "command": ["sh", "-c", script]});
    merge(&mut container, more);
    json!({"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]})
}

fn with(mut spec: Value, more: Value) -> Value {
    merge(&mut spec, more);
    spec
}

fn merge(into: &mut Value, more: Value) {
    for (key, value) in more.as_object().unwrap() {
        into[key] = value.clone();
    }
}

/// Runs each Pod and compares what it printed.
async fn hold(objects: &str, table: Vec<(&str, Value, &str)>) {
    let test = TestCluster::start().await;
    if !objects.is_empty() {
        test.create(objects).await;
    }
    for (what, spec, expected) in table {
        let (pod, log) = test.run(spec).await;
        assert_eq!(log, expected, "{what}: {:#?}", pod.status);
    }
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn a_program_is_what_image_and_manifest_say_together() {
    let run = |more: Value| {
        let mut spec = sh("", more);
        let container = &mut spec["containers"][0];
        if container["command"] == json!(["sh", "-c", ""]) {
            container.as_object_mut().unwrap().remove("command");
        }
        spec
    };
    hold(
        "",
        vec![
            ("the image's own program", run(json!({})), ""),
            (
                "only arguments: they stand alone where the image has no entry point",
                run(json!({"args": ["echo", "a"]})),
                "a\n",
            ),
            ("only a command: the image's arguments are left out", run(json!({"command": ["echo"]})), "\n"),
            ("both", run(json!({"command": ["echo"], "args": ["a", "b"]})), "a b\n"),
            (
                "variables in both, and dollars that are meant",
                run(json!({"command": ["echo", "$(A)"], "args": ["$$(A) $(NOPE) $(B)"],
                    "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)2"}]})),
                "1 $(A) $(NOPE) 12\n",
            ),
            (
                "a working directory, made when it is missing",
                sh("pwd", json!({"workingDir": "/work/here"})),
                "/work/here\n",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_environment_comes_from_objects_and_from_the_pod_itself() {
    let objects = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {a: from-map, b: second}\n---\n\
                   apiVersion: v1\nkind: Secret\nmetadata: {name: secret}\nstringData: {key: hidden}\n";
    let field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
    let resource = |name: &str, of: &str, divisor: &str| json!({"name": name, "valueFrom": {"resourceFieldRef": {"resource": of, "divisor": divisor}}});
    hold(
        objects,
        vec![
            (
                "keys of a ConfigMap and of a Secret",
                sh("echo $A $B", json!({"env": [
                    {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "map", "key": "a"}}},
                    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "secret", "key": "key"}}}]})),
                "from-map hidden\n",
            ),
            (
                "whole objects, with a prefix",
                sh("echo $P_a $P_b $key", json!({"envFrom": [
                    {"prefix": "P_", "configMapRef": {"name": "map"}}, {"secretRef": {"name": "secret"}},
                    {"configMapRef": {"name": "missing", "optional": true}}]})),
                "from-map second hidden\n",
            ),
            (
                "the Pod's own fields",
                sh("echo $NS $NODE $HOST $SA; [ $IP = $(hostname -i) ] && [ $NAME = $(hostname) ] && echo same",
                   json!({"env": [field("NS", "metadata.namespace"), field("NODE", "spec.nodeName"), field("HOST", "status.hostIP"),
                    field("SA", "spec.serviceAccountName"), field("IP", "status.podIP"), field("NAME", "metadata.name")]})),
                "default kind-control-plane 172.18.0.2 default\nsame\n",
            ),
            (
                "limits and requests, in the unit asked for",
                sh("echo $A $B $C $D", json!({"resources": {"limits": {"cpu": "1500m", "memory": "64Mi"}, "requests": {"cpu": "250m", "memory": "32Mi"}},
                    "env": [resource("A", "limits.cpu", "1"), resource("B", "limits.memory", "1Mi"), resource("C", "requests.cpu", "1m"), resource("D", "requests.memory", "1")]})),
                "2 64 250 33554432\n",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_container_is_who_its_security_context_says() {
    let context = |context: Value| json!({"securityContext": context});
    let of_pod = |context: Value| json!({"securityContext": context});
    let capabilities = "grep CapEff /proc/self/status | cut -f2";
    hold(
        "",
        vec![
            (
                "a user and a group",
                sh("id -u; id -g", context(json!({"runAsUser": 1001, "runAsGroup": 2002}))),
                "1001\n2002\n",
            ),
            (
                "the container's word before the Pod's",
                with(
                    sh("id -u; id -g", context(json!({"runAsUser": 1002}))),
                    of_pod(json!({"runAsUser": 1001, "runAsGroup": 2002})),
                ),
                "1002\n2002\n",
            ),
            (
                "a root file system that can't be written",
                sh("touch /x 2>&1 || echo no", context(json!({"readOnlyRootFilesystem": true}))),
                "touch: /x: Read-only file system\nno\n",
            ),
            (
                "no capability left",
                sh(capabilities, context(json!({"capabilities": {"drop": ["ALL"]}}))),
                "0000000000000000\n",
            ),
            (
                "one capability only",
                sh(capabilities, context(json!({"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}))),
                "0000000000000400\n",
            ),
            (
                "one more capability",
                sh("ip link set lo down && echo down", context(json!({"capabilities": {"add": ["NET_ADMIN"]}}))),
                "down\n",
            ),
            (
                "without privileges a mount is refused",
                sh("mount -t tmpfs x /mnt 2>/dev/null || echo refused", json!({})),
                "refused\n",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_pod_has_its_names() {
    hold(
        "",
        vec![
            ("a host name of its own", with(sh("hostname", json!({})), json!({"hostname": "me"})), "me\n"),
            (
                "a place in a domain",
                with(sh("hostname -f; tail -1 /etc/hosts | cut -f2,3", json!({})), json!({"hostname": "me", "subdomain": "sub"})),
                "me.sub.default.svc.cluster.local\nme.sub.default.svc.cluster.local\tme\n",
            ),
            (
                "further lines of /etc/hosts",
                with(sh("tail -2 /etc/hosts", json!({})), json!({"hostAliases": [{"ip": "10.1.2.3", "hostnames": ["foo", "bar"]}]})),
                "# Entries added by HostAliases.\n10.1.2.3\tfoo\tbar\n",
            ),
            (
                "the node's own name and address in its own network",
                with(
                    sh("hostname; ip -4 -o address show | grep -c 172.18.0.2; nslookup kubernetes.default.svc.cluster.local 10.96.0.10 | grep -c 10.96.0.1$", json!({})),
                    json!({"hostNetwork": true}),
                ),
                "kind-control-plane\n1\n1\n",
            ),
            (
                "name servers of its own",
                with(sh("cat /etc/resolv.conf", json!({})), json!({"dnsPolicy": "None",
                    "dnsConfig": {"nameservers": ["10.9.9.9"], "searches": ["a.b"], "options": [{"name": "ndots", "value": "2"}]}})),
                "search a.b\nnameserver 10.9.9.9\noptions ndots:2\n",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn volumes_show_what_they_are_made_of() {
    let objects = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {a: one, b: two}\n---\n\
                   apiVersion: v1\nkind: Secret\nmetadata: {name: secret}\nstringData: {key: hidden}\n";
    let mounted = |script: &str, volume: Value, mount: Value| {
        let mut at = json!({"name": "v", "mountPath": "/v"});
        merge(&mut at, mount);
        let mut volume_of = json!({"name": "v"});
        merge(&mut volume_of, volume);
        with(sh(script, json!({"volumeMounts": [at]})), json!({"volumes": [volume_of]}))
    };
    let mode = "stat -L -c %a";
    hold(
        objects,
        vec![
            ("an empty directory, for everyone", mounted("ls /v; stat -c %a /v; echo x > /v/x && cat /v/x", json!({"emptyDir": {}}), json!({})), "777\nx\n"),
            ("one in memory", mounted("df /v | tail -1 | cut -d' ' -f1; stat -c %a /v", json!({"emptyDir": {"medium": "Memory"}}), json!({})), "tmpfs\n777\n"),
            ("a ConfigMap", mounted(&format!("cat /v/a /v/b; {mode} /v/a"), json!({"configMap": {"name": "map"}}), json!({})), "onetwo644\n"),
            (
                "some of its keys, elsewhere and with modes",
                mounted(&format!("ls /v /v/x; {mode} /v/x/y"), json!({"configMap": {"name": "map", "items": [{"key": "a", "path": "x/y", "mode": 256}]}}), json!({})),
                "/v:\nx\n\n/v/x:\ny\n400\n",
            ),
            ("a Secret with a mode", mounted(&format!("cat /v/key; {mode} /v/key"), json!({"secret": {"secretName": "secret", "defaultMode": 256}}), json!({})), "hidden400\n"),
            (
                "the Pod's own fields",
                mounted("cat /v/ns", json!({"downwardAPI": {"items": [{"path": "ns", "fieldRef": {"fieldPath": "metadata.namespace"}}]}}), json!({})),
                "default",
            ),
            (
                "several sources in one place",
                mounted("cat /v/a /v/k", json!({"projected": {"sources": [{"configMap": {"name": "map"}}, {"secret": {"name": "secret", "items": [{"key": "key", "path": "k"}]}}]}}), json!({})),
                "onehidden",
            ),
            ("one key as a file", mounted("cat /v/file", json!({"configMap": {"name": "map"}}), json!({"subPath": "a", "mountPath": "/v/file"})), "one"),
            ("only for reading", mounted("touch /v/x 2>&1 || echo no", json!({"emptyDir": {}}), json!({"readOnly": true})), "touch: /v/x: Read-only file system\nno\n"),
        ],
    )
    .await;
}

#[tokio::test]
async fn last_words_come_from_the_file_or_from_the_log() {
    let test = TestCluster::start().await;
    let rows = [
        ("from the file", sh("echo -n done > /dev/termination-log", json!({})), "done"),
        (
            "from a file elsewhere, by a user without rights",
            sh(
                "echo -n done > /tmp/words",
                json!({"terminationMessagePath": "/tmp/words", "securityContext": {"runAsUser": 1000}}),
            ),
            "done",
        ),
        (
            "from the log of a failure",
            sh("echo -n why; exit 1", json!({"terminationMessagePolicy": "FallbackToLogsOnError"})),
            "why",
        ),
        (
            "not from the log of a success",
            sh("echo -n why", json!({"terminationMessagePolicy": "FallbackToLogsOnError"})),
            "",
        ),
        (
            "from the file before the log",
            sh(
                "echo -n file > /dev/termination-log; echo log; exit 1",
                json!({"terminationMessagePolicy": "FallbackToLogsOnError"}),
            ),
            "file",
        ),
    ];
    for (what, spec, expected) in rows {
        let (pod, _) = test.run(spec).await;
        assert_eq!(terminated(&pod)["message"].as_str().unwrap_or(""), expected, "{what}");
    }
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn a_restart_policy_decides_what_becomes_of_a_pod() {
    let test = TestCluster::start().await;
    for (policy, script, phase, restarts) in [
        ("Never", "exit 1", "Failed", 0),
        ("Never", "exit 0", "Succeeded", 0),
        ("OnFailure", "exit 0", "Succeeded", 0),
        ("OnFailure", "[ -e /v/x ] || { touch /v/x; exit 1; }", "Succeeded", 1),
    ] {
        let spec = with(
            sh(script, json!({"volumeMounts": [{"name": "v", "mountPath": "/v"}]})),
            json!({"restartPolicy": policy, "volumes": [{"name": "v", "emptyDir": {}}]}),
        );
        let (pod, _) = test.run(spec).await;
        let status = serde_json::to_value(pod.status).unwrap();
        let seen =
            (status["phase"].as_str().unwrap(), status["containerStatuses"][0]["restartCount"].as_i64().unwrap());
        assert_eq!(seen, (phase, restarts), "{policy}: {script}");
    }
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn init_containers_come_first_and_a_failure_among_them_ends_the_pod() {
    let test = TestCluster::start().await;
    let init = |script: &str| {
        let shared = json!([{"name": "v", "mountPath": "/v"}]);
        let init = json!([{"name": "i", "image": "busybox", "command": ["sh", "-c", script], "volumeMounts": shared}]);
        with(
            sh("cat /v/x", json!({"volumeMounts": shared})),
            json!({"initContainers": init, "volumes": [{"name": "v", "emptyDir": {}}]}),
        )
    };
    assert_eq!(test.run(init("echo first > /v/x")).await.1, "first\n");
    let name = test.start_pod(init("exit 3")).await.metadata.name.unwrap();
    let failed = serde_json::to_value(test.pod_when(&name, ended).await.status).unwrap();
    assert_eq!(
        (&failed["phase"], &failed["initContainerStatuses"][0]["state"]["terminated"]["exitCode"]),
        (&json!("Failed"), &json!(3))
    );
    assert_eq!(failed["containerStatuses"][0]["state"]["waiting"]["reason"], "PodInitializing");
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn hooks_and_probes_act_inside_of_the_container() {
    let test = TestCluster::start().await;
    let spec = sh(
        "until [ -e /tmp/started ]; do :; done; while :; do sleep 0.1; done",
        json!({
            "lifecycle": {"postStart": {"exec": {"command": ["touch", "/tmp/started"]}}},
            "readinessProbe": {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1},
            "livenessProbe": {"exec": {"command": ["test", "!", "-e", "/tmp/ill"]}, "periodSeconds": 1, "failureThreshold": 1},
        }),
    );
    let spec = with(spec, json!({"restartPolicy": "Always"}));
    let name = test.start_pod(spec).await.metadata.name.unwrap();
    let running = |pod: Option<&Pod>| pod.is_some_and(|pod| status(pod)["state"]["running"].is_object());
    let pod = test.pod_when(&name, running).await;
    assert_eq!(status(&pod)["ready"], json!(false));
    assert_eq!(test.exec(&name, "ls /tmp/started; touch /tmp/ready").await, "/tmp/started\n");
    test.pod_when(&name, ready).await;
    test.exec(&name, "touch /tmp/ill").await;
    let restarted = |pod: Option<&Pod>| pod.is_some_and(|pod| status(pod)["restartCount"] == 1);
    let pod = test.pod_when(&name, restarted).await;
    assert_eq!(status(&pod)["lastState"]["terminated"]["exitCode"], 137);
    test.cluster.shutdown().await;
}

fn status(pod: &Pod) -> Value {
    let status = serde_json::to_value(&pod.status).unwrap();
    status["containerStatuses"][0].clone()
}

fn terminated(pod: &Pod) -> Value {
    status(pod)["state"]["terminated"].clone()
}

#[tokio::test]
async fn an_ephemeral_container_looks_into_the_one_it_is_for() {
    let test = TestCluster::start().await;
    let name = test.start_pod(sh("sleep 12345", json!({}))).await.metadata.name.unwrap();
    test.pod_when(&name, ready).await;
    let container = json!({"name": "look", "image": "busybox", "targetContainerName": "c",
        "command": ["sh", "-c", "ps -o args | grep -c 'sleep 1234[5]'; ls /proc/1/root/bin/busybox; kill -9 1"]});
    let patch = json!({"spec": {"ephemeralContainers": [container]}});
    let params = kube::api::PatchParams::default();
    test.pods.patch_ephemeral_containers(&name, &params, &kube::api::Patch::Strategic(patch)).await.unwrap();
    // The first process can't be ended from within its own PID namespace; the container goes on.
    let looked = |pod: Option<&Pod>| {
        let status = serde_json::to_value(pod.and_then(|pod| pod.status.clone())).unwrap();
        status["ephemeralContainerStatuses"][0]["state"]["terminated"].is_object()
    };
    let pod = test.pod_when(&name, looked).await;
    assert_eq!(test.log(&name, "look").await, "1\n/proc/1/root/bin/busybox\n");
    assert!(status(&pod)["state"]["running"].is_object());
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn a_pod_that_the_node_can_not_take_fails_at_once() {
    let test = TestCluster::start().await;
    let spec = with(sh("", json!({})), json!({"nodeName": "kind-control-plane", "nodeSelector": {"disk": "tape"}}));
    let name = test.start_pod(spec).await.metadata.name.unwrap();
    let pod = test.pod_when(&name, ended).await;
    let status = serde_json::to_value(pod.status).unwrap();
    assert_eq!((&status["phase"], &status["reason"]), (&json!("Failed"), &json!("NodeAffinity")));
    assert_eq!(status["containerStatuses"], json!(null));
    test.cluster.shutdown().await;
}

/// An ordinary user has one group only.
#[tokio::test]
async fn further_groups_and_the_volumes_group_needs_groups() {
    let spec = with(
        sh("id -G; stat -c %g /v", json!({"volumeMounts": [{"name": "v", "mountPath": "/v"}]})),
        json!({"volumes": [{"name": "v", "emptyDir": {}}],
            "securityContext": {"runAsUser": 1000, "fsGroup": 3000, "supplementalGroups": [4000]}}),
    );
    hold("", vec![("further groups and the volumes' group", spec, "0 3000 4000\n3000\n")]).await;
}
