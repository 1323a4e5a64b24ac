//! The worker of one Pod: looks at what is wanted and what is, does the next thing, tells how it is, waits.

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};

use super::{
    adopt::{adopt, past_runs},
    backoff::Backoff,
    context::{Context, until},
    images::{Credential, InUse},
    live::Runs,
    logs::Log,
    observed::{Failure, Observed, RunState},
    phase::{main_done, started},
    plan::{Kill, plan},
    pod::Pod,
    probes::Probes,
    reject::{Rejection, rejected, rejection},
    resize::{Allocation, given_before},
    runtime::{ContainerId, Limits, SandboxId},
    status::status,
    volumes::Volumes,
    write::{self, PODS},
};
use crate::{
    admission::resources::qos_class,
    events::Subject,
    store::{Key, Object},
};

mod disk;
mod image;
mod resize;
mod sandbox;
mod start;
mod stop;
mod volumes;

/// What is newest about a Pod in the store.
#[derive(Debug, Clone)]
pub enum News {
    /// It is there.
    Stored(Object),
    /// It was taken out, perhaps before its containers ended.
    Gone,
}

/// How often something that failed is tried again when nothing has changed; a kubelet takes 12 to 15 s
/// (`TIMING.md`, "Other delays").
const RETRY: SignedDuration = SignedDuration::from_secs(12);

/// What others may do with a running worker.
#[derive(Clone)]
pub struct Handle {
    /// Its containers, for the endpoints.
    pub runs: Arc<Mutex<Runs>>,
    /// Its sandbox, once there is one.
    pub sandbox: Arc<Mutex<Option<SandboxId>>>,
    /// `metadata.uid`
    pub uid: String,
    news: watch::Sender<News>,
    again: Arc<Mutex<bool>>,
    /// Why the node wants it to go.
    evicted: Arc<Mutex<Option<String>>>,
    /// Whether it has left the node what it had.
    through: Arc<AtomicBool>,
    /// Whether it waits for room on the node.
    deferred: Arc<AtomicBool>,
    wake: Arc<Notify>,
}

impl Handle {
    /// The Pod has changed in the store.
    pub fn tell(&self, news: News) {
        self.news.send_replace(news);
        self.wake.notify_one();
    }

    /// The node has too little for it; why is in the kubelet's words.
    pub fn evict(&self, message: String) {
        *self.evicted.lock().expect("nothing panics while it holds a text") = Some(message);
        self.wake.notify_one();
    }

    /// Its containers that run, by name.
    pub fn running(&self) -> Vec<(String, ContainerId)> {
        let runs = lock(&self.runs);
        let running = runs.current.iter().filter(|(_, live)| live.ended.borrow().is_none());
        running.map(|(name, live)| (name.clone(), live.id.clone())).collect()
    }

    /// Whether nothing of it runs any more, and its volumes have been taken away.
    pub fn is_through(&self) -> bool {
        self.through.load(Ordering::Relaxed)
    }

    /// Another Pod has left room on the node.
    pub fn room_made(&self) {
        if self.deferred.load(Ordering::Relaxed) {
            self.wake.notify_one();
        }
    }

    /// Something that the Pod refers to has changed: what failed is worth another try.
    pub fn poke(&self) {
        *self.again.lock().expect("nothing panics while it holds a flag") = true;
        self.wake.notify_one();
    }
}

