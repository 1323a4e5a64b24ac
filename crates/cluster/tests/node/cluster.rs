//! A whole cluster on the real runtime, and what tests ask of it as a learner's client would.

use std::{path::PathBuf, sync::Arc};

use futures::{AsyncBufReadExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client, ResourceExt,
    api::{AttachParams, DynamicObject, LogParams, PostParams},
    core::{ApiResource, GroupVersionKind},
    runtime::wait::{Condition, await_condition, conditions::is_pod_running},
};
use podyard_cluster::{
    Cluster, ClusterConfig,
    node::{
        images::ImageStore,
        runtime::linux::{AgentProgram, Linux, LinuxConfig},
    },
};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::fixture::images;

/// A cluster of a test's own.
pub struct TestCluster {
    pub cluster: Cluster,
    pub client: Client,
    pub pods: Api<Pod>,
    pub runtime: Arc<Linux>,
    directory: tempfile::TempDir,
}

impl TestCluster {
    pub async fn start() -> Self {
        Self::with_room(podyard_cluster::DEFAULT_MAX_PODS, podyard_cluster::DEFAULT_MAX_OBJECTS).await
    }

    /// One whose node takes so many Pods.
    pub async fn with_room(max_pods: u16, max_objects: usize) -> Self {
        Self::with(images().clone(), max_pods, max_objects, |_| {}).await
    }

    /// One whose Pods have the images of another store.
    pub async fn with_images(images: Arc<ImageStore>) -> Self {
        Self::with(images, podyard_cluster::DEFAULT_MAX_PODS, podyard_cluster::DEFAULT_MAX_OBJECTS, |_| {}).await
    }

    /// One whose runtime is another.
    pub async fn on(change: impl FnOnce(&mut LinuxConfig)) -> Self {
        let (pods, objects) = (podyard_cluster::DEFAULT_MAX_PODS, podyard_cluster::DEFAULT_MAX_OBJECTS);
        Self::with(images().clone(), pods, objects, change).await
    }

    async fn with(
        images: Arc<ImageStore>,
        max_pods: u16,
        max_objects: usize,
        change: impl FnOnce(&mut LinuxConfig),
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("state");
        let agent = AgentProgram { path: PathBuf::from(env!("CARGO_BIN_EXE_test-node-agent")), arguments: Vec::new() };
        let mut linux =
            LinuxConfig { agent, ..LinuxConfig::new(images.directory().to_owned(), state.clone()).for_pods(max_pods) };
        change(&mut linux);
        let runtime = Arc::new(Linux::new(linux));
        let config = ClusterConfig { max_pods, max_objects, ..ClusterConfig::new(images, runtime.clone()) };
        let cluster = Cluster::start(config.with_directory(state)).await.unwrap();
        let client = cluster.client();
        Self { pods: Api::default_namespaced(client.clone()), client, cluster, runtime, directory }
    }

    /// Creates objects of any kind, from YAML documents.
    pub async fn create(&self, yaml: &str) {
        for document in yaml.split("\n---\n") {
            let object: DynamicObject = serde_yaml::from_str(document).unwrap();
            let types = object.types.clone().unwrap();
            let kind = GroupVersionKind::try_from(&types).unwrap();
            let (resource, capabilities) = kube::discovery::pinned_kind(&self.client, &kind).await.unwrap();
            let api = self.api(&resource, capabilities.scope == kube::discovery::Scope::Cluster, &object);
            api.create(&PostParams::default(), &object).await.unwrap();
        }
    }

    fn api(&self, resource: &ApiResource, cluster_wide: bool, object: &DynamicObject) -> Api<DynamicObject> {
        match (cluster_wide, &object.metadata.namespace) {
            (true, _) => Api::all_with(self.client.clone(), resource),
            (false, None) => Api::default_namespaced_with(self.client.clone(), resource),
            (false, Some(namespace)) => Api::namespaced_with(self.client.clone(), namespace, resource),
        }
    }

    /// Waits until a Pod is as wanted, and gives it.
    pub async fn pod_when(&self, name: &str, condition: impl Condition<Pod>) -> Pod {
        await_condition(self.pods.clone(), name, condition).await.unwrap().unwrap()
    }

    /// Creates a Pod, waits for its end, and gives it with what its container wrote.
    pub async fn run(&self, spec: Value) -> (Pod, String) {
        let pod = self.start_pod(spec).await;
        let name = pod.name_any();
        let pod = self.pod_when(&name, ended).await;
        let container = pod.spec.as_ref().unwrap().containers[0].name.clone();
        let log = self.log(&name, &container).await;
        (pod, log)
    }

    /// Creates a Pod with a name of its own.
    pub async fn start_pod(&self, spec: Value) -> Pod {
        self.start_pod_from(json!({}), spec).await
    }

    /// The same with labels or annotations.
    pub async fn start_pod_from(&self, metadata: Value, spec: Value) -> Pod {
        self.try_pod(metadata, spec).await.unwrap()
    }

    /// The same, or the API's refusal.
    pub async fn try_pod(&self, mut metadata: Value, spec: Value) -> kube::Result<Pod> {
        metadata["generateName"] = json!("p-");
        let pod = serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap();
        self.pods.create(&PostParams::default(), &pod).await
    }

    pub async fn log(&self, pod: &str, container: &str) -> String {
        let params = LogParams { container: Some(container.to_owned()), ..LogParams::default() };
        self.pods.logs(pod, &params).await.unwrap()
    }

    /// Where the cluster keeps its files.
    pub fn directory(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// Waits until the first container of a Pod has printed this.
    pub async fn log_until(&self, pod: &str, text: &str) {
        self.pod_when(pod, is_pod_running()).await;
        let params = LogParams { follow: true, ..LogParams::default() };
        let mut lines = self.pods.log_stream(pod, &params).await.unwrap().lines();
        while let Some(line) = lines.try_next().await.unwrap() {
            if line.contains(text) {
                return;
            }
        }
        panic!("the log ended before {text:?}");
    }

    /// Waits until a Pod is no more.
    pub async fn pod_gone(&self, name: &str) {
        await_condition(self.pods.clone(), name, |pod: Option<&Pod>| pod.is_none()).await.unwrap();
    }

    /// What a shell script in a running container prints.
    pub async fn exec(&self, pod: &str, script: &str) -> String {
        let params = AttachParams::default().stderr(false);
        let mut process = self.pods.exec(pod, ["sh", "-c", script], &params).await.unwrap();
        let mut text = String::new();
        process.stdout().unwrap().read_to_string(&mut text).await.unwrap();
        text
    }
}

/// Whether a Pod has ended for good.
pub fn ended(pod: Option<&Pod>) -> bool {
    matches!(phase(pod), Some("Succeeded" | "Failed"))
}

/// Whether a Pod and all its containers are ready.
pub fn ready(pod: Option<&Pod>) -> bool {
    let conditions = pod.and_then(|pod| pod.status.as_ref()).and_then(|status| status.conditions.as_ref());
    conditions.into_iter().flatten().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn phase(pod: Option<&Pod>) -> Option<&str> {
    pod?.status.as_ref()?.phase.as_deref()
}

/// Why the first container of a Pod waits: reason and message.
pub fn waiting(pod: &Pod) -> Option<(String, String)> {
    let first = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
    let waiting = first.state.as_ref()?.waiting.as_ref()?;
    Some((waiting.reason.clone()?, waiting.message.clone().unwrap_or_default()))
}
