//! Looks whether a learner's cluster still answers. One that has stopped (Docker or its node was restarted) is started
//! again; one that can't be is lost, and its learner is told.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};

use super::{Inner, connect};

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Keeps watch until the cluster is lost or its lease is gone. What it gives holds the reason once there is one.
pub(super) fn keep(around: Arc<Inner>, name: String, client: kube::Client) -> watch::Receiver<Option<String>> {
    let (lost, receiver) = watch::channel(None);
    let tasks = around.tasks.clone();
    tasks.spawn(async move {
        let ended = lost.clone();
        let watching = watch_over(&around, &name, &client);
        let why = tokio::select! {
            why = watching => why,
            () = ended.closed() => return,
            () = around.workshop.closing.cancelled() => return,
        };
        lost.send_replace(Some(why));
    });
    receiver
}

/// Comes back when the cluster is lost.
async fn watch_over(around: &Inner, name: &str, client: &kube::Client) -> String {
    loop {
        sleep(LOOK_EVERY).await;
        if connect::answers(client).await || around.workshop.revive(name, client).await {
            continue;
        }
        tracing::warn!(cluster = name, "a learner's cluster is lost");
        return "it has stopped answering and could not be started again.".to_owned();
    }
}
