//! What happens to Pods over their time: "Pods", "InitContainer", "Container Lifecycle Hook", "PreStop", "Sysctls",
//! "KubeletManagedEtcHosts".

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{hold, sh, status, with};
use crate::cluster::{TestCluster, ended, ready, waiting};

#[tokio::test]
async fn a_pod_has_its_settings_of_the_kernel_and_its_place_in_the_network() {
    let domain = json!({"hostname": "me", "subdomain": "sub", "setHostnameAsFQDN": true});
    hold(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web-front}\nspec: {ports: [{port: 80, name: http}], clusterIP: 10.96.1.1}\n",
        vec![
            (
                "a setting of its own",
                with(
                    sh("cat /proc/sys/net/ipv4/ip_local_port_range", json!({})),
                    json!({"securityContext": {"sysctls": [{"name": "net.ipv4.ip_local_port_range", "value": "10000 20000"}]}}),
                ),
                "10000\t20000\n",
            ),
            (
                "the Services that there are, as variables",
                sh("echo $WEB_FRONT_SERVICE_HOST $WEB_FRONT_SERVICE_PORT_HTTP $WEB_FRONT_PORT; echo $KUBERNETES_SERVICE_HOST", json!({})),
                "10.96.1.1 80 tcp://10.96.1.1:80\n10.96.0.1\n",
            ),
            (
                "no variables of Services but of the cluster's own",
                with(sh("echo [$WEB_FRONT_PORT] $KUBERNETES_SERVICE_HOST", json!({})), json!({"enableServiceLinks": false})),
                "[] 10.96.0.1\n",
            ),
            (
                "the whole name as host name",
                with(sh("hostname; tail -1 /etc/hosts | cut -f2,3", json!({})), domain),
                "me.sub.default.svc.cluster.local\nme.sub.default.svc.cluster.local\tme\n",
            ),
            ("a hosts file that the node looks after", sh("head -1 /etc/hosts", json!({})), "# Kubernetes-managed hosts file.\n"),
            (
                "the node's own hosts file",
                with(sh("head -1 /etc/hosts; tail -1 /etc/hosts", json!({})), json!({"hostNetwork": true})),
                "# Kubernetes-managed hosts file (host network).\n172.18.0.2\tkind-control-plane\n",
            ),
            (
                "what the node has, where no limit is set",
                sh(
                    "[ $CPU = $(grep -c ^processor /proc/cpuinfo) ] && [ $MEMORY -gt 1000000 ] && echo all",
                    json!({"env": [
                        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
                        {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}}]}),
                ),
                "all\n",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_variable_comes_from_a_file_of_an_init_container() {
    let shared = json!([{"name": "v", "mountPath": "/v"}]);
    let init = json!([{"name": "i", "image": "busybox", "command": ["sh", "-c", "echo \"COLOR='deep blue'\" > /v/vars"], "volumeMounts": shared}]);
    let from = json!({"fileKeyRef": {"volumeName": "v", "path": "vars", "key": "COLOR"}});
    let pod = with(
        sh("echo $COLOR", json!({"env": [{"name": "COLOR", "valueFrom": from}]})),
        json!({"initContainers": init, "volumes": [{"name": "v", "emptyDir": {}}]}),
    );
    hold("", vec![("a variable that an init container wrote", pod, "deep blue\n")]).await;
}

#[tokio::test]
async fn an_init_container_is_tried_again_where_pods_are_restarted() {
    let test = TestCluster::start().await;
    let init = json!([{"name": "i", "image": "busybox", "command": ["sh", "-c", "[ -e /v/x ] || { touch /v/x; exit 1; }"],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]);
    let volumes = json!([{"name": "v", "emptyDir": {}}]);
    let pod = with(
        sh("exec sleep 100000", json!({})),
        json!({"restartPolicy": "Always", "initContainers": init, "volumes": volumes}),
    );
    let name = test.start_pod(pod).await.metadata.name.unwrap();
    let pod = test.pod_when(&name, ready).await;
    let status = serde_json::to_value(pod.status).unwrap();
    let init = &status["initContainerStatuses"][0];
    assert_eq!(
        (&init["restartCount"], &init["ready"], &init["state"]["terminated"]["reason"]),
        (&json!(1), &json!(true), &json!("Completed"))
    );
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn a_deadline_may_be_set_on_a_pod_that_runs() {
    let test = TestCluster::start().await;
    let name = test.start_pod(sh("exec sleep 100000", json!({}))).await.metadata.name.unwrap();
    test.pod_when(&name, ready).await;
    let patch = Patch::Merge(json!({"spec": {"activeDeadlineSeconds": 1}}));
    test.pods.patch(&name, &PatchParams::default(), &patch).await.unwrap();
    let status = serde_json::to_value(test.pod_when(&name, ended).await.status).unwrap();
    assert_eq!((&status["phase"], &status["reason"]), (&json!("Failed"), &json!("DeadlineExceeded")));
    test.cluster.shutdown().await;
}

/// Hooks by HTTP go to the Pod, or to whom they name; a hook before the end is over before the container is told to end.
#[tokio::test]
async fn hooks_are_told_by_http_and_by_commands() {
    let test = TestCluster::start().await;
    // Says what was asked for.
    let script = "mkdir /w; cd /w; touch began ends exec; exec httpd -f -vv -p 8080 -h /w 2>&1";
    let server = sh(script, json!({"readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1}}));
    let server = test.start_pod(server).await.metadata.name.unwrap();
    let address = test.pod_when(&server, ready).await.status.unwrap().pod_ip.unwrap();
    let hook = |path: &str| json!({"httpGet": {"host": address, "port": 8080, "path": path}});
    let told = with(
        sh(
            "trap 'exit 0' TERM; while :; do sleep 0.1; done",
            json!({"lifecycle": {"postStart": hook("/began"), "preStop": hook("/ends")}}),
        ),
        json!({"terminationGracePeriodSeconds": 600}),
    );
    let name = test.start_pod(told).await.metadata.name.unwrap();
    test.pod_when(&name, ready).await;
    test.pods.delete(&name, &Default::default()).await.unwrap();
    test.pod_gone(&name).await;
    test.log_until(&server, "url:/ends").await;
    assert!(test.log(&server, "c").await.contains("url:/began"), "{}", test.log(&server, "c").await);
    let say =
        json!({"preStop": {"exec": {"command": ["sh", "-c", format!("wget -q -O- http://{address}:8080/exec")]}}});
    let pod = with(sh("exec sleep 100000", json!({"lifecycle": say})), json!({"terminationGracePeriodSeconds": 2}));
    let name = test.start_pod(pod).await.metadata.name.unwrap();
    test.pod_when(&name, ready).await;
    test.pods.delete(&name, &Default::default()).await.unwrap();
    test.log_until(&server, "url:/exec").await;
    test.cluster.shutdown().await;
}

/// A sidecar starts before the others and is told to end after them.
#[tokio::test]
async fn sidecars_begin_first_and_end_last() {
    let test = TestCluster::start().await;
    let shared = json!([{"name": "v", "mountPath": "/v"}]);
    let noting = |name: &str| {
        let script = format!(
            "echo {name} began >> /v/log; trap 'echo {name} ended >> /v/log; exit 0' TERM; while :; do sleep 0.1; done"
        );
        json!({"name": name, "image": "busybox", "command": ["sh", "-c", script], "volumeMounts": shared,
            "startupProbe": {"exec": {"command": ["grep", "-q", format!("{name} began"), "/v/log"]}, "periodSeconds": 1}})
    };
    let sidecar = |name: &str| {
        let mut container = noting(name);
        container["restartPolicy"] = json!("Always");
        container
    };
    let pod = json!({"initContainers": [sidecar("one"), sidecar("two")], "containers": [noting("main")],
        "terminationGracePeriodSeconds": 600,
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "kept"}}]});
    test.create(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: kept}\n\
         spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}\n",
    )
    .await;
    let name = test.start_pod(pod).await.metadata.name.unwrap();
    test.pod_when(&name, ready).await;
    test.pods.delete(&name, &Default::default()).await.unwrap();
    test.pod_gone(&name).await;
    let look = with(
        sh("cat /v/log", json!({"volumeMounts": shared})),
        json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "kept"}}]}),
    );
    let (_, log) = test.run(look).await;
    assert_eq!(log, "one began\ntwo began\nmain began\nmain ended\ntwo ended\none ended\n");
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn who_must_not_be_root_and_is_does_not_start() {
    let test = TestCluster::start().await;
    let pod = sh("", json!({"securityContext": {"runAsNonRoot": true}}));
    let name = test.start_pod(pod).await.metadata.name.unwrap();
    let refused = |pod: Option<&Pod>| pod.and_then(waiting).is_some_and(|why| why.0 == "CreateContainerConfigError");
    let pod = test.pod_when(&name, refused).await;
    let message = status(&pod)["state"]["waiting"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("container has runAsNonRoot and image will run as root (pod: \""), "{message}");
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn an_always_failing_command_tells_how_it_ended_and_can_be_deleted() {
    let test = TestCluster::start().await;
    let pod = with(sh("exit 42", json!({})), json!({"restartPolicy": "Always"}));
    let name = test.start_pod(pod).await.metadata.name.unwrap();
    let failed = |pod: Option<&Pod>| pod.is_some_and(|pod| last(pod)["exitCode"] == 42);
    let pod = test.pod_when(&name, failed).await;
    assert_eq!(last(&pod)["reason"], "Error");
    test.pods.delete(&name, &Default::default()).await.unwrap();
    test.pod_gone(&name).await;
    test.cluster.shutdown().await;
}

/// How the run before ended.
fn last(pod: &Pod) -> Value {
    status(pod)["lastState"]["terminated"].clone()
}

/// "Pod Level Resources": what a Pod's own `resources` say holds for its containers together.
#[tokio::test]
async fn a_pods_own_resources_hold_for_all_of_its_containers() {
    let test = TestCluster::start().await;
    let pod = json!({"restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
        "resources": {"limits": {"memory": "48Mi", "cpu": "1"}, "requests": {"memory": "48Mi", "cpu": "1"}},
        "containers": [
            {"name": "c", "image": "busybox", "command": ["tail", "/dev/zero"]},
            {"name": "d", "image": "busybox", "command": ["true"]}]});
    let name = test.start_pod(pod).await.metadata.name.unwrap();
    let status = serde_json::to_value(test.pod_when(&name, ended).await.status).unwrap();
    let reasons: Vec<&Value> =
        status["containerStatuses"].as_array().unwrap().iter().map(|c| &c["state"]["terminated"]["reason"]).collect();
    assert_eq!((reasons, &status["qosClass"]), (vec![&json!("OOMKilled"), &json!("Completed")], &json!("Guaranteed")));
    test.cluster.shutdown().await;
}
