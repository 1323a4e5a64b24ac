//! What a session's console shows, numbered, so that a page that was away gets what it missed and nothing twice.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::manifest::Problem;

/// The most text that is kept, and the most frames: what a page scrolls back to after a reload.
const MAX_BYTES: usize = 1024 * 1024;
const MAX_FRAMES: usize = 20_000;
/// What a frame costs beyond its text.
const FRAME_COST: usize = 96;

/// One thing that happened on the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Counts from 1, without gaps.
    pub seq: u64,
    /// What happened.
    pub what: What,
}

/// What happens on a console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "lowercase")]
pub enum What {
    /// A command has begun.
    Started {
        /// The command's id.
        id: String,
        /// The line.
        line: String,
        /// Whether it runs in a terminal: what it writes moves a cursor.
        #[serde(default)]
        terminal: bool,
    },
    /// It wrote.
    Output {
        /// The command's id.
        id: String,
        /// Whether to standard error.
        errors: bool,
        /// Whole characters.
        text: String,
    },
    /// It ended.
    Exit {
        /// The command's id.
        id: String,
        /// Its code.
        code: i32,
        /// How long it took.
        millis: u64,
        /// Where the manifest that it applied is wrong.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        problems: Vec<Problem>,
    },
    /// The console was emptied.
    Clear,
}

impl What {
    /// Of the command that it is about.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Started { id, .. } | Self::Output { id, .. } | Self::Exit { id, .. } => Some(id),
            Self::Clear => None,
        }
    }

    fn cost(&self) -> usize {
        FRAME_COST
            + match self {
                Self::Started { id, line, .. } => id.len() + line.len(),
                Self::Output { id, text, .. } => id.len() + text.len(),
                Self::Exit { id, problems, .. } => {
                    id.len() + problems.iter().map(|problem| problem.message.len()).sum::<usize>()
                }
                Self::Clear => 0,
            }
    }
}

/// What a reader gets that has seen everything up to some frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Whether frames between what it has seen and the first of these are gone.
    pub gap: bool,
    /// The frames, oldest first.
    pub frames: Vec<Arc<Frame>>,
}

/// The newest frames.
#[derive(Debug, Default)]
pub struct Scrollback {
    frames: VecDeque<Arc<Frame>>,
    bytes: usize,
    newest: u64,
}

impl Scrollback {
    /// The number of the newest frame; 0 when there was none.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// What was shown before a restart, in order.
    pub fn restored(frames: impl IntoIterator<Item = Frame>) -> Self {
        let mut scrollback = Self::default();
        for Frame { seq, what } in frames {
            scrollback.newest = seq - 1;
            scrollback.push(what);
        }
        scrollback
    }

    /// The number of the oldest frame that is still shown.
    pub fn oldest(&self) -> u64 {
        self.newest + 1 - self.frames.len() as u64
    }

    /// The ids of all commands that are shown.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.frames.iter().filter_map(|frame| frame.what.id())
    }

    /// The ids of commands that have begun and not ended.
    pub fn unfinished(&self) -> Vec<String> {
        let mut open: Vec<String> = Vec::new();
        for frame in &self.frames {
            match &frame.what {
                What::Started { id, .. } => open.push(id.clone()),
                What::Exit { id, .. } => open.retain(|other| other != id),
                What::Output { .. } | What::Clear => {}
            }
        }
        open
    }

    /// The lines that have been run to a good end.
    pub fn succeeded(&self) -> Vec<String> {
        let (mut lines, mut good) = (HashMap::new(), Vec::new());
        for frame in &self.frames {
            match &frame.what {
                What::Started { id, line, .. } => drop(lines.insert(id.as_str(), line)),
                What::Exit { id, code: 0, .. } => good.extend(lines.get(id.as_str()).map(|line| (*line).clone())),
                _ => {}
            }
        }
        good
    }

    /// Adds a frame, and forgets the oldest ones beyond the limits. Gives its number.
    pub fn push(&mut self, what: What) -> u64 {
        self.newest += 1;
        if what == What::Clear {
            // What was cleared is not shown again: a page that comes back begins with the clearing.
            self.frames.clear();
            self.bytes = 0;
        }
        self.bytes += what.cost();
        self.frames.push_back(Arc::new(Frame { seq: self.newest, what }));
        while self.frames.len() > 1 && (self.bytes > MAX_BYTES || self.frames.len() > MAX_FRAMES) {
            self.bytes -= self.frames.pop_front().map_or(0, |f| f.what.cost());
        }
        self.newest
    }

    /// At most `limit` frames after number `seen`. A `seen` from another life of the server is a gap.
    pub fn after(&self, seen: u64, limit: usize) -> Missed {
        let oldest = self.oldest();
        if seen > self.newest {
            return Missed { gap: true, frames: self.frames.iter().take(limit).cloned().collect() };
        }
        let cleared = matches!(self.frames.front().map(|f| &f.what), Some(What::Clear));
        let skipped = (seen + 1).saturating_sub(oldest) as usize;
        let frames = self.frames.iter().skip(skipped).take(limit).cloned().collect();
        Missed { gap: seen + 1 < oldest && !cleared, frames }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(text: &str) -> What {
        What::Output { id: "a".into(), errors: false, text: text.into() }
    }

    fn numbers(missed: &Missed) -> Vec<u64> {
        missed.frames.iter().map(|f| f.seq).collect()
    }

    #[test]
    fn a_reader_gets_what_it_has_not_seen_and_nothing_twice() {
        let mut scrollback = Scrollback::default();
        for n in 0..5 {
            scrollback.push(output(&n.to_string()));
        }
        let missed = scrollback.after(3, 100);
        assert_eq!((missed.gap, numbers(&missed)), (false, vec![4, 5]));
        assert_eq!(numbers(&scrollback.after(0, 2)), [1, 2]);
        assert_eq!(numbers(&scrollback.after(5, 100)), [0u64; 0]);
    }

    #[test]
    fn what_is_gone_is_a_gap_and_memory_is_bounded() {
        let mut scrollback = Scrollback::default();
        for _ in 0..100 {
            scrollback.push(output(&"x".repeat(64 * 1024)));
        }
        assert!(scrollback.bytes <= MAX_BYTES);
        let missed = scrollback.after(3, 1000);
        assert!(missed.gap);
        assert_eq!(missed.frames.last().unwrap().seq, 100);
        assert!(!scrollback.after(99, 10).gap);
    }

    #[test]
    fn a_number_from_before_a_restart_is_a_gap() {
        let mut scrollback = Scrollback::default();
        scrollback.push(output("new"));
        assert_eq!(numbers(&scrollback.after(40, 10)), [1]);
        assert!(scrollback.after(40, 10).gap);
        assert!(!Scrollback::default().after(0, 10).gap);
    }

    #[test]
    fn clearing_forgets_without_being_a_gap() {
        let mut scrollback = Scrollback::default();
        scrollback.push(output("old"));
        scrollback.push(output("old"));
        scrollback.push(What::Clear);
        scrollback.push(output("new"));
        let missed = scrollback.after(1, 10);
        assert_eq!((missed.gap, numbers(&missed)), (false, vec![3, 4]));
    }
}
