//! The volumes of a worker's Pod.

use std::net::Ipv4Addr;

use jiff::SignedDuration;

use super::Worker;
use crate::node::{context::Context, downward::Facts, objects::Lookup, pod::Pod, volumes::Sources};

/// How long until volumes that could not be made are tried again: doubling from half a second (the kubelet's
/// `exponentialbackoff`) to two minutes.
const FIRST_RETRY: SignedDuration = SignedDuration::from_millis(500);
/// See [`FIRST_RETRY`].
const LAST_RETRY: SignedDuration = SignedDuration::from_secs(122);

impl Worker {
    /// Makes the volumes; false when that has to wait.
    pub(super) fn mount_volumes(&mut self) -> bool {
        let token_id = self.context.clock.uid();
        let sources = sources(&self.context, &self.pod, self.address, &token_id);
        let Err(error) = self.volumes.set_up(&self.pod, &sources, sources.now) else {
            self.mounting = None;
            return true;
        };
        self.context.warning(&self.subject(), "FailedMount", &error.to_string());
        let tries = self.mounting.map_or(0, |tries| tries + 1);
        self.mounting = Some(tries);
        let delay = (FIRST_RETRY * 2_i32.pow(tries.min(8))).min(LAST_RETRY);
        self.wake_at(self.context.now() + delay);
        false
    }

    /// Brings volumes that show objects up to date.
    pub(super) fn refresh_volumes(&mut self) {
        let token_id = self.context.clock.uid();
        let sources = sources(&self.context, &self.pod, self.address, &token_id);
        let runtime = &self.context.runtime;
        self.volumes.refresh(&self.pod, &sources, &|files| runtime.own(files), sources.now);
    }

    /// What the downward API tells beyond the manifest.
    pub(super) fn facts(&self) -> Facts<'_> {
        facts(&self.context, self.address)
    }
}

fn facts(context: &Context, address: Option<Ipv4Addr>) -> Facts<'_> {
    Facts { node: &context.node_name, host: context.host, address, allocatable: context.allocatable }
}

fn sources<'a>(context: &'a Context, pod: &'a Pod, address: Option<Ipv4Addr>, token_id: &'a str) -> Sources<'a> {
    Sources {
        lookup: Lookup { store: &context.store, namespace: pod.namespace() },
        facts: facts(context, address),
        signer: &context.signer,
        token_id,
        now: context.now(),
    }
}
