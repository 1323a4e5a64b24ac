//! The start: what is needed is looked at, what an earlier start left is taken over or ended.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use podyard_cluster::node::{
    images::{ImageStore, StoreError},
    runtime::linux::Finding,
};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Book, Inner, Kind, KindError,
    checks::{self, Checked},
    making::Workshop,
    names::Instance,
    programs::Programs,
    records::Records,
    yard::{Input, Limits, Yard},
};
use crate::{
    config::KindSettings,
    sandbox::{Caveat, lesson_images, reaper::Reaper},
};

/// How often it is looked for clusters that are ours and that nobody knows, and whether the pool is full.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// What this machine can do for kind, for `podyard doctor`.
pub async fn findings(settings: &KindSettings) -> Vec<Finding> {
    checks::check(settings).await.findings
}

impl Kind {
    /// A provider of kind clusters. Those of an earlier start whose learner does not come within `patience` are ended;
    /// `lessons` is the folder of the lessons' own images, and `archives` are loaded into every cluster besides those.
    ///
    /// # Errors
    /// When kind or its engine can't be used, or the data directory can't.
    pub async fn start(
        settings: &KindSettings,
        data: &Path,
        lessons: Option<&Path>,
        archives: &[PathBuf],
        patience: Duration,
    ) -> Result<Self, KindError> {
        let ours = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::WouldBlock => KindError::InUse(data.to_owned()),
            _ => KindError::Data { path: data.to_owned(), source },
        };
        let Checked { findings, fatal, engine_files, carries } = checks::check(settings).await;
        if let Some(fatal) = fatal {
            return Err(KindError::Missing(fatal));
        }
        let records = Records::open(data).map_err(ours)?;
        let instance = Instance::of(records.folder()).map_err(ours)?;
        let mut caveats: Vec<String> =
            findings.into_iter().filter(|f| !f.works).map(|f| format!("{}: {}", f.about, f.words)).collect();
        caveats.extend(pack_images(data, lessons, &records)?.map(|missing| missing.to_string()));
        for caveat in &caveats {
            tracing::warn!("{caveat}");
        }
        let max = settings.max.unwrap_or_else(|| carries.max(settings.pool));
        let limits = Limits { max, at_once: settings.at_once, pool: settings.pool };
        tracing::info!(?limits, instance = instance.as_str(), "kind clusters can be made");
        let workshop = Workshop {
            programs: Programs::new(settings),
            records,
            reach: settings.reach,
            archives: each(archives),
            limit: settings.timeout,
            engine_files,
            closing: CancellationToken::new(),
        };
        let book = Book {
            yard: Yard::new(limits),
            next: 0,
            waiting: HashMap::new(),
            found: HashMap::new(),
            ending: HashMap::new(),
        };
        let kind = Self(Arc::new(Inner {
            workshop,
            instance,
            nodes: checks::nodes(settings),
            keep: settings.keep,
            book: Mutex::new(book),
            tasks: TaskTracker::new(),
            reaper: Reaper::start(),
        }));
        kind.take_over().await.map_err(|failure| KindError::Missing(failure.to_string()))?;
        let keeper = kind.clone();
        kind.0.tasks.spawn(async move { keeper.look_after(patience).await });
        Ok(kind)
    }

    /// Finds the clusters of earlier starts: complete ones are kept, for their learner or for the pool; all others end.
    async fn take_over(&self) -> Result<(), super::programs::Failure> {
        let there = self.0.workshop.programs.clusters().await?;
        let records = self.0.workshop.records.all();
        for gone in records.iter().filter(|record| !there.contains(&record.name)) {
            // A create that was killed can still bring its node: the sweep sees it.
            self.0.workshop.records.forget(&gone.name);
        }
        for name in there.into_iter().filter(|name| self.0.instance.made(name)) {
            let record = records.iter().find(|record| record.name == name && record.ready);
            match record.map(|record| record.session.clone()) {
                Some(Some(session)) => {
                    tracing::info!(cluster = name, "a learner's cluster of an earlier start is kept for them");
                    self.book().found.insert(session, name.clone());
                    self.step(Input::FoundHeld(name));
                }
                Some(None) => {
                    tracing::info!(cluster = name, "a ready cluster of an earlier start is taken over");
                    self.step(Input::Found(name));
                }
                None => self.end_stranger(name),
            }
        }
        self.step(Input::Rested);
        Ok(())
    }

    /// Ends a cluster that bears our mark and that nobody knows.
    fn end_stranger(&self, name: String) {
        tracing::info!(cluster = name, "ending a cluster that an earlier start left behind");
        self.step(Input::FoundHeld(name.clone()));
        self.step(Input::End(name));
    }

    /// Ends the found clusters of all sessions but these.
    pub(in crate::sandbox) fn only_living(&self, lives: &dyn Fn(&str) -> bool) {
        let gone: Vec<String> = {
            let mut book = self.book();
            let gone = book.found.iter().filter(|(session, _)| !lives(session)).map(|(_, name)| name.clone()).collect();
            book.found.retain(|session, _| lives(session));
            gone
        };
        gone.into_iter().for_each(|name| self.step(Input::End(name)));
    }

    /// As long as the server runs: ends what turns up late, fills the pool again, and gives learners of an earlier start
    /// up after a while.
    async fn look_after(&self, patience: Duration) {
        let mut sweeps = interval(SWEEP_EVERY);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut gave_up = std::pin::pin!(sleep(patience));
        loop {
            tokio::select! {
                () = self.0.workshop.closing.cancelled() => return,
                () = &mut gave_up, if !gave_up.is_elapsed() => self.only_living(&|_| false),
                _ = sweeps.tick() => self.sweep().await,
            }
        }
    }

    async fn sweep(&self) {
        match self.0.workshop.programs.clusters().await {
            Ok(there) => {
                let strange = |name: &String| self.0.instance.made(name) && !self.book().yard.knows(name);
                there
                    .into_iter()
                    .filter(strange)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .for_each(|name| self.end_stranger(name));
            }
            Err(failure) => tracing::warn!(%failure, "it can't be looked for clusters"),
        }
        self.step(Input::Rested);
    }
}

/// Makes the archive of the lessons' images. That it can't be made is told and stops nobody.
fn pack_images(data: &Path, lessons: Option<&Path>, records: &Records) -> Result<Option<Caveat>, KindError> {
    let ours = |source| KindError::Data { path: data.to_owned(), source };
    let lessons = lessons.map_or_else(|| lesson_images::unpack(data).map_err(ours), |path| Ok(path.to_owned()))?;
    let store = ImageStore::open(&data.join("images"))?;
    Ok(tokio::task::block_in_place(|| {
        let missing = lesson_images::fill(&store, &lessons, &[])?;
        // kind does not load an archive without images.
        if missing.is_none() {
            store.write_archive(&records.images())?;
        }
        Ok::<_, StoreError>(missing)
    })?)
}

/// The archives themselves, where folders of them are named.
fn each(archives: &[PathBuf]) -> Vec<PathBuf> {
    let files = |path: &PathBuf| match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => vec![path.clone()],
    };
    let mut all: Vec<PathBuf> = archives.iter().flat_map(files).collect();
    all.sort();
    all
}
