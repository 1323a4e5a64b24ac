//! Reads the lessons again when their files change, so that open pages follow what an author saves.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{mpsc, watch};

use crate::lessons::{Catalog, catalog::Drafts};

/// Editors save in several strokes: so long nothing more may come before the lessons are read.
const CALM: Duration = Duration::from_millis(120);

/// Follows a folder of lessons.
pub struct Reloader {
    folder: PathBuf,
    drafts: Drafts,
    catalog: watch::Sender<Arc<Catalog>>,
    changes: mpsc::Receiver<()>,
    /// Watches as long as it lives.
    _watcher: Option<RecommendedWatcher>,
}

impl Reloader {
    /// Begins to watch. Where the system can't, the lessons stay as they are, and the log says so.
    pub fn new(folder: &Path, drafts: Drafts, catalog: Catalog) -> (Self, watch::Receiver<Arc<Catalog>>) {
        let (sender, changes) = mpsc::channel(1);
        let (catalog, receiver) = watch::channel(Arc::new(catalog));
        let told = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| matters(&event)) {
                // One that waits is enough.
                let _ = sender.try_send(());
            }
        };
        let watching = notify::recommended_watcher(told).and_then(|mut watcher| {
            watcher.watch(folder, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        let watcher = watching
            .inspect_err(|error| tracing::warn!(%error, "changes of lessons are seen at the next start only"))
            .ok();
        (Self { folder: folder.to_owned(), drafts, catalog, changes, _watcher: watcher }, receiver)
    }

    /// Reads the lessons again whenever they change, for ever.
    pub async fn run(mut self) {
        while self.changes.recv().await.is_some() {
            while tokio::time::timeout(CALM, self.changes.recv()).await.is_ok_and(|more| more.is_some()) {}
            let (folder, drafts) = (self.folder.clone(), self.drafts);
            match tokio::task::spawn_blocking(move || Catalog::load_with(&folder, drafts)).await {
                Ok(Ok(catalog)) => {
                    tell(&catalog);
                    self.catalog.send_replace(Arc::new(catalog));
                }
                Ok(Err(error)) => tracing::warn!(%error, "the lessons stay as they were"),
                Err(error) => tracing::error!(%error, "reading the lessons broke off; they stay as they were"),
            }
        }
        // Nothing is watched: what was read is kept.
        std::future::pending::<()>().await;
    }
}

/// Looking at a file is no change of it.
fn matters(event: &Event) -> bool {
    !matches!(event.kind, EventKind::Access(_))
}

/// Tells whoever runs the server what is wrong with the lessons.
pub fn tell(catalog: &Catalog) {
    tracing::info!(lessons = catalog.lessons().len(), findings = catalog.problems().len(), "the lessons are read");
    for problem in catalog.problems() {
        tracing::warn!("{problem}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_saved_is_read_and_what_breaks_leaves_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        std::fs::write(&path, "# One\n").unwrap();
        let catalog = Catalog::load(folder.path()).unwrap();
        let (reloader, mut now) = Reloader::new(folder.path(), Drafts::Hidden, catalog);
        let running = tokio::spawn(reloader.run());
        std::fs::write(&path, "# Two\n").unwrap();
        now.wait_for(|catalog| catalog.get("a").is_some_and(|lesson| lesson.title == "Two")).await.unwrap();
        std::fs::write(folder.path().join("b.md"), b"\xff").unwrap();
        let broken = now.wait_for(|catalog| !catalog.problems().is_empty()).await.unwrap().clone();
        assert_eq!(broken.lessons().len(), 1);
        running.abort();
    }
}
