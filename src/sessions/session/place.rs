//! The sandboxes of a session: made, watched, given back.

use tokio_util::sync::CancellationToken;

use super::{Hold, Session, lock};
use crate::{
    sandbox::{Lease, Order, Progress},
    sessions::{
        live::Views,
        state::{Effect, Input},
    },
    storage::LearnerId,
};

impl Session {
    pub(super) fn provision(&self, generation: u64) {
        let Some(me) = self.me.upgrade() else { return };
        let tasks = self.around.tasks.clone();
        let wanted = CancellationToken::new();
        *lock(&self.wanted) = wanted.clone();
        tasks.spawn(async move {
            let listener = me.clone();
            let progress = Progress::to(move |stage| listener.step(Input::Progress(generation, stage)));
            let making = me.around.provider.provision(Order::new(sandbox_name(&me.learner), progress));
            let Some(made) = wanted.run_until_cancelled(making).await else { return };
            match made {
                Ok(lease) => {
                    match me.arrived(generation, lease) {
                        // The session has ended meanwhile; what is in the sandbox is still the learner's.
                        Some(unwanted) if me.over.is_cancelled() => unwanted.free().await,
                        Some(unwanted) => unwanted.release().await,
                        None => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(learner = %me.learner, %error, "no sandbox");
                    me.step(Input::NotProvisioned(generation, error.to_string()));
                }
            }
        });
    }

    /// Tells the learner when a sandbox that was there is gone by itself.
    fn watch_over(
        &self,
        generation: u64,
        lost: impl Future<Output = String> + Send + 'static,
        ended: CancellationToken,
    ) {
        let me = self.me.clone();
        self.around.tasks.spawn(async move {
            let Some(why) = ended.run_until_cancelled(lost).await else { return };
            if let Some(me) = me.upgrade() {
                me.step(Input::Lost(generation, why));
            }
        });
    }

    /// A sandbox has been made: it becomes the session's, or comes back if it is too late.
    fn arrived(&self, generation: u64, lease: Lease) -> Option<Lease> {
        let now = (self.around.clock)();
        let mut state = lock(&self.state);
        let effects = state.step(Input::Provisioned(generation), now, self.around.limits);
        if effects.contains(&Effect::Discard(generation)) {
            return Some(lease);
        }
        let ended = self.over.child_token();
        self.watch_over(generation, lease.lost(), ended.clone());
        let views =
            Views::start(&lease.client, &lease.namespace, &self.watched.subscribe(), &ended, &self.around.tasks);
        // Held until the gateway is in its place: a token that is renewed meanwhile would miss it.
        let door = lock(&self.kube);
        let hold = Hold {
            client: lease.client.clone(),
            namespace: lease.namespace.clone(),
            views,
            gateway: lease.gateway(self.around.api, door.shut.clone()),
            ended,
        };
        *lock(&self.lease) = Some(lease);
        self.status.send_modify(|status| status.hold = Some(hold));
        drop(door);
        for effect in effects {
            self.perform(effect, &state);
        }
        None
    }

    /// Ends what uses the sandbox, and then gives it back in this way.
    pub(super) fn let_go<F: Future<Output = ()> + Send + 'static>(&self, give_back: impl FnOnce(Lease) -> F) {
        lock(&self.wanted).cancel();
        self.status.send_modify(|status| {
            if let Some(hold) = status.hold.take() {
                hold.ended.cancel();
            }
        });
        if let Some(lease) = lock(&self.lease).take() {
            self.around.tasks.spawn(give_back(lease));
        }
    }

    /// A kubeconfig for the sandbox, whose API is reached at `server`; `None` while there is none.
    pub fn kubeconfig(&self, server: &str) -> Option<String> {
        lock(&self.lease).as_ref().map(|lease| lease.kubeconfig(server))
    }
}

/// What a learner's sandboxes are called: no secret, the same after a restart, and short enough for a label.
pub(in crate::sessions) fn sandbox_name(learner: &LearnerId) -> String {
    crate::storage::KeyHash::of(learner.as_str()).as_str().chars().take(16).collect()
}