/// The worker itself; [`Worker::run`] is its task.
pub struct Worker {
    context: Arc<Context>,
    key: Key,
    pod: Pod,
    handle: Handle,
    news: watch::Receiver<News>,
    observed: Observed,
    sandbox: Option<SandboxId>,
    /// What all containers in the sandbox may have together.
    bounds: Limits,
    address: Option<Ipv4Addr>,
    restarts: Backoff,
    pulls: Backoff,
    pull_errors: HashMap<String, String>,
    /// What the Pod's pull secrets say, in one round of starting.
    credentials: Option<Vec<Credential>>,
    /// The images that its containers were started from, by their ids.
    in_use: BTreeMap<String, InUse>,
    /// Why there are no images for some volumes.
    no_volume: BTreeMap<String, image::NoImage>,
    /// Before when a container that could not be started is left alone.
    retry: BTreeMap<String, Timestamp>,
    volumes: Volumes,
    /// What the node has given to the Pod's containers.
    allocation: Allocation,
    /// What the Pod as a whole has in fact.
    actuated: serde_json::Value,
    probes: BTreeMap<String, Probes>,
    /// Since when the volumes can't be made, and how often that was tried.
    mounting: Option<u32>,
    /// When it was looked last what the Pod has on the disk.
    disk_checked: Option<Timestamp>,
    /// Whether this node can't take the Pod; it has been told then, and nothing more is.
    rejected: bool,
    /// When to look again though nothing has changed.
    alarm: Option<Timestamp>,
}

/// What to do after a look at the Pod.
enum Next {
    /// Look again at once.
    Again,
    /// Wait for a change, or for the alarm.
    Wait,
    /// There is nothing left to do.
    Done,
}

impl Worker {
    /// A worker for a Pod that is bound to this node, and how to reach it.
    pub fn new(context: Arc<Context>, pod: Pod) -> (Self, Handle) {
        let (sender, news) = watch::channel(News::Stored(pod.object.clone()));
        let handle = Handle {
            runs: Arc::default(),
            sandbox: Arc::default(),
            uid: pod.uid().to_owned(),
            news: sender,
            again: Arc::default(),
            evicted: Arc::default(),
            through: Arc::default(),
            deferred: Arc::default(),
            wake: Arc::default(),
        };
        let start_time = pod.object["status"]["startTime"].as_str().and_then(|text| text.parse().ok());
        let worker = Self {
            key: Key::new(PODS, pod.namespace(), pod.name()),
            observed: Observed {
                containers: adopt(&pod, context.before, context.now()),
                ..Observed::new(start_time.unwrap_or_else(|| context.now()))
            },
            handle: handle.clone(),
            news,
            sandbox: None,
            bounds: Limits::default(),
            address: None,
            restarts: Backoff::default(),
            pulls: Backoff::default(),
            pull_errors: HashMap::new(),
            credentials: None,
            in_use: BTreeMap::new(),
            no_volume: BTreeMap::new(),
            retry: BTreeMap::new(),
            volumes: Volumes::new(&context.volumes, pod.uid()),
            actuated: given_before(&pod).whole,
            allocation: given_before(&pod),
            probes: BTreeMap::new(),
            mounting: None,
            disk_checked: None,
            rejected: false,
            alarm: None,
            context,
            pod,
        };
        worker.find_logs();
        (worker, handle)
    }

    /// Finds what containers printed before this node began to look after the Pod.
    fn find_logs(&self) {
        let mut runs = lock(&self.handle.runs);
        for run in past_runs(&self.pod) {
            let Ok(log) = Log::left(&self.log_path(&run.name, run.number)) else { continue };
            let logs = if run.newest { &mut runs.past } else { &mut runs.previous };
            logs.insert(run.name, (run.id, log));
        }
    }

    /// Where the output of a container's run is kept.
    fn log_path(&self, container: &str, number: u64) -> PathBuf {
        self.context.logs.join(self.pod.uid()).join(container).join(format!("{number}.log"))
    }

    /// Works until the Pod is gone.
    pub async fn run(mut self) {
        self.rejected = self.rejects();
        loop {
            match self.look().await {
                Next::Done => break,
                Next::Again => {}
                Next::Wait => self.wait().await,
            }
        }
    }

    async fn wait(&mut self) {
        let wake = self.handle.wake.clone();
        match self.alarm.take() {
            None => wake.notified().await,
            Some(alarm) => {
                let time = until(&*self.context.clock, alarm).max(Duration::from_millis(1));
                tokio::select! {
                    () = wake.notified() => {}
                    () = tokio::time::sleep(time) => {}
                }
            }
        }
    }

