//! Bringing containers to other resources while they run.

use std::sync::atomic::Ordering;

use super::{RETRY, Worker, lock};
use crate::node::{
    machine::NODES,
    pod::Definition,
    resize::{self, Allocation, Told},
    resources::{limits, of_pod},
    runtime::Limits,
    write::PODS,
};
use crate::store::Key;

impl Worker {
    /// Looks whether the node can give the Pod what its manifest asks for, and from here on sees the Pod with what it has
    /// been given.
    pub(super) fn allocate(&mut self) {
        let wanted = resize::wanted(&self.pod);
        if wanted == self.allocation {
            self.observed.resize.pending = None;
        } else if !self.pod.ended() && !self.pod.deleting() {
            self.resize_to(wanted);
        }
        self.pod.give(&self.allocation);
        let deferred = self.observed.resize.pending.as_ref().is_some_and(|told| told.reason == "Deferred");
        self.handle.deferred.store(deferred, Ordering::Relaxed);
    }

    fn resize_to(&mut self, wanted: Allocation) {
        let store = &self.context.store;
        let Some(node) = store.get(&Key::new(NODES, "", &*self.context.node_name)) else { return };
        let generation = self.pod.generation();
        let Some(why) = resize::refusal(&self.pod, &node, &store.list(PODS, None).1) else {
            self.allocation = wanted;
            self.observed.resize.pending = None;
            self.observed.resize.in_progress = Some(self.told("", String::new(), None));
            let text = resize::event("started", &self.pod, generation, None);
            return self.context.normal(&self.subject(), "ResizeStarted", &text);
        };
        let before = self.observed.resize.pending.take();
        let known = before.as_ref().is_some_and(|told| {
            (told.reason, &told.message, told.generation) == (why.reason, &why.message, generation)
        });
        if known {
            self.observed.resize.pending = before;
            return;
        }
        let text = resize::event(why.reason, &self.pod, generation, Some(&why.message));
        self.context.warning(&self.subject(), &format!("Resize{}", why.reason), &text);
        self.observed.resize.pending = Some(self.told(why.reason, why.message, before.as_ref()));
    }

    fn told(&self, reason: &'static str, message: String, before: Option<&Told>) -> Told {
        let now = self.context.now();
        let since = before.filter(|told| told.reason == reason).map_or(now, |told| told.since);
        Told { reason, message, generation: self.pod.generation(), since, probed: now }
    }

    /// Gives running containers what the node has agreed to, those that need no restart for it.
    pub(super) async fn actuate(&mut self) {
        if self.observed.resize.in_progress.is_none() {
            return;
        }
        // The kernel lets no group have more than the one above it: on the way up the Pod's goes first, on the way down last.
        let wanted = of_pod(&self.pod);
        if let Err(why) = self.bound_sandbox(self.bounds.wider(&wanted)).await {
            return self.resize_failed(why);
        }
        for definition in self.unactuated() {
            if resize::needs_restart(&definition.spec, self.given(&definition)) {
                continue;
            }
            if let Err(why) = self.update(&definition).await {
                return self.resize_failed(why);
            }
            let run = self.observed.container_mut(definition.name()).run.as_mut();
            run.expect("it runs, or it would need nothing").resources = definition.spec.resources.clone();
        }
        // What has no limit of its own has the Pod's, and has it by now.
        self.actuated = self.allocation.whole.clone();
        if self.unactuated().is_empty() {
            if let Err(why) = self.bound_sandbox(wanted).await {
                return self.resize_failed(why);
            }
            let generation = self.observed.resize.in_progress.take().map_or(0, |told| told.generation);
            let text = resize::event("completed", &self.pod, generation, None);
            self.context.normal(&self.subject(), "ResizeCompleted", &text);
        }
    }

    /// Gives the Pod's containers together so much.
    async fn bound_sandbox(&mut self, limits: Limits) -> Result<(), String> {
        let Some(sandbox) = self.sandbox.clone().filter(|_| limits != self.bounds) else { return Ok(()) };
        self.context.runtime.update_sandbox(sandbox, limits.clone()).await.map_err(|error| error.to_string())?;
        self.bounds = limits;
        Ok(())
    }

    fn given(&self, definition: &Definition) -> Option<&k8s_openapi::api::core::v1::ResourceRequirements> {
        self.observed.container(definition.name())?.run.as_ref()?.resources.as_ref()
    }

    /// The running containers that do not have what the node has agreed to.
    fn unactuated(&self) -> Vec<Definition> {
        let whole = self.actuated != self.allocation.whole;
        let differs = |definition: &&Definition| {
            self.allocation.containers.contains_key(definition.name())
                && self.observed.container(definition.name()).is_some_and(|container| container.running())
                && (whole || self.given(definition) != definition.spec.resources.as_ref())
        };
        self.pod.containers.iter().filter(differs).cloned().collect()
    }

    async fn update(&self, definition: &Definition) -> Result<(), String> {
        let name = definition.name();
        let live = lock(&self.handle.runs).current.get(name).cloned();
        let Some(live) = live else { return Ok(()) };
        let wanted = limits(&self.pod, &definition.spec);
        let usage = self.context.runtime.usage(live.id.clone()).await.unwrap_or_default();
        if let Some(limit) = wanted.memory.filter(|limit| *limit < usage.memory) {
            return Err(format!(
                "cannot decrease memory limits: attempting to set container {name:?} memory limit ({limit}) below \
                 current usage ({})",
                usage.memory
            ));
        }
        self.context.runtime.update(live.id, wanted).await.map_err(|error| error.to_string())
    }

    fn resize_failed(&mut self, why: String) {
        let before = self.observed.resize.in_progress.take();
        if before.as_ref().is_none_or(|told| told.message != why) {
            let generation = before.as_ref().map_or(0, |told| told.generation);
            let text = resize::event("error", &self.pod, generation, Some(&why));
            self.context.warning(&self.subject(), "ResizeError", &text);
        }
        let told = self.told("Error", why, before.as_ref());
        self.observed.resize.in_progress = Some(Told { generation: before.map_or(0, |told| told.generation), ..told });
        self.wake_at(self.context.now() + RETRY);
    }
}
