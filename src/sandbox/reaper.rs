//! Ends sandboxes whose lease was dropped: dropping can't wait, so it only queues them here.

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::Made;

/// The queue. Clones share it.
#[derive(Debug, Clone)]
pub struct Reaper {
    queue: mpsc::UnboundedSender<Made>,
    /// The task that empties it, and what it is ending.
    tasks: TaskTracker,
    stop: tokio_util::sync::CancellationToken,
}

impl Default for Reaper {
    fn default() -> Self {
        Self::start()
    }
}

impl Reaper {
    /// Starts a reaper; needs a running tokio.
    pub fn start() -> Self {
        // Unbounded, as dropping can't wait; its length is bounded by the number of sessions.
        let (queue, mut queued) = mpsc::unbounded_channel::<Made>();
        let tasks = TaskTracker::new();
        let stop = tokio_util::sync::CancellationToken::new();
        let (own, stopped) = (tasks.clone(), stop.clone());
        tasks.spawn(async move {
            loop {
                let next = tokio::select! {
                    next = queued.recv() => next,
                    () = stopped.cancelled(), if !queued.is_closed() => { queued.close(); continue }
                };
                let Some(made) = next else { break };
                own.spawn(made.free());
            }
        });
        Self { queue, tasks, stop }
    }

    pub(super) fn queue(&self, made: Made) {
        // After the end of the reaper the process ends too, and the kernel ends what is left.
        let _ = self.queue.send(made);
    }

    /// Waits until everything queued has been ended.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
