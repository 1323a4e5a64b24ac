//! Making one cluster, whole or not at all, and ending one so that nothing is left.

use std::{path::Path, time::Duration};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    connect,
    host::Host,
    programs::{Failure, Programs},
    records::Records,
    words::Trouble,
};
use crate::{config::Reach, sandbox::Stage};

/// How long a cluster whose programs have all been started may take until Pods can be made.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// How long is waited after starting a cluster's nodes before that is tried again; kind's take 7 s.
const REVIVED_WITHIN: Duration = Duration::from_secs(20);
/// After a create was killed its node can appear up to 6 s later (recorded): so often it is looked for, at this interval.
const LOOKS: usize = 5;
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often a cluster is tried.
const ATTEMPTS: usize = 2;

/// What all clusters of an instance are made with.
#[derive(Debug)]
pub(super) struct Workshop {
    pub programs: Programs,
    pub records: Records,
    pub reach: Reach,
    /// Archives of images that every cluster gets besides the lessons' own.
    pub archives: Vec<std::path::PathBuf>,
    /// How long one attempt may take.
    pub limit: Duration,
    /// Where the engine keeps its files, if that is on this machine.
    pub engine_files: Option<std::path::PathBuf>,
    /// Cancelled when the server ends.
    pub closing: CancellationToken,
}

impl Workshop {
    /// Makes a cluster; tries once more if that may help. The error is a sentence for the learner.
    pub(super) async fn make(&self, name: &str, tell: &(dyn Fn(Stage) + Send + Sync)) -> Result<(), String> {
        for attempt in 1..=ATTEMPTS {
            if let Some(shortage) = self.shortage().await {
                tracing::warn!(shortage, "no room for another kind cluster");
                return Err(format!("this server has no room for another one: {shortage}."));
            }
            let Err(failure) = self.attempt(name, tell).await else { return Ok(()) };
            let Failure { trouble, said } = failure;
            tracing::warn!(
                cluster = name,
                attempt,
                said,
                "a kind cluster could not be made: {}",
                trouble.for_the_operator()
            );
            self.clear_away(name, trouble == Trouble::TooLong).await;
            if attempt == ATTEMPTS || !trouble.may_pass() || self.closing.is_cancelled() {
                return Err(trouble.for_the_learner().to_owned());
            }
            tell(Stage::Again);
        }
        unreachable!("the last attempt returns")
    }

    async fn attempt(&self, name: &str, tell: &(dyn Fn(Stage) + Send + Sync)) -> Result<(), Failure> {
        self.records.begin(name).map_err(|error| other(&error))?;
        let kubeconfig = self.records.kubeconfig(name);
        let stage = |stage: &str| tell(Stage::Kind(stage.to_owned()));
        self.programs.create(name, &kubeconfig, self.limit, &self.closing, &stage).await?;
        if self.reach == Reach::Network {
            let text = self.programs.internal_kubeconfig(name).await?;
            self.records.write_kubeconfig(name, &text).map_err(|error| other(&error))?;
        }
        self.bound(name).await;
        tell(Stage::Images);
        self.load(name, &self.records.images()).await?;
        for archive in &self.archives {
            self.load(name, archive).await?;
        }
        tell(Stage::Settling);
        let client = connect::client(&kubeconfig).await.map_err(|error| other(&error))?;
        if !connect::ready(&client, READY_WITHIN).await {
            return Err(Failure { trouble: Trouble::TooLong, said: format!("not ready within {READY_WITHIN:?}") });
        }
        self.records.ready(name).map_err(|error| other(&error))
    }

    async fn shortage(&self) -> Option<String> {
        let files = self.engine_files.clone();
        tokio::task::spawn_blocking(move || Host::look(files.as_deref()).shortage()).await.ok().flatten()
    }

    /// An engine that can't bound its containers is no reason to have no cluster.
    async fn bound(&self, name: &str) {
        let nodes = self.programs.nodes(name).await.unwrap_or_default();
        for node in nodes {
            if let Err(failure) = self.programs.bound(&node).await {
                tracing::warn!(node, %failure, "this node can't be bounded");
            }
        }
    }

    async fn load(&self, name: &str, archive: &Path) -> Result<(), Failure> {
        if archive.is_file() { self.programs.load(name, archive).await } else { Ok(()) }
    }

    /// Ends a cluster, and looks whether it has ended. `late` is whether its node may still be about to appear.
    pub(super) async fn clear_away(&self, name: &str, late: bool) {
        let mut looks = if late { LOOKS } else { 1 };
        loop {
            match self.delete(name).await {
                Ok(false) if looks <= 1 => break,
                Ok(false) => looks -= 1,
                Ok(true) => {}
                Err(failure) => {
                    tracing::warn!(cluster = name, %failure, "a kind cluster can't be ended; it is tried again")
                }
            }
            if self.closing.is_cancelled() {
                // Its record stays: the next start goes on.
                return;
            }
            sleep(LOOK_EVERY).await;
        }
        self.records.forget(name);
    }

    /// Deletes a cluster. Gives whether it is still there.
    async fn delete(&self, name: &str) -> Result<bool, Failure> {
        self.programs.delete(name, &self.records.kubeconfig(name)).await?;
        Ok(self.programs.clusters().await?.iter().any(|other| other == name))
    }

    /// Starts what has stopped of a cluster, and waits until it answers. Gives whether it does.
    pub(super) async fn revive(&self, name: &str, client: &kube::Client) -> bool {
        if connect::answers(client).await {
            return true;
        }
        tracing::info!(cluster = name, "a kind cluster does not answer: its nodes are started");
        let patience = Instant::now() + READY_WITHIN;
        while Instant::now() < patience {
            match self.programs.nodes(name).await {
                Ok(nodes) if nodes.is_empty() => return false,
                Ok(nodes) => self.start(&nodes).await,
                Err(failure) => tracing::warn!(cluster = name, %failure, "the engine may be starting itself"),
            }
            if connect::ready(client, REVIVED_WITHIN).await {
                return true;
            }
        }
        false
    }

    async fn start(&self, nodes: &[String]) {
        for node in nodes {
            if let Err(failure) = self.programs.start(node).await {
                tracing::warn!(node, %failure, "this node can't be started");
            }
        }
    }
}

fn other(error: &dyn std::fmt::Display) -> Failure {
    Failure { trouble: Trouble::Other, said: error.to_string() }
}
