//! Texts that commands have open in the page's editor: `kubectl edit` waits for what the learner makes of one.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use futures::future::BoxFuture;
use podyard_kubectl::env::Editor;
use tokio::sync::{oneshot, watch};

use super::{desk::MAX_FILE, ids::Token};

/// A text that is open, as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Its own name: a text that is opened again is another edit.
    pub id: Token,
    /// The command that waits for it.
    pub command: String,
    /// `pods-web.yaml`
    pub name: String,
    /// As it was opened, or as far as the learner is with it.
    pub text: String,
}

/// A text is larger than a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too large: 2 MB are the most")]
pub struct TooLarge;

#[derive(Debug)]
struct Open {
    edit: Edit,
    answer: oneshot::Sender<Option<String>>,
}

/// What is open in one session. Clones share it.
#[derive(Debug, Clone)]
pub struct Edits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    open: Mutex<Vec<Open>>,
    changed: watch::Sender<Vec<Edit>>,
}

impl Default for Edits {
    fn default() -> Self {
        Self(Arc::new(Inner { open: Mutex::default(), changed: watch::Sender::new(Vec::new()) }))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Vec<Open>> {
        self.open.lock().expect("nothing panics while it holds the edits")
    }

    fn announce(&self, open: &[Open]) {
        self.changed.send_replace(open.iter().map(|open| open.edit.clone()).collect());
    }

    fn take(&self, id: &str) -> Option<Open> {
        let mut open = self.lock();
        let at = open.iter().position(|open| open.edit.id.as_str() == id)?;
        let taken = open.remove(at);
        self.announce(&open);
        Some(taken)
    }
}

impl Edits {
    /// What is open, and when that changes.
    pub fn watch(&self) -> watch::Receiver<Vec<Edit>> {
        self.0.changed.subscribe()
    }

    /// The editor of one command.
    pub fn editor(&self, command: &str) -> Arc<dyn Editor> {
        Arc::new(PageEditor { edits: self.clone(), command: command.to_owned() })
    }

    /// What has become of an edit; `None` closes it as it was. An answer that comes twice is heard once.
    pub fn answer(&self, id: &str, text: Option<String>) -> Result<(), TooLarge> {
        if text.as_ref().is_some_and(|text| text.len() > MAX_FILE) {
            return Err(TooLarge);
        }
        if let Some(open) = self.0.take(id) {
            // Its command may have been stopped this very moment.
            let _ = open.answer.send(text);
        }
        Ok(())
    }

    /// How far the learner is with an edit: a page that is opened later shows this. Pages that show it already have
    /// their own, and are not told.
    pub fn draft(&self, id: &str, text: String) -> Result<(), TooLarge> {
        if text.len() > MAX_FILE {
            return Err(TooLarge);
        }
        let mut open = self.0.lock();
        let Some(open) = open.iter_mut().find(|open| open.edit.id.as_str() == id) else { return Ok(()) };
        self.0.changed.send_if_modified(|shown| {
            let same = |edit: &&mut Edit| edit.id == open.edit.id;
            shown.iter_mut().filter(same).for_each(|edit| edit.text.clone_from(&text));
            false
        });
        open.edit.text = text;
        Ok(())
    }

    fn open(&self, command: &str, name: &str, text: &str) -> (Waiting, oneshot::Receiver<Option<String>>) {
        let (answer, answered) = oneshot::channel();
        let id = Token::random();
        let (command, name, text) = (command.to_owned(), name.to_owned(), text.to_owned());
        let mut open = self.0.lock();
        open.push(Open { edit: Edit { id: id.clone(), command, name, text }, answer });
        self.0.announce(&open);
        (Waiting { id, edits: self.clone() }, answered)
    }
}

/// A command that waits; when it is stopped, its text is closed.
struct Waiting {
    id: Token,
    edits: Edits,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.edits.0.take(self.id.as_str());
    }
}

struct PageEditor {
    edits: Edits,
    command: String,
}

impl Editor for PageEditor {
    fn edit(&self, name: &str, text: String) -> BoxFuture<'_, io::Result<String>> {
        let (waiting, answered) = self.edits.open(&self.command, name, &text);
        Box::pin(async move {
            let answer = answered.await;
            drop(waiting);
            Ok(answer.ok().flatten().unwrap_or(text))
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_text_is_open_until_it_is_answered_and_closing_leaves_it_as_it_was() {
        let edits = Edits::default();
        let editor = edits.editor("c1");
        let watch = edits.watch();
        let id = || watch.borrow()[0].id.as_str().to_owned();
        let saved = editor.edit("pods-web.yaml", "before".into());
        assert_eq!((watch.borrow()[0].command.as_str(), watch.borrow()[0].text.as_str()), ("c1", "before"));
        let first = id();
        edits.answer(&first, Some("after".into())).unwrap();
        assert_eq!(saved.await.unwrap(), "after");
        assert!(watch.borrow().is_empty());

        let closed = editor.edit("pods-web.yaml", "again".into());
        edits.answer(&first, Some("late".into())).unwrap();
        assert_ne!(id(), first, "a text that is opened again is another edit");
        edits.answer(&id(), None).unwrap();
        assert_eq!(closed.await.unwrap(), "again");
    }

    #[tokio::test]
    async fn what_is_typed_and_not_handed_over_is_found_by_the_next_page_and_closing_still_leaves_it_as_it_was() {
        let edits = Edits::default();
        let mut first = edits.watch();
        let (editor, another) = (edits.editor("c1"), edits.editor("c2"));
        let closed = editor.edit("pods-web.yaml", "before".into());
        let id = first.borrow_and_update()[0].id.as_str().to_owned();
        edits.draft(&id, "half".into()).unwrap();
        assert!(!first.has_changed().unwrap(), "the page that types is not told what it typed");
        assert_eq!(edits.watch().borrow()[0].text, "half");
        let other = another.edit("pods-db.yaml", String::new());
        assert_eq!(edits.watch().borrow()[0].text, "half", "also once another text is open");
        drop(other);
        edits.answer(&id, None).unwrap();
        assert_eq!(closed.await.unwrap(), "before");
    }

    #[tokio::test]
    async fn a_command_that_is_stopped_closes_its_text() {
        let edits = Edits::default();
        let editor = edits.editor("c1");
        let mut waiting = editor.edit("a.yaml", String::new());
        assert!((&mut waiting).now_or_never().is_none());
        drop(waiting);
        assert!(edits.watch().borrow().is_empty());
    }

    #[test]
    fn a_text_is_bounded_like_a_file() {
        assert_eq!(Edits::default().answer("x", Some(" ".repeat(MAX_FILE + 1))), Err(TooLarge));
        assert_eq!(Edits::default().draft("x", " ".repeat(MAX_FILE + 1)), Err(TooLarge));
    }
}
