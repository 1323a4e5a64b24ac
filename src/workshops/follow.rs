//! Follows a learner's session: what they run, what fails, how far they are.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::{
    Clock,
    activity::{Activity, Place},
    room::Room,
};
use crate::{
    sessions::{
        Session,
        scrollback::{Frame, What},
    },
    storage::StepProgress,
};

/// How many frames are looked at together.
const FRAMES: usize = 256;
/// A session is looked at this often at most: the wall is no film.
const CALM: Duration = Duration::from_millis(200);
/// How much of an error is kept: its first line is what counts.
const ERROR: usize = 4 * 1024;

/// Tells the room what the session does, until it is over.
pub(super) async fn follow(room: Arc<Room>, session: Arc<Session>, clock: Clock) {
    let learner = session.learner().clone();
    let (mut newest, mut progressed) = (session.newest(), session.progressed());
    let mut reader = Reader { seen: *newest.borrow_and_update(), errors: HashMap::new() };
    let over = session.over().clone();
    loop {
        // Asked before the last look, so that nothing comes between the two.
        let last = over.is_cancelled();
        let (lesson, progress) = (session.lesson(), session.progress());
        room.observe(&learner, |activity, known| {
            activity.lesson = lesson;
            *known = progress;
        });
        if last {
            return;
        }
        tokio::select! {
            changed = newest.changed() => if changed.is_err() { return },
            changed = progressed.changed() => if changed.is_err() { return },
            () = over.cancelled() => continue,
        }
        tokio::time::sleep(CALM).await;
        newest.borrow_and_update();
        loop {
            let frames = session.frames_after(reader.seen, FRAMES).frames;
            let Some(last) = frames.last() else { break };
            reader.seen = last.seq;
            let now = clock();
            room.observe(&learner, |activity, progress| {
                let place = place(progress);
                for frame in &frames {
                    reader.read(frame, activity, place.as_ref(), now);
                }
            });
        }
    }
}

/// Where they work: the step that was worked on last.
pub(super) fn place(progress: &[StepProgress]) -> Option<Place> {
    let newest = progress.iter().max_by_key(|step| step.visited)?;
    Some(Place { lesson: newest.lesson.clone(), step: newest.step.clone() })
}

/// Reads a console's frames.
struct Reader {
    /// The last frame that was read.
    seen: u64,
    /// What running commands have said on standard error.
    errors: HashMap<String, String>,
}

impl Reader {
    fn read(&mut self, frame: &Frame, activity: &mut Activity, place: Option<&Place>, now: jiff::Timestamp) {
        match &frame.what {
            What::Started { .. } => activity.acted(place, now),
            What::Output { id, errors: true, text } => {
                let said = self.errors.entry(id.clone()).or_default();
                if said.len() < ERROR {
                    said.push_str(text);
                }
            }
            What::Exit { id, code, .. } => {
                let said = self.errors.remove(id).unwrap_or_default();
                if *code != 0 {
                    activity.failed(&said);
                }
            }
            What::Output { .. } | What::Clear => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: u64, what: What) -> Frame {
        Frame { seq, what }
    }

    #[test]
    fn what_a_failing_command_says_on_stderr_is_its_error() {
        let (mut reader, mut activity) = (Reader { seen: 0, errors: HashMap::new() }, Activity::default());
        let now = jiff::Timestamp::UNIX_EPOCH;
        let (id, other) = ("a".to_owned(), "b".to_owned());
        let said = |id: &String, errors, text: &str| What::Output { id: id.clone(), errors, text: text.into() };
        let exit = |id: &String, code| What::Exit { id: id.clone(), code, millis: 1, problems: Vec::new() };
        let frames = [
            What::Started { id: id.clone(), line: "kubectl get pod x".into(), terminal: false },
            said(&id, true, "Error from server"),
            said(&other, true, "Warning: fine"),
            said(&id, true, " (NotFound)\n"),
            said(&id, false, "NAME\n"),
            exit(&other, 0),
            exit(&id, 1),
        ];
        for (seq, what) in frames.into_iter().enumerate() {
            reader.read(&frame(seq as u64, what), &mut activity, None, now);
        }
        let repeated = activity.repeated().unwrap();
        assert_eq!((repeated.text.as_str(), repeated.times), ("Error from server (NotFound)", 1));
        assert!(reader.errors.is_empty());
        assert_eq!(activity.last, Some(now));
    }
}
