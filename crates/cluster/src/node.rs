//! The kubelet's part: what turns a Pod that is bound to this node into running containers, and tells how they fare.
//!
//! One [`Worker`] task per Pod holds what is [`observed`], asks [`plan`] what is next, does it, and has [`status`] say
//! how things are. Decisions are functions over values; only the worker and [`live`] do anything.

mod adopt;
mod backoff;
mod conditions;
mod container_spec;
mod container_status;
mod context;
mod disk;
mod downward;
pub mod endpoint;
mod env;
mod eviction;
mod handlers;
mod health;
mod hooks;
pub mod images;
pub(crate) mod lease;
mod left;
mod live;
mod logs;
mod machine;
mod members;
mod names;
mod network;
mod objects;
mod observed;
mod phase;
mod plan;
mod pod;
mod pressure;
mod probes;
mod reject;
mod resize;
mod resources;
pub mod runtime;
mod serve;
mod status;
mod usage;
mod volumes;
mod worker;
mod write;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
};

use futures::future::join_all;
use serde_json::Value;
use tokio::task::JoinHandle;

use self::{
    context::{Addresses, Context},
    images::Images,
    members::members,
    names::ClusterNames,
    pod::Pod,
    runtime::{Runtime, network::PodRange},
    worker::{Handle, News, Worker},
    write::PODS,
};
use crate::{
    clock::SharedClock,
    events::Recorder,
    store::{Change, Event, Key, Store, TooOld},
    tokens::Signer,
};

pub use self::runtime::network::HOST;

/// Objects that Pods refer to: when one changes, what failed for want of it is tried again.
const REFERRED: [&str; 3] = ["configmaps", "secrets", "persistentvolumeclaims"];

/// What a node needs.
pub struct NodeConfig {
    /// `metadata.name` of the Node.
    pub name: String,
    /// How many more Nodes stand for this machine, for Pods to be spread over.
    pub workers: u8,
    /// How many Pods each Node takes (the kubelet's `maxPods`).
    pub max_pods: u16,
    /// The cluster's objects.
    pub store: Store,
    /// What runs the containers.
    pub runtime: Arc<dyn Runtime>,
    /// Where their images come from.
    pub images: Arc<dyn Images>,
    /// Time and ids.
    pub clock: SharedClock,
    /// Where Pods' volumes are made; the runtime must know it as the place that mounts come from.
    pub volumes: PathBuf,
    /// Where logs are kept.
    pub logs: PathBuf,
    /// Signs the tokens of Pods' service accounts.
    pub signer: Signer,
}

/// A node at work. It ends its Pods' workers when it is dropped; [`Node::shutdown`] waits for them.
pub struct Node {
    context: Arc<Context>,
    pods: Arc<Mutex<BTreeMap<Key, Entry>>>,
    tasks: Vec<JoinHandle<()>>,
}

struct Entry {
    handle: Handle,
    task: JoinHandle<()>,
}

/// What the workers of each Node's Pods share, by the Node's name.
type Members = Arc<BTreeMap<String, Arc<Context>>>;

type Pods = Mutex<BTreeMap<Key, Entry>>;

fn lock(pods: &Pods) -> MutexGuard<'_, BTreeMap<Key, Entry>> {
    pods.lock().expect("nothing panics while it holds the Pods")
}

impl Node {
    /// Registers the Node objects and takes up the Pods that are bound to them.
    pub fn start(config: NodeConfig) -> Arc<Self> {
        let NodeConfig { name, workers, max_pods, store, runtime, images, clock, volumes, logs, signer } = config;
        let machine = machine::Machine::read();
        let before = left::take_over(&store, &volumes, &logs);
        let all = members(&name, HOST, workers);
        let context = Context {
            recorder: Recorder::kubelet(store.clone(), clock.clone(), &name),
            store,
            runtime,
            images,
            clock,
            node_name: name,
            host: HOST,
            volumes,
            logs,
            addresses: Arc::default(),
            signer,
            before,
            max_pods,
            allocatable: machine.allocatable(),
            rates: Arc::default(),
            health: Arc::default(),
        };
        let mut members = BTreeMap::new();
        for member in all {
            let recorder = Recorder::kubelet(context.store.clone(), context.clock.clone(), &member.name);
            let (node_name, host) = (member.name.clone(), member.host);
            let addresses = Arc::new(Addresses::of(PodRange::of_node(member.index, max_pods)));
            let own = Context { node_name, host, recorder, addresses, ..context.clone() };
            machine::register(&own, &machine, &member);
            members.insert(member.name, Arc::new(own));
        }
        let (context, members) = (Arc::new(context), Arc::new(members));
        // Before the first Pod may start.
        context.runtime.set_names(Arc::new(ClusterNames::new(context.store.clone())));
        let pods = Arc::new(Pods::default());
        let mut tasks: Vec<_> = members.values().map(|own| tokio::spawn(health::follow(own.clone()))).collect();
        tasks.push(tokio::spawn(pressure::follow::follow(members.clone(), pods.clone())));
        tasks.push(tokio::spawn(follow_pods(members, pods.clone())));
        tasks.push(tokio::spawn(network::follow(context.clone())));
        for resource in REFERRED {
            tasks.push(tokio::spawn(follow_referred(context.store.clone(), resource, pods.clone())));
        }
        Arc::new(Self { context, pods, tasks })
    }

