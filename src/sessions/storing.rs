//! A session between memory and the database: what of it has to be stored, and how it is taken up again.
//!
//! Sessions are stored twice a second by one task ([`super::keeping`]): a program that is killed loses at most what the
//! last second brought. What a page has seen and the database has not must not come back under the same number, so the
//! console of a session that was not put away in order goes on with numbers far beyond.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::{
    desk::Kept,
    progress::Tracker,
    scrollback::{Frame, Scrollback, What},
    session::{Session, lock},
};
use crate::{
    console::Variables,
    storage::{LearnerId, Saving, Storage, StorageError, StoredFile, StoredFrame, StoredSession},
};

/// More numbers than a console has frames, and than a second can bring.
const SKIPPED: u64 = 1_000_000;
/// How exactly it is stored when a learner was last active, when nothing else has to be stored.
pub(super) const ACTIVITY: SignedDuration = SignedDuration::from_secs(30);
/// How many frames are stored at once.
const FRAMES: usize = 5_000;

/// What of a session is in the database.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    /// The newest frame.
    frames: u64,
    /// The last change of each desk.
    desks: HashMap<String, u64>,
    /// The session itself; `None` when it never was stored.
    row: Option<StoredSession>,
}

/// A session as it was left.
#[derive(Debug, Default)]
pub(super) struct Restored {
    pub scrollback: Scrollback,
    pub files: Vec<StoredFile>,
    pub lesson: String,
    pub variables: Variables,
    pub tracker: Tracker,
    pub marks: Marks,
}

impl Restored {
    /// Reads what is stored about a learner.
    pub async fn load(storage: &Storage, learner: &LearnerId) -> Result<Self, StorageError> {
        let progress = storage.progress(learner).await?;
        let files = storage.files(learner).await?;
        let Some(row) = storage.session(learner).await? else {
            return Ok(Self { files, tracker: Tracker::restored(progress, Vec::new()), ..Self::default() });
        };
        if !row.orderly {
            storage.renumber_frames(learner, SKIPPED).await?;
        }
        let frames = storage.frames(learner).await?;
        let mut scrollback = Scrollback::restored(frames.into_iter().filter_map(frame));
        let stored = scrollback.newest();
        for id in scrollback.unfinished() {
            cut_off(&mut scrollback, id);
        }
        let tracker = Tracker::restored(progress, scrollback.succeeded());
        // Names and values are ours: what can't be read was written by another version, and can be set again.
        let variables: BTreeMap<String, String> = serde_json::from_str(&row.variables).unwrap_or_default();
        let marks = Marks { frames: stored, desks: HashMap::new(), row: None };
        Ok(Self { scrollback, files, lesson: row.lesson, variables: Variables::restored(variables), tracker, marks })
    }
}

/// A stored frame; one that can't be read leaves a hole that nobody sees.
fn frame(StoredFrame { seq, what }: StoredFrame) -> Option<Frame> {
    match serde_json::from_str(&what) {
        Ok(what) => Some(Frame { seq, what }),
        Err(error) => {
            tracing::warn!(%error, seq, "a stored frame can't be read");
            None
        }
    }
}

/// A command that ran when the server ended has ended with it.
fn cut_off(scrollback: &mut Scrollback, id: String) {
    let text = "\n[the server was restarted, and ended this command]\n".to_owned();
    scrollback.push(What::Output { id: id.clone(), errors: true, text });
    scrollback.push(What::Exit { id, code: super::session::BROKEN, millis: 0, problems: Vec::new() });
}

impl Session {
    /// What is not in the database yet, with the marks to set once it is. `last` says that the session is put away.
    pub(super) fn unsaved(&self, last: bool) -> Option<(Saving, Marks)> {
        let marks = lock(&self.marks).clone();
        let (frames, oldest_frame) = self.new_frames(marks.frames);
        let mut desks = marks.desks.clone();
        let (files, restored) = self.changed_files(&mut desks);
        let progress = lock(&self.tracker).changed();
        let session = self.row(last && frames.len() < FRAMES);
        let same = marks.row.as_ref().is_some_and(|row| same_row(row, &session));
        if same && frames.is_empty() && files.is_empty() && restored.is_empty() && progress.is_empty() {
            return None;
        }
        let frames_stored = frames.last().map_or(marks.frames, |frame| frame.seq);
        let marks = Marks { frames: frames_stored, desks, row: Some(session.clone()) };
        Some((Saving { session, files, restored, frames, oldest_frame, progress }, marks))
    }

    /// It is in the database now. What never gets here is tried again.
    pub(super) fn saved(&self, saving: &Saving, marks: Marks) {
        lock(&self.tracker).stored(&saving.progress);
        *lock(&self.marks) = marks;
    }

    /// Whether the database has it as put away in order.
    pub(super) fn is_put_away(&self) -> bool {
        lock(&self.marks).row.as_ref().is_some_and(|row| row.orderly)
    }

    fn row(&self, orderly: bool) -> StoredSession {
        StoredSession {
            learner: self.learner().clone(),
            lesson: lock(&self.lesson).clone(),
            began: self.began,
            active: self.active(),
            variables: serde_json::to_string(&self.variables().all()).expect("names and values are texts"),
            orderly,
        }
    }

    /// Frames after number `stored`, and the number of the oldest that is still shown.
    fn new_frames(&self, stored: u64) -> (Vec<StoredFrame>, u64) {
        let scrollback = lock(&self.console.scrollback);
        let frames = if scrollback.newest() > stored { scrollback.after(stored, FRAMES).frames } else { Vec::new() };
        let oldest = scrollback.oldest();
        drop(scrollback);
        let text = |what: &What| serde_json::to_string(what).expect("frames hold texts and numbers");
        (frames.iter().map(|frame| StoredFrame { seq: frame.seq, what: text(&frame.what) }).collect(), oldest)
    }

    fn changed_files(&self, stored: &mut HashMap<String, u64>) -> (Vec<StoredFile>, Vec<(String, String)>) {
        let (mut files, mut restored) = (Vec::new(), Vec::new());
        for (lesson, desk) in lock(&self.desks).iter() {
            let newest = *desk.changes().borrow();
            let seen = stored.insert(lesson.clone(), newest).unwrap_or(0);
            if newest == seen {
                continue;
            }
            for (name, kept) in desk.kept_since(seen) {
                match kept {
                    Kept::Text(text) => files.push(StoredFile { lesson: lesson.clone(), name, text }),
                    Kept::Nothing => restored.push((lesson.clone(), name)),
                }
            }
        }
        (files, restored)
    }
}

/// Whether two rows differ in nothing that is worth a write.
fn same_row(stored: &StoredSession, now: &StoredSession) -> bool {
    let rest = |row: &StoredSession| StoredSession { active: Timestamp::UNIX_EPOCH, ..row.clone() };
    now.active.duration_since(stored.active) < ACTIVITY && rest(stored) == rest(now)
}
