//! What acts on objects by itself: namespaces, garbage, endpoints, quotas, workloads.
//!
//! Each controller says which of its objects an event concerns, and brings one object to where it should be; what to do
//! is decided by pure functions. One task reads the watch log for all of them, so an idle cluster costs nothing.

mod autoscaler;
mod claims;
mod conditions;
mod cron_job;
mod daemon_set;
mod definitions;
pub(crate) mod deletion;
mod deployment;
mod disruption;
mod endpoints;
mod garbage;
mod history;
mod job;
mod namespace;
mod own_service;
mod owned;
mod pods;
mod portion;
mod quota;
mod replica_set;
mod retry;
mod revision_hash;
mod role_aggregation;
pub(crate) mod selector;
mod stateful_set;
mod taints;
mod worker;
mod write;

use std::{sync::Arc, time::Duration};

pub(crate) use autoscaler::Meter;
pub(crate) use claims::{CLASSES, waits_for_pod};
use serde_json::Value;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock::SharedClock,
    store::{Event, Key, Store},
};

/// What controllers work with.
#[derive(Clone)]
struct World {
    store: Store,
    clock: SharedClock,
    /// The certificate of the API's authority (PEM).
    authority: Arc<str>,
}

impl World {
    fn get(&self, key: &Key) -> Option<crate::store::Object> {
        self.store.get(key)
    }
}

/// One controller.
trait Controller: Send {
    /// Names the controller's own objects that an event concerns; called in the order of the log, once per event.
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key));

    /// The log was lost and is read again from the whole store.
    fn forget(&mut self) {}

    /// Brings one object to where it should be. Gives a delay after which to look again, if time matters.
    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration>;
}

/// Starts all controllers. What they do to the objects that are there already is done when this returns: the default
/// ServiceAccounts and the certificate of the API's `authority` (PEM) in each namespace. The rest happens in one task of `tasks`, which ends with
/// `cancel`.
pub fn start(store: &Store, clock: &SharedClock, authority: &str, tasks: &TaskTracker, cancel: CancellationToken) {
    let world = World { store: store.clone(), clock: clock.clone(), authority: authority.into() };
    let mut worker = worker::Worker::new(world.clone(), controllers(&world));
    worker.settle();
    tasks.spawn(worker.run(cancel));
}

/// Starts what follows the use of Pods, in a task of its own: it has to ask for it, of `meter` if there is one.
pub(crate) fn autoscale(
    store: &Store,
    clock: &SharedClock,
    authority: &str,
    meter: Option<Meter>,
    tasks: &TaskTracker,
    cancel: CancellationToken,
) {
    let world = World { store: store.clone(), clock: clock.clone(), authority: authority.into() };
    tasks.spawn(autoscaler::Autoscalers::new(&world).run(meter, cancel));
}

fn controllers(world: &World) -> Vec<Box<dyn Controller>> {
    vec![
        Box::new(namespace::Namespaces),
        Box::new(own_service::OwnService),
        Box::<garbage::Garbage>::default(),
        Box::new(endpoints::ServiceEndpoints),
        Box::new(quota::Quotas),
        Box::new(role_aggregation::AggregatedRoles),
        Box::new(definitions::CustomDefinitions),
        Box::new(replica_set::ReplicaSets::new(world)),
        Box::new(replica_set::ReplicaSets::replication_controllers(world)),
        Box::new(deployment::Deployments::new(world)),
        Box::new(job::Jobs::new(world)),
        Box::new(cron_job::CronJobs::new(world)),
        Box::new(daemon_set::DaemonSets::new(world)),
        Box::new(stateful_set::StatefulSets::new(world)),
        Box::new(claims::Claims::new(world)),
        Box::new(disruption::Budgets::new(world)),
        Box::new(taints::TaintEvictions::new(world)),
    ]
}

/// `metadata.name` of an object.
fn name_of(object: &Value) -> &str {
    crate::json::text(&object["metadata"], "name")
}

#[cfg(test)]
mod tests;