    /// Stops looking after Pods and ends all containers.
    pub async fn shutdown(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        let entries: Vec<Entry> = std::mem::take(&mut *lock(&self.pods)).into_values().collect();
        let ends = entries.into_iter().map(|entry| async {
            entry.task.abort();
            // A task that was aborted says so; that is what was wanted.
            let _ = entry.task.await;
        });
        join_all(ends).await;
        self.context.runtime.shutdown().await;
        left::say_orderly(&self.context.logs);
    }

    fn handle(&self, namespace: &str, pod: &str) -> Option<Handle> {
        lock(&self.pods).get(&Key::new(PODS, namespace, pod)).map(|entry| entry.handle.clone())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        lock(&self.pods).values().for_each(|entry| entry.task.abort());
    }
}

/// Hands each Pod's changes to its worker. When it was too slow for the log, it begins anew with a list.
async fn follow_pods(members: Members, pods: Arc<Pods>) {
    let Some(store) = members.values().next().map(|context| context.store.clone()) else { return };
    loop {
        let (revision, objects) = store.list(PODS, None);
        let known: Vec<Key> = lock(&pods).keys().cloned().collect();
        for key in known {
            if store.get(&key).is_none() {
                tell_gone(&pods, &key);
            }
        }
        for object in objects {
            tell(&members, &pods, object);
        }
        let Ok(mut watch) = store.watch(PODS, None, revision) else { continue };
        loop {
            match watch.next().await {
                Ok(Event { change: Change::Deleted, key, .. }) => tell_gone(&pods, &key),
                Ok(event) => tell(&members, &pods, event.object),
                Err(TooOld { .. }) => break,
            }
        }
    }
}

fn tell_gone(pods: &Arc<Pods>, key: &Key) {
    let held = lock(pods);
    if let Some(entry) = held.get(key) {
        entry.handle.tell(News::Gone);
    }
    held.values().for_each(|entry| entry.handle.room_made());
}

fn tell(members: &Members, pods: &Arc<Pods>, object: Arc<Value>) {
    let Some(context) = object["spec"]["nodeName"].as_str().and_then(|name| members.get(name)) else { return };
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or("").to_owned();
    let key = Key::new(PODS, text("namespace"), text("name"));
    let mut held = lock(pods);
    if let Some(entry) = held.get(&key)
        && entry.handle.uid == text("uid")
    {
        let ended = matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        entry.handle.tell(News::Stored(object));
        if ended {
            held.values().for_each(|entry| entry.handle.room_made());
        }
        return;
    }
    let label = text("name");
    match Pod::read(object) {
        Ok(pod) => {
            // A Pod of the same name that was deleted at once may still be ending; its worker finishes on its own.
            let (worker, handle) = Worker::new(context.clone(), pod);
            let (uid, pods, ended) = (handle.uid.clone(), Arc::downgrade(pods), key.clone());
            let task = tokio::spawn(async move {
                worker.run().await;
                if let Some(pods) = pods.upgrade() {
                    let mut held = lock(&pods);
                    if held.get(&ended).is_some_and(|entry| entry.handle.uid == uid) {
                        held.remove(&ended);
                    }
                }
            });
            if let Some(old) = held.insert(key, Entry { handle, task }) {
                old.handle.tell(News::Gone);
            }
        }
        Err(error) => tracing::error!(%error, pod = label, "a stored Pod can't be read"),
    }
}

/// Wakes the Pods of a namespace when something they may refer to has changed.
async fn follow_referred(store: Store, resource: &'static str, pods: Arc<Pods>) {
    loop {
        let Ok(mut watch) = store.watch(resource, None, 0) else { continue };
        while let Ok(event) = watch.next().await {
            for (key, entry) in lock(&pods).iter() {
                if event.key.namespace.is_empty() || key.namespace == event.key.namespace {
                    entry.handle.poke();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