    /// One look: at most one round of stopping and starting.
    async fn look(&mut self) -> Next {
        let gone = !self.refresh();
        self.collect();
        if gone || self.pod.deleting() {
            self.terminate(gone).await;
            return Next::Done;
        }
        if self.rejected {
            return Next::Wait;
        }
        if self.observed.finished {
            self.report();
            return Next::Wait;
        }
        if self.pod.ended() {
            self.adopt_end();
            return Next::Wait;
        }
        self.check_deadline();
        self.check_disk().await;
        self.check_eviction();
        self.allocate();
        self.report();
        let mut next = plan(&self.pod, &self.observed);
        if !next.finish && !self.ready_sandbox().await {
            return Next::Wait;
        }
        if next.finish {
            self.finish().await;
            return Next::Again;
        }
        if let Some(name) = next.restart_all {
            let restarted = self.restart_all(&name).await;
            self.report();
            self.set_alarms();
            return if restarted { Next::Again } else { Next::Wait };
        }
        self.actuate().await;
        let mut progress = self.kill(next.kill).await;
        if progress {
            next = plan(&self.pod, &self.observed);
        }
        self.credentials = None;
        if !next.start.is_empty() && !self.image_volumes().await {
            return Next::Again;
        }
        for name in next.start {
            if self.interrupted() {
                return Next::Again;
            }
            progress |= self.start(&name).await;
        }
        self.collect();
        self.report();
        self.set_alarms();
        if progress { Next::Again } else { Next::Wait }
    }

    /// Takes in the newest state of the Pod; false when it is gone.
    fn refresh(&mut self) -> bool {
        let again = std::mem::take(&mut *self.handle.again.lock().expect("nothing panics while it holds a flag"));
        let object = match &*self.news.borrow_and_update() {
            News::Gone => return false,
            News::Stored(object) => object.clone(),
        };
        let old = &self.pod.object;
        let changed = object["spec"] != old["spec"]
            || ["labels", "annotations"].iter().any(|map| object["metadata"][map] != old["metadata"][map]);
        match Pod::read(object) {
            Ok(pod) => self.pod = pod,
            Err(error) => tracing::error!(%error, pod = self.pod.label(), "a stored Pod can't be read"),
        }
        if again || changed {
            self.retry.clear();
            self.no_volume.clear();
            self.mounting = None;
            if !self.observed.finished {
                self.refresh_volumes();
            }
        }
        true
    }

    /// Takes in what the containers did by themselves.
    fn collect(&mut self) {
        let runs = self.handle.runs.clone();
        for (name, live) in &lock(&runs).current {
            let Some(ended) = live.ended.borrow().clone() else { continue };
            let container = self.observed.container_mut(name);
            if let Some(run) = &mut container.run
                && run.container_id == ended.container_id
            {
                run.state = RunState::Ended(ended);
                self.probes.remove(name);
            }
        }
        for (name, probes) in &self.probes {
            let said = *probes.said.lock().expect("nothing panics while it holds what probes said");
            let container = self.observed.container_mut(name);
            container.probed = said;
            let started = self.pod.container(name).is_some_and(|definition| started(definition, container));
            probes.started.send_if_modified(|before| std::mem::replace(before, started) != started);
        }
    }

    /// Whether the Pod is to be deleted, or is gone, since the last look.
    fn interrupted(&self) -> bool {
        is_ending(&self.news.borrow())
    }

    /// A Pod that had ended before this node knew it (after a restart of the server): nothing is run again.
    fn adopt_end(&mut self) {
        self.observed.finished = true;
    }

