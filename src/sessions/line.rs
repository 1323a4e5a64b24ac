//! Who waits for a place, in the order in which they came.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::sync::watch;

/// The line. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Line(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    waiting: Mutex<Waiting>,
    /// Counts what may have changed somebody's position.
    moved: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Waiting {
    tickets: BTreeSet<u64>,
    next: u64,
}

impl Default for Line {
    fn default() -> Self {
        Self(Arc::new(Inner { waiting: Mutex::default(), moved: watch::Sender::new(0) }))
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().expect("nothing panics while it holds the line")
    }

    /// Stands at its end.
    pub fn stand(&self) -> Ticket {
        let mut waiting = self.lock();
        let number = waiting.next;
        waiting.next += 1;
        waiting.tickets.insert(number);
        Ticket { line: self.clone(), number, moved: self.0.moved.subscribe() }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.lock().tickets.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A place may have become free, or somebody has gone.
    pub fn moves(&self) {
        self.0.moved.send_modify(|count| *count += 1);
    }
}

/// A place in the line, until it is dropped.
#[derive(Debug)]
pub struct Ticket {
    line: Line,
    number: u64,
    moved: watch::Receiver<u64>,
}

impl Ticket {
    /// How many stand before this one.
    pub fn before(&self) -> usize {
        self.line.lock().tickets.range(..self.number).count()
    }

    /// Waits until this position may have changed.
    pub async fn moved(&mut self) {
        self.moved.changed().await.expect("the line that this ticket holds has the sender");
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.line.lock().tickets.remove(&self.number);
        self.line.moves();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_goes_lets_the_others_move_up() {
        let line = Line::default();
        let (first, mut second, third) = (line.stand(), line.stand(), line.stand());
        assert_eq!((first.before(), second.before(), third.before(), line.len()), (0, 1, 2, 3));
        drop(first);
        second.moved().await;
        assert_eq!((second.before(), third.before()), (0, 1));
        drop((second, third));
        assert!(line.is_empty());
    }
}
