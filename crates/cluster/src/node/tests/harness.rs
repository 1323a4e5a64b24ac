//! A node on a scripted runtime and paused time, and Pods seen as `kubectl get -w` sees them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::{FutureExt, StreamExt as _, future::BoxFuture};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    clock::{Clock, api_time},
    events::EVENTS,
    node::{
        Node, NodeConfig,
        endpoint::{LogOptions, NodeEndpoint as _},
        images::{Credential, Image, ImageConfig, ImageError, Images},
        runtime::scripted::Scripted,
        write::PODS,
    },
    store::{Change, Key, Next, Object, Store, Watch},
};

/// tokio's paused time, counted from the morning of the recordings.
pub struct PausedClock {
    pub start: tokio::time::Instant,
    ids: AtomicU64,
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.start.elapsed()).unwrap();
        Timestamp::from_second(1_795_419_178).unwrap() + passed
    }
    fn uid(&self) -> String {
        format!("{:032x}", self.ids.fetch_add(1, Ordering::Relaxed))
    }
    fn suffix(&self, length: usize) -> String {
        "x".repeat(length)
    }
}

/// `busybox` is on the node and can be pulled; `nginx` can be pulled; nothing else is anywhere.
pub struct TestImages;

fn image(reference: &str) -> Image {
    let tagged = if reference.contains(':') { reference.to_owned() } else { format!("{reference}:latest") };
    let digest = format!("sha256:{:064}", tagged.len());
    Image {
        id: digest.clone(),
        repo_digest: Some(format!("docker.io/library/{}@{digest}", tagged.split(':').next().unwrap())),
        name: format!("docker.io/library/{tagged}"),
        size: 2_130_730,
        layers: Vec::new(),
        config: ImageConfig { cmd: vec!["sh".into()], ..ImageConfig::default() },
    }
}

impl Images for TestImages {
    fn local(&self, reference: &str) -> Result<Option<Image>, ImageError> {
        if reference.chars().any(char::is_uppercase) {
            let why = format!("invalid reference format: repository name (library/{reference}) must be lowercase");
            return Err(ImageError::InvalidName { reference: reference.to_owned(), why });
        }
        Ok(reference.starts_with("busybox").then(|| image(reference)))
    }

    fn pull(&self, reference: &str, _: Vec<Credential>) -> BoxFuture<'static, Result<Image, ImageError>> {
        let reference = reference.to_owned();
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(55)).await;
            if reference.starts_with("busybox") || reference == "nginx:1.27" {
                return Ok(image(&reference));
            }
            Err(ImageError::NotFound(format!(
                "rpc error: code = NotFound desc = docker.io/library/{reference}: not found"
            )))
        }
        .boxed()
    }

    fn all(&self) -> Vec<Image> {
        vec![image("busybox")]
    }
}

/// A node at work.
pub struct Bench {
    pub store: Store,
    pub runtime: Scripted,
    pub clock: Arc<PausedClock>,
    pub node: Arc<Node>,
    from: u64,
    _directory: TempDir,
}

impl Bench {
    /// What a Pod's container `main` has printed, or the refusal.
    pub async fn logs(&self, pod: &str, previous: bool) -> String {
        let options = LogOptions { container: "main".into(), previous, ..LogOptions::default() };
        match self.node.logs("default", pod, options).await {
            Ok(stream) => String::from_utf8(stream.collect::<Vec<_>>().await.concat()).unwrap(),
            Err(error) => format!("{} {error}", error.code),
        }
    }

    pub fn new() -> Self {
        let clock = Arc::new(PausedClock { start: tokio::time::Instant::now(), ids: AtomicU64::new(1) });
        let store = Store::new();
        let runtime = Scripted::new(clock.clone());
        let directory = tempfile::tempdir().unwrap();
        let node = Node::start(NodeConfig {
            workers: 0,
            max_pods: 110,
            name: "kind-control-plane".into(),
            store: store.clone(),
            runtime: Arc::new(runtime.clone()),
            images: Arc::new(TestImages),
            clock: clock.clone(),
            volumes: directory.path().join("volumes"),
            logs: directory.path().join("logs"),
            signer: crate::tokens::Signer::new([7; 32]),
        });
        Self { from: store.revision(), store, runtime, clock, node, _directory: directory }
    }

