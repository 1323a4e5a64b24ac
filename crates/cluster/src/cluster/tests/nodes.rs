//! Several nodes on one machine.

use kube::runtime::wait::{await_condition, conditions::is_pod_running};

use super::*;

#[tokio::test]
async fn pods_are_spread_over_the_workers_and_run_there() {
    let config = ClusterConfig::new(Arc::new(images::AnyImage), Arc::new(Scripted::new(Arc::new(SystemClock))));
    let cluster = Cluster::start(config.with_nodes(3)).await.unwrap();
    let pods: Objects<Pod> = Objects::default_namespaced(cluster.client());
    let mut places = Vec::new();
    for name in ["one", "two"] {
        let apart =
            json!([{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}]);
        let pod = json!({"metadata": {"name": name, "labels": {"app": "web"}}, "spec": {
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": apart}},
            "containers": [{"name": "c", "image": "busybox"}]}});
        pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
        let pod = await_condition(pods.clone(), name, is_pod_running()).await.unwrap().unwrap();
        let (node, status) = (pod.spec.unwrap().node_name.unwrap(), pod.status.unwrap());
        places.push([node, status.host_ip.unwrap(), status.pod_ip.unwrap()]);
    }
    places.sort();
    let expected = [["kind-worker", "172.18.0.3", "10.244.1.2"], ["kind-worker2", "172.18.0.4", "10.244.2.2"]];
    assert_eq!(places, expected.map(|place| place.map(str::to_owned)));
    let (_, lease) =
        ask(&cluster, "GET", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/kind-worker2", &[], "")
            .await;
    assert_eq!(lease["spec"]["holderIdentity"], "kind-worker2");
}

#[tokio::test]
async fn a_node_takes_as_many_pods_as_it_was_told_and_has_an_address_for_each() {
    let config = ClusterConfig::new(Arc::new(images::AnyImage), Arc::new(Scripted::new(Arc::new(SystemClock))));
    let cluster = Cluster::start(ClusterConfig { max_pods: 500, ..config }).await.unwrap();
    let (_, node) = ask(&cluster, "GET", "/api/v1/nodes/kind-control-plane", &[], "").await;
    assert_eq!(
        (&node["status"]["capacity"]["pods"], &node["spec"]["podCIDR"]),
        (&json!("500"), &json!("10.244.0.0/23"))
    );
    let usual = self::cluster().await;
    let (_, node) = ask(&usual, "GET", "/api/v1/nodes/kind-control-plane", &[], "").await;
    assert_eq!(
        (&node["status"]["capacity"]["pods"], &node["spec"]["podCIDR"]),
        (&json!("110"), &json!("10.244.0.0/24"))
    );
}
