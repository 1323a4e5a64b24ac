//! The API's own Service: an API server makes it again when somebody has deleted it, as `kubectl delete svc --all` does.

use std::time::Duration;

use super::{Controller, World};
use crate::{
    bootstrap,
    store::{Change, Event, Key},
};

/// Keeps the `kubernetes` Service and its endpoints.
pub(super) struct OwnService;

impl Controller for OwnService {
    fn concerns(&mut self, _world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        let key = &event.key;
        let ours = (key.namespace.as_str(), key.name.as_str()) == ("default", "kubernetes")
            && matches!(key.resource.as_str(), "services" | "endpoints" | "endpointslices.discovery.k8s.io");
        if ours && event.change == Change::Deleted {
            mark(key.clone());
        }
    }

    fn sync(&mut self, world: &World, _key: &Key) -> Option<Duration> {
        for (api_version, kind, object) in bootstrap::own_service() {
            // What is there stays as it is.
            let _ = bootstrap::put_in(&world.store, &*world.clock, (api_version, kind), "default", object);
        }
        None
    }
}