    /// Ends the node and starts another one on the same objects; what was written before is no longer in the journal.
    pub async fn reboot(self) -> Self {
        self.node.shutdown().await;
        self.anew()
    }

    /// The same with a node that ended without having a chance to do anything.
    pub fn crash(self) -> Self {
        self.anew()
    }

    fn anew(self) -> Self {
        let node = Node::start(NodeConfig {
            workers: 0,
            max_pods: 110,
            name: "kind-control-plane".into(),
            store: self.store.clone(),
            runtime: Arc::new(self.runtime.clone()),
            images: Arc::new(TestImages),
            clock: self.clock.clone(),
            volumes: self._directory.path().join("volumes"),
            logs: self._directory.path().join("logs"),
            signer: crate::tokens::Signer::new([7; 32]),
        });
        Self { from: self.store.revision(), node, ..self }
    }

    fn key(name: &str) -> Key {
        Key::new(PODS, "default", name)
    }

    /// Stores a Pod that is bound to the node.
    pub fn create(&self, name: &str, mut spec: Value) -> Object {
        spec["nodeName"] = json!("kind-control-plane");
        for list in ["containers", "initContainers"] {
            for container in spec[list].as_array_mut().into_iter().flatten() {
                let defaults = json!({"image": "busybox:1.36", "imagePullPolicy": "IfNotPresent",
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"});
                for (field, value) in defaults.as_object().unwrap() {
                    if container.get(field).is_none() {
                        container[field] = value.clone();
                    }
                }
            }
        }
        let scheduled = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null,
            "lastTransitionTime": api_time(self.clock.now())});
        let pod = json!({
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": name, "namespace": "default", "uid": format!("uid-{name}"), "generation": 1},
            "spec": spec,
            "status": {"phase": "Pending", "qosClass": "BestEffort", "conditions": [scheduled]},
        });
        self.store.insert(Self::key(name), pod).unwrap()
    }

    /// Changes a stored Pod as a client would.
    pub fn change(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let write = |pod: &Value| {
            let mut pod = pod.clone();
            change(&mut pod);
            pod["metadata"]["generation"] = json!(pod["metadata"]["generation"].as_i64().unwrap() + 1);
            Ok::<_, std::convert::Infallible>(Next::Put(pod))
        };
        self.store.modify(&Self::key(name), write).unwrap();
    }

