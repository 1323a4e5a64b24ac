//! Starting one container: back-off, image, configuration, runtime, hook.

use std::{net::Ipv4Addr, path::PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::{RETRY, Worker, ending, image::Got, lock};
use crate::{
    events::Subject,
    node::{
        container_spec::{ConfigError, Parts, container_spec},
        env::environment,
        handlers::Target,
        hooks,
        images::Image,
        live::{LastWords, Live, watch_over},
        logs::Log,
        objects::Lookup,
        observed::{Ended, Run, RunState, User, Waiting},
        plan::Kill,
        pod::Definition,
        probes::Probes,
        runtime::{ContainerId, ContainerSpec, Mount, MountSource, RuntimeError, SandboxId},
        volumes::permit,
    },
};

/// `Error` and `Completed` become `CrashLoopBackOff` so long after the exit. A kubelet may take until the restart,
/// because it looks no sooner; others show it at once.
const EXIT_SHOWN: SignedDuration = SignedDuration::from_secs(1);

impl Worker {
    /// Tries to start a container; true when something has changed that is worth another look at once.
    pub(super) async fn start(&mut self, name: &str) -> bool {
        let Some(definition) = self.pod.container(name).cloned() else { return false };
        if self.must_wait(&definition) {
            return false;
        }
        let (now, about) = (self.context.now(), self.subject().part(definition.field_path()));
        if self.lacks_volumes(&definition, &about) {
            return false;
        }
        let image = match self.image(&definition, &about).await {
            Got::Image(image) => *image,
            Got::Interrupted => return true,
            Got::Failed(why) => {
                self.context.warning(&about, "Failed", &format!("Error: {}", why.reason));
                self.waits(name, why.reason, why.message, why.retry);
                return false;
            }
        };
        match self.configure(&definition, &image) {
            Ok((spec, words, log)) => self.launch(&definition, &about, image, spec, words, log).await,
            Err(error) => {
                self.context.warning(&about, "Failed", &format!("Error: {error}"));
                self.waits(name, error.reason, error.message, now + RETRY);
                return false;
            }
        }
        true
    }

    /// Why a container can't be started now; not told before it was shown how it ended.
    pub(super) fn waits(&mut self, name: &str, reason: &str, message: String, retry: Timestamp) {
        let now = self.context.now();
        let container = self.observed.container_mut(name);
        container.waiting = Some(Waiting { reason: reason.to_owned(), message, visible_from: now });
        self.retry.insert(name.to_owned(), retry);
    }

    /// Whether a container that has ended must still wait before anything follows from it.
    pub(super) fn must_wait(&mut self, definition: &Definition) -> bool {
        let (now, about) = (self.context.now(), self.subject().part(definition.field_path()));
        self.retry.get(definition.name()).is_some_and(|retry| now < *retry) || self.backs_off(definition, &about)
    }

    /// Whether a container that has ended must wait for its next start.
    fn backs_off(&mut self, definition: &Definition, about: &Subject) -> bool {
        let name = definition.name();
        let key = format!("{name} {}", definition.image());
        let Some(ended) = self.observed.container(name).and_then(|container| container.ended()).cloned() else {
            return false;
        };
        let now = self.context.now();
        let Some((delay, until)) = self.restarts.waits(&key, ended.finished_at, now) else {
            self.restarts.next(&key, ended.finished_at, now);
            return false;
        };
        let shown = ended.finished_at + EXIT_SHOWN;
        if now < shown && self.observed.container(name).is_some_and(|container| container.waiting.is_some()) {
            self.retry.insert(name.to_owned(), shown);
            return true;
        }
        let label = self.pod.label();
        self.context.warning(about, "BackOff", &format!("Back-off restarting failed container {name} in pod {label}"));
        let delay = super::image::go_duration(delay.as_millis().unsigned_abs());
        let message = format!("back-off {delay} restarting failed container={name} pod={label}");
        self.waits(name, "CrashLoopBackOff", message, until);
        if let Some(waiting) = &mut self.observed.container_mut(name).waiting {
            waiting.visible_from = shown;
        }
        true
    }

    fn configure(
        &self,
        definition: &Definition,
        image: &Image,
    ) -> Result<(ContainerSpec, LastWords, Log), ConfigError> {
        let Some(sandbox) = self.sandbox.clone() else {
            return Err(ConfigError::create("the Pod's sandbox is gone"));
        };
        let lookup = Lookup { store: &self.context.store, namespace: self.pod.namespace() };
        let files = |volume: &str, path: &str| self.volumes.read(volume, path);
        let env =
            environment(&self.pod, &definition.spec, &lookup, &self.facts(), &files).map_err(ConfigError::config)?;
        let id = ContainerId(self.context.id());
        let (words, mount) = self.last_words(definition, &id).map_err(ConfigError::create)?;
        let mut mounts = self.volumes.mounts(&definition.spec, &env)?;
        mounts.extend(mount);
        let target = self.target_container(definition)?;
        let spec = container_spec(&self.pod, definition, image, Parts { id, sandbox, env, mounts, target })?;
        let restarts = self.restarts_of(definition.name());
        let log = self.log_path(definition.name(), restarts.into());
        let log = Log::create(&log).map_err(ConfigError::create)?;
        Ok((spec, words, log))
    }

    /// The running container whose processes an ephemeral one is to see.
    fn target_container(&self, definition: &Definition) -> Result<Option<ContainerId>, ConfigError> {
        let containers = self.pod.object["spec"]["ephemeralContainers"].as_array();
        let own = containers.into_iter().flatten().find(|container| container["name"] == definition.name());
        let Some(name) = own.and_then(|own| own["targetContainerName"].as_str()).filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let runs = lock(&self.handle.runs);
        let live = runs.current.get(name).filter(|live| live.ended.borrow().is_none());
        let missing = || ConfigError::config(format!("unable to find target container {name:?}"));
        live.map(|live| Some(live.id.clone())).ok_or_else(missing)
    }

    /// How many runs there were before the next one.
    fn restarts_of(&self, name: &str) -> u32 {
        let Some(container) = self.observed.container(name) else { return 0 };
        container.run.as_ref().map_or(container.earlier, |run| run.restarts + 1)
    }

    /// The file that takes the termination message, and where the container sees it.
    fn last_words(&self, definition: &Definition, id: &ContainerId) -> std::io::Result<(LastWords, Option<Mount>)> {
        let log_on_error = definition.spec.termination_message_policy.as_deref() == Some("FallbackToLogsOnError");
        let Some(target) = definition.spec.termination_message_path.clone().filter(|path| !path.is_empty()) else {
            return Ok((LastWords { file: None, log_on_error }, None));
        };
        let directory: PathBuf = self.pod_directory().join("containers").join(definition.name());
        std::fs::create_dir_all(&directory)?;
        let file = directory.join(&id.0[..8]);
        std::fs::write(&file, "")?;
        permit(&file, 0o666)?;
        let mount = Mount { source: MountSource::Path(file.clone()), target, read_only: false };
        Ok((LastWords { file: Some(file), log_on_error }, Some(mount)))
    }

    /// Where this Pod's files are.
    pub(super) fn pod_directory(&self) -> PathBuf {
        self.context.volumes.join(self.pod.uid())
    }

    async fn launch(
        &mut self,
        definition: &Definition,
        about: &Subject,
        image: Image,
        spec: ContainerSpec,
        words: LastWords,
        log: Log,
    ) {
        let name = definition.name();
        self.context.normal(about, "Created", "Container created");
        let id = spec.id.clone();
        let security = &spec.security;
        let user = User { uid: security.uid, gid: security.gid, groups: security.groups.clone() };
        let started = self.context.runtime.start_container(spec).await;
        let run = Run {
            container_id: id.to_string(),
            restarts: self.restarts_of(name),
            asked_image: definition.image().to_owned(),
            image: image.name.clone(),
            image_id: image.repo_digest.clone().unwrap_or_else(|| image.id.clone()),
            user,
            resources: definition.spec.resources.clone(),
            state: RunState::Running(self.context.now()),
        };
        self.retire(name);
        match started {
            Ok(process) => {
                let run = Run { state: RunState::Running(process.started_at), ..run };
                let wake = self.handle.wake.clone();
                let started_at = process.started_at;
                let live = watch_over(id, process, log, words, self.context.clock.clone(), wake);
                lock(&self.handle.runs).current.insert(name.to_owned(), live.clone());
                self.began(name, run);
                self.context.normal(about, "Started", "Container started");
                if self.post_start(definition, about, &live).await {
                    self.observed.container_mut(name).post_started = true;
                    let target = self.target(definition, &live);
                    let wake = &self.handle.wake;
                    let probes = Probes::start(&self.context, &target, about, wake, started_at);
                    self.probes.insert(name.to_owned(), probes);
                }
            }
            Err(error) => self.could_not_start(name, about, run, &error, log),
        }
    }

    /// Whom the probes and hooks of a container are for.
    pub(super) fn target(&self, definition: &Definition, live: &Live) -> Target {
        Target {
            runtime: self.context.runtime.clone(),
            sandbox: self.sandbox.clone().unwrap_or_else(|| SandboxId(String::new())),
            address: self.address.unwrap_or(Ipv4Addr::UNSPECIFIED),
            id: live.id.clone(),
            container: definition.spec.clone(),
        }
    }

    /// Runs the postStart hook; when it fails, the container is stopped and false comes back.
    async fn post_start(&mut self, definition: &Definition, about: &Subject, live: &Live) -> bool {
        let lifecycle = definition.spec.lifecycle.as_ref();
        let Some(hook) = lifecycle.and_then(|lifecycle| lifecycle.post_start.clone()) else { return true };
        let (target, label) = (self.target(definition, live), self.pod.label());
        let result = tokio::select! {
            result = hooks::run(&target, &hook, &label) => result,
            () = ending(self.news.clone()) => return true,
        };
        let Err(why) = result else { return true };
        self.context.warning(about, "FailedPostStartHook", "PostStartHook failed");
        let (name, message) = (definition.name().to_owned(), "FailedPostStartHook".to_owned());
        let kill = Kill { name, message, grace: None, again: false };
        self.stop_one(&kill).await;
        self.collect();
        if self.pod.restarts(definition, 137) {
            let now = self.context.now();
            self.waits(definition.name(), "PostStartHookError", why, now);
        }
        false
    }

    /// Keeps of the run before what may still be asked for: its end and its log.
    fn retire(&mut self, name: &str) {
        let mut runs = lock(&self.handle.runs);
        let past = runs.past.remove(name);
        let newest = match runs.current.remove(name) {
            Some(live) => {
                let (runtime, id) = (self.context.runtime.clone(), live.id.clone());
                tokio::spawn(async move { runtime.remove_container(id).await });
                Some((live.id.to_string(), live.log))
            }
            None => past,
        };
        let Some(newest) = newest else { return };
        if let Some((_, before)) = runs.previous.insert(name.to_owned(), newest) {
            before.discard();
        }
    }

    fn began(&mut self, name: &str, run: Run) {
        let container = self.observed.container_mut(name);
        if let Some(ended) = container.ended().cloned() {
            container.last = Some(ended);
        }
        container.run = Some(run);
        container.waiting = None;
        container.probed = Default::default();
        container.post_started = false;
        container.again = false;
        self.probes.remove(name);
        self.retry.remove(name);
    }

    /// The runtime refused: it counts as a run that ended at once (recorded in `lifecycle/start-error.yaml`).
    fn could_not_start(&mut self, name: &str, about: &Subject, run: Run, error: &RuntimeError, log: Log) {
        let message = error.to_string();
        self.context.warning(about, "Failed", &format!("Error: {message}"));
        let now = self.context.now();
        let ended = Ended {
            container_id: run.container_id.clone(),
            code: 128,
            reason: "StartError".to_owned(),
            message: message.clone(),
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: now,
        };
        lock(&self.handle.runs).past.insert(name.to_owned(), (run.container_id.clone(), log));
        self.began(name, Run { state: RunState::Ended(ended), ..run });
        let restarts = self.pod.container(name).is_some_and(|definition| self.pod.restarts(definition, 128));
        if restarts {
            self.waits(name, "RunContainerError", message, now);
        }
    }
}
