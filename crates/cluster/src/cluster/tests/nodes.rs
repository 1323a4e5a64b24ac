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
        places.push((pod.spec.unwrap().node_name.unwrap(), pod.status.unwrap().host_ip.unwrap()));
    }
    places.sort();
    let expected = [("kind-worker", "172.18.0.3"), ("kind-worker2", "172.18.0.4")];
    assert_eq!(places, expected.map(|(name, host)| (name.to_owned(), host.to_owned())));
    let (_, lease) =
        ask(&cluster, "GET", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/kind-worker2", &[], "")
            .await;
    assert_eq!(lease["spec"]["holderIdentity"], "kind-worker2");
}