    /// Deletes a Pod as the API server does.
    pub fn delete(&self, name: &str, grace: i64) {
        let at = api_time(self.clock.now() + SignedDuration::from_secs(grace));
        self.change(name, |pod| {
            pod["metadata"]["deletionTimestamp"] = json!(at);
            pod["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
        });
    }

    /// Waits until a Pod is as wanted, and gives it. Paused time goes on meanwhile.
    pub async fn until(&self, name: &str, mut wanted: impl FnMut(&Value) -> bool) -> Object {
        let mut watch = self.watch(0);
        if let Some(pod) = self.store.get(&Self::key(name))
            && wanted(&pod)
        {
            return pod;
        }
        loop {
            let event = tokio::time::timeout(std::time::Duration::from_secs(3600), watch.next()).await;
            let Ok(event) = event else {
                panic!("never as wanted:\n{}\n{}", self.journal(name).await, self.events(name))
            };
            let event = event.unwrap();
            if event.key.name == name && event.change != Change::Deleted && wanted(&event.object) {
                return event.object;
            }
        }
    }

    /// Waits until an event with this reason was written about a Pod.
    pub async fn until_event(&self, name: &str, reason: &str) {
        let mut watch = self.store.watch(EVENTS, None, 0).unwrap();
        while !self.events(name).lines().any(|line| line.split(' ').nth(1) == Some(reason)) {
            watch.next().await.unwrap();
        }
    }

    /// Waits until a Pod is gone.
    pub async fn until_gone(&self, name: &str) {
        let mut watch = self.watch(0);
        while self.store.get(&Self::key(name)).is_some() {
            watch.next().await.unwrap();
        }
    }

    /// Waits until the Pod's STATUS column, as far as the harness knows it, is this.
    pub async fn until_status(&self, name: &str, status: &str) -> Object {
        self.until(name, |pod| column(pod) == status).await
    }

    fn watch(&self, from: u64) -> Watch {
        self.store.watch(PODS, None, from).unwrap()
    }

    /// All writes of a Pod so far, one line each: seconds, type, phase, conditions that hold, containers.
    pub async fn journal(&self, name: &str) -> String {
        let mut watch = self.watch(self.from);
        let mut lines = Vec::new();
        while let Some(Ok(event)) = watch.next().now_or_never() {
            if event.key.name == name {
                lines.push(format!("{:?} {}", event.change, line(&event.object)));
            }
        }
        lines.join("\n")
    }

    /// The events about a Pod, in the order they were first written.
    pub fn events(&self, name: &str) -> String {
        let mut events: Vec<Object> = self.store.list(EVENTS, Some("default")).1;
        events.retain(|event| event["involvedObject"]["name"] == name);
        events.sort_by_key(|event| event["metadata"]["name"].as_str().unwrap().to_owned());
        let line = |event: &Object| {
            let text = |field: &str| event[field].as_str().unwrap_or("").to_owned();
            let path =
                event["involvedObject"]["fieldPath"].as_str().map(|path| format!("{path}: ")).unwrap_or_default();
            let count = match event["count"].as_u64() {
                Some(2..) => format!(" (x{})", event["count"]),
                _ => String::new(),
            };
            format!("{} {}{count} {path}{}", text("type"), text("reason"), text("message"))
        };
        events.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// A simple form of the STATUS column.
fn column(pod: &Value) -> String {
    let mut column = pod["status"]["phase"].as_str().unwrap_or("").to_owned();
    for status in pod["status"]["containerStatuses"].as_array().into_iter().flatten() {
        let state = &status["state"];
        if let Some(reason) = state["waiting"]["reason"].as_str().or(state["terminated"]["reason"].as_str()) {
            column = reason.to_owned();
        }
    }
    column
}

fn line(pod: &Value) -> String {
    let status = &pod["status"];
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let conditions: Vec<String> = conditions.map(condition).collect();
    let mut containers = BTreeMap::new();
    for list in ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"] {
        for status in status[list].as_array().into_iter().flatten() {
            containers.insert(status["name"].as_str().unwrap().to_owned(), container(status));
        }
    }
    let containers: Vec<String> = containers.into_iter().map(|(name, text)| format!("{name}={text}")).collect();
    let grace = match pod["metadata"]["deletionGracePeriodSeconds"].as_i64() {
        Some(grace) => format!(" deleting({grace})"),
        None => String::new(),
    };
    let ip = if status["podIP"].is_string() { " ip" } else { "" };
    let reason = status["reason"].as_str().map(|reason| format!(" {reason}")).unwrap_or_default();
    format!(
        "{}{reason}{grace}{ip} [{}] {}",
        status["phase"].as_str().unwrap(),
        conditions.join(" "),
        containers.join(" ")
    )
}

/// `R` holds, `r` does not; a reason follows.
fn condition(condition: &Value) -> String {
    let name = match condition["type"].as_str().unwrap() {
        "PodReadyToStartContainers" => "sandbox",
        "Initialized" => "init",
        "Ready" => "ready",
        "ContainersReady" => "containers",
        "PodScheduled" => "scheduled",
        other => other,
    };
    let sign = if condition["status"] == "True" { '+' } else { '-' };
    let reason = condition["reason"].as_str().map(|reason| format!(":{reason}")).unwrap_or_default();
    format!("{sign}{name}{reason}")
}

fn container(status: &Value) -> String {
    let state = &status["state"];
    let told = if let Some(reason) = state["waiting"]["reason"].as_str() {
        reason.to_owned()
    } else if state["running"].is_object() {
        "running".to_owned()
    } else {
        format!("{}({})", state["terminated"]["reason"].as_str().unwrap(), state["terminated"]["exitCode"])
    };
    let ready = if status["ready"] == true { "+" } else { "" };
    let restarts = match status["restartCount"].as_u64() {
        Some(count @ 1..) => format!(" x{count}"),
        _ => String::new(),
    };
    format!("{told}{ready}{restarts}")
}