    /// Fails a new Pod that this node can't take; true when it has.
    fn rejects(&mut self) -> bool {
        let new = !self.pod.ended() && !self.pod.deleting() && self.pod.object["status"]["startTime"].is_null();
        let node = self.context.store.get(&Key::new(super::machine::NODES, "", &*self.context.node_name));
        let (true, Some(node)) = (new, node) else { return false };
        let store = &self.context.store;
        let qos = qos_class(&self.pod.object["spec"]);
        let pressed = self.context.health.starved().refuses(qos, self.context.now());
        let pressed = pressed.map(|message| Rejection { reason: "Evicted".to_owned(), message });
        let rejection = pressed.or_else(|| rejection(&self.pod, &node, || store.list(PODS, None).1));
        let Some(why) = rejection else { return false };
        self.context.warning(&self.subject(), &why.reason, &why.message);
        let now = self.context.now();
        let status = |_: &serde_json::Value| rejected(&self.pod, &why, &crate::clock::api_time(now));
        write::write_status(store, &self.key, self.pod.uid(), status, now);
        true
    }

    /// Writes the status if it has changed.
    fn report(&mut self) {
        if self.rejected {
            return;
        }
        let now = self.context.now();
        let host = self.context.host.to_string();
        let (pod, observed) = (&self.pod, &self.observed);
        let compute = |old: &serde_json::Value| status(pod, old, observed, &host, now);
        if let Some(stored) = write::write_status(&self.context.store, &self.key, pod.uid(), compute, now) {
            // What others changed meanwhile comes with the news; here only the version matters, for events.
            let mut object = serde_json::Value::clone(&self.pod.object);
            object["status"] = stored["status"].clone();
            object["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"].clone();
            self.pod.object = Arc::new(object);
        }
    }

    /// `activeDeadlineSeconds`, counted from `startTime`.
    fn check_deadline(&mut self) {
        let Some(seconds) = self.pod.spec.active_deadline_seconds else { return };
        let deadline = self.observed.start_time + SignedDuration::from_secs(seconds);
        if self.context.now() < deadline {
            return self.wake_at(deadline);
        }
        if self.observed.failure.is_none() && !main_done(&self.pod, &self.observed) {
            let message = "Pod was active on the node longer than the specified deadline";
            self.context.normal(&self.subject(), "DeadlineExceeded", message);
            let (reason, message) = ("DeadlineExceeded".to_owned(), message.to_owned());
            self.observed.failure = Some(Failure { reason, message, grace: None });
        }
    }

    /// Looks again at `then` at the latest.
    fn wake_at(&mut self, then: Timestamp) {
        self.alarm = Some(self.alarm.map_or(then, |alarm| alarm.min(then)));
    }

    fn set_alarms(&mut self) {
        let now = self.context.now();
        let retries = self.retry.values().copied();
        let visible = self.observed.containers.values().filter_map(|c| c.waiting.as_ref()).map(|w| w.visible_from);
        let next = retries.chain(visible).filter(|then| *then > now).min();
        if let Some(then) = next {
            self.wake_at(then);
        }
    }

    fn subject(&self) -> Subject {
        Subject::of(&self.pod.object)
    }

    /// Stops the containers that must be started anew; true if there were any.
    async fn kill(&mut self, kills: Vec<Kill>) -> bool {
        let any = !kills.is_empty();
        for kill in kills {
            self.observed.container_mut(&kill.name).again = kill.again;
            self.stop_one(&kill).await;
            self.collect();
        }
        any
    }
}

/// Whether this news means that nothing new is to be started.
fn is_ending(news: &News) -> bool {
    match news {
        News::Gone => true,
        News::Stored(object) => object["metadata"]["deletionTimestamp"].is_string(),
    }
}

/// Resolves when the Pod is to be deleted, or is gone.
async fn ending(mut news: watch::Receiver<News>) {
    while !is_ending(&news.borrow_and_update()) {
        if news.changed().await.is_err() {
            return;
        }
    }
}

fn lock(runs: &Mutex<Runs>) -> MutexGuard<'_, Runs> {
    runs.lock().expect("nothing panics while it holds the runs")
}
