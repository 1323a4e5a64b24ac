//! The keyboards of the commands that have asked for a terminal.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use crate::console::terminal::Keyboard;

/// By the command's id, while it runs.
#[derive(Debug, Default)]
pub struct Keyboards(Mutex<HashMap<String, Keyboard>>);

impl Keyboards {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Keyboard>> {
        self.0.lock().expect("nothing panics while it holds the keyboards")
    }

    /// A command begins that has one.
    pub fn attach(&self, id: &str, keyboard: Keyboard) {
        self.lock().insert(id.to_owned(), keyboard);
    }

    /// A command has ended.
    pub fn detach(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Of a command that runs in a terminal.
    pub fn of(&self, id: &str) -> Option<Keyboard> {
        self.lock().get(id).cloned()
    }
}
