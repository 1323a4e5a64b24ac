//! The one task that reads the log and runs the controllers.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::FutureExt;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Controller, World};
use crate::store::{Change, Event, Key, Watch};

/// How many objects are brought in order before other tasks get their turn.
const TURN: usize = 32;

/// An object of one controller.
type Item = (usize, Key);

pub(super) struct Worker {
    world: World,
    controllers: Vec<Box<dyn Controller>>,
    watch: Option<Watch>,
    dirty: BTreeSet<Item>,
    later: BTreeMap<Item, Instant>,
}

impl Worker {
    pub(super) fn new(world: World, controllers: Vec<Box<dyn Controller>>) -> Self {
        Self { world, controllers, watch: None, dirty: BTreeSet::new(), later: BTreeMap::new() }
    }

    /// Works until nothing is left to do now.
    pub(super) fn settle(&mut self) {
        loop {
            self.read_log();
            let Some(item) = self.dirty.pop_first() else { return };
            self.sync(item);
        }
    }

    /// As if the log had moved past this reader: everything is looked at again.
    #[cfg(test)]
    pub(super) fn lose_log(&mut self) {
        self.watch = None;
    }

    pub(super) async fn run(mut self, cancel: CancellationToken) {
        while !cancel.is_cancelled() {
            for _ in 0..TURN {
                self.read_log();
                let Some(item) = self.dirty.pop_first() else { break };
                self.sync(item);
            }
            if self.dirty.is_empty() {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = self.wait() => {}
                }
            } else {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits for an event or for the time of the next look.
    async fn wait(&mut self) {
        let due = self.later.values().min().copied();
        let Some(watch) = self.watch.as_mut() else { return };
        let alarm = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = watch.next() => match event {
                Ok(event) => self.hand_out(&event),
                Err(_) => self.watch = None,
            },
            () = alarm => self.take_due(Instant::now()),
        }
    }

    fn take_due(&mut self, now: Instant) {
        let due: Vec<Item> = self.later.iter().filter(|(_, at)| **at <= now).map(|(item, _)| item.clone()).collect();
        for item in due {
            self.later.remove(&item);
            self.dirty.insert(item);
        }
    }

    /// Takes over what the log has by now; starts over from everything when it has moved past this reader.
    fn read_log(&mut self) {
        loop {
            let Some(watch) = self.watch.as_mut() else {
                self.start_over();
                continue;
            };
            match watch.next().now_or_never() {
                Some(Ok(event)) => self.hand_out(&event),
                Some(Err(_)) => self.watch = None,
                None => return,
            }
        }
    }

    fn start_over(&mut self) {
        self.controllers.iter_mut().for_each(|controller| controller.forget());
        let (revision, objects) = self.world.store.snapshot();
        for (key, object) in objects {
            self.hand_out(&Event { revision, change: Change::Added, key, object, previous: None });
        }
        self.watch = self.world.store.watch_all(revision).ok();
    }

    fn hand_out(&mut self, event: &Event) {
        for (index, controller) in self.controllers.iter_mut().enumerate() {
            controller.concerns(&self.world, event, &mut |key| {
                self.dirty.insert((index, key));
            });
        }
    }

    fn sync(&mut self, item: Item) {
        let again = self.controllers[item.0].sync(&self.world, &item.1);
        match again {
            Some(delay) => drop(self.later.insert(item, Instant::now() + delay.max(Duration::from_millis(1)))),
            None => drop(self.later.remove(&item)),
        }
    }
}
