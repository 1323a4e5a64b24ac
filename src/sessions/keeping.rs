//! Writing sessions behind the learners' backs: twice a second, all that changed, in one transaction.

use std::{sync::Arc, time::Duration};

use super::{Session, Sessions, storing::Marks};
use crate::storage::{Saving, StorageError};

/// How often: half of what a killed server may lose.
const EVERY: Duration = Duration::from_millis(500);
/// How many sessions share a transaction: a database that is busy with one does nothing else.
const AT_ONCE: usize = 50;

impl Sessions {
    /// Stores what changes, for ever.
    pub async fn keep_stored(&self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.store().await;
        }
    }

    /// Stores everything that is not stored yet. What can't be is tried again the next time.
    pub async fn store(&self) {
        let _one = self.0.storing.lock().await;
        let sessions: Vec<Arc<Session>> = self.everybody();
        let mut unsaved = sessions.iter().filter_map(|session| {
            let last = session.over().is_cancelled() && session.running() == 0;
            session.unsaved(last).map(|(saving, marks)| (session.clone(), saving, marks))
        });
        loop {
            let batch: Vec<_> = unsaved.by_ref().take(AT_ONCE).collect();
            if batch.is_empty() {
                break;
            }
            if let Err(error) = self.store_batch(batch).await {
                tracing::error!(%error, "learners' work can't be stored; it is kept in memory and tried again");
                break;
            }
        }
        self.forget_stored();
    }

    async fn store_batch(&self, batch: Vec<(Arc<Session>, Saving, Marks)>) -> Result<(), StorageError> {
        let (mut sessions, mut savings) = (Vec::new(), Vec::new());
        for (session, saving, marks) in batch {
            sessions.push((session, marks));
            savings.push(saving);
        }
        self.0.around.storage.save(&savings).await?;
        for ((session, marks), saving) in sessions.into_iter().zip(&savings) {
            session.saved(saving, marks);
        }
        Ok(())
    }

    /// Stores everything of sessions that have ended; the last thing before the database is closed.
    pub async fn put_away(&self) {
        // More than once where a console has more frames than are stored at once.
        for _ in 0..10 {
            self.store().await;
            if self.everybody().iter().all(|session| session.is_put_away()) {
                break;
            }
        }
    }

    fn everybody(&self) -> Vec<Arc<Session>> {
        let book = self.book();
        book.live.values().chain(book.leaving.values()).cloned().collect()
    }

    fn forget_stored(&self) {
        self.book().leaving.retain(|_, session| !session.is_put_away());
    }
}
