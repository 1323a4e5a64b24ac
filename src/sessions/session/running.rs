//! A command that runs in a session.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Session, lock};
use crate::{
    manifest::Problem,
    sessions::{commands::NotBegun, scrollback::What},
};

impl Session {
    /// Begins a command: shows it, and gives its Ctrl-C. Its end is the end of what this returns.
    pub fn begin(&self, id: &str, line: &str, terminal: bool) -> Result<Running, NotBegun> {
        self.touch();
        let cancel = lock(&self.console.commands).begin(id, &self.over)?;
        self.show(What::Started { id: id.to_owned(), line: line.to_owned(), terminal });
        let session = self.me.upgrade().expect("a session that is used is alive");
        Ok(Running {
            id: id.to_owned(),
            cancel,
            began: (self.around.clock)(),
            code: None,
            problems: Vec::new(),
            session,
        })
    }
}

/// A command that runs. When it is dropped the command is over, also if its task panicked.
#[derive(Debug)]
pub struct Running {
    id: String,
    cancel: CancellationToken,
    began: Timestamp,
    code: Option<i32>,
    problems: Vec<Problem>,
    session: Arc<Session>,
}

impl Running {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its Ctrl-C.
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// It has ended with this code, and found this wrong with the manifest it was given.
    pub fn ended(mut self, code: i32, problems: Vec<Problem>) {
        self.code = Some(code);
        self.problems = problems;
    }
}

/// The exit code of a command that broke off without one: the server's fault.
pub(in crate::sessions) const BROKEN: i32 = 255;

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.session.console.commands).end(&self.id);
        self.session.keyboards.detach(&self.id);
        let took = (self.session.around.clock)().duration_since(self.began);
        let millis = u64::try_from(took.as_millis()).unwrap_or(0);
        let (code, problems) = (self.code.unwrap_or(BROKEN), std::mem::take(&mut self.problems));
        self.session.show(What::Exit { id: self.id.clone(), code, millis, problems });
    }
}
