//! What a page shows of a sandbox as it changes: tables and logs, read through the API like anybody else would.

pub mod logs;
pub mod table;
mod view;

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    table::{Order, Query, Table},
    view::View,
};

/// The live tables of one sandbox. Clones read the same.
#[derive(Debug, Clone)]
pub struct Views {
    /// `kubectl get pods -o wide`
    pub pods: watch::Receiver<Arc<Table>>,
    /// `kubectl get events`, newest last.
    pub events: watch::Receiver<Arc<Table>>,
}

impl Views {
    /// Begins to watch; ends with `end`. Ages are kept fresh while `watched` says that somebody looks.
    pub fn start(
        client: &kube::Client,
        namespace: &str,
        watched: &watch::Receiver<bool>,
        end: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Self {
        let begin = |resource: &str, wide: bool, order: Order| {
            let path = format!("/api/v1/namespaces/{namespace}/{resource}");
            let (view, table) = View::new(client.clone(), Query { path, wide, order }, watched.clone());
            let end = end.clone();
            tasks.spawn(async move { end.run_until_cancelled(view.run()).await });
            table
        };
        Self { pods: begin("pods", true, Order::Name), events: begin("events", false, Order::LastSeen) }
    }
}
