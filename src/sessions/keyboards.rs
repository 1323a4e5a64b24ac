//! The keyboards of the commands that have asked for a terminal.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard},
};

use crate::console::terminal::Keyboard;

/// Of so many pages the last piece is remembered, of each command.
const PAGES: usize = 64;
/// The longest name of a page.
const MAX_PAGE: usize = 64;

/// By the command's id, while it runs.
#[derive(Debug, Default)]
pub struct Keyboards(Mutex<HashMap<String, Typing>>);

#[derive(Debug)]
struct Typing {
    keyboard: Keyboard,
    /// The last piece that came from each page.
    typed: BTreeMap<String, u64>,
}

/// What became of a piece of typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    /// It is with its program, from now on or from an earlier time; or the program has ended, and it has no place to go.
    Settled,
    /// The program reads no more, and too much waits already.
    Lost,
}

impl Keyboards {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Typing>> {
        self.0.lock().expect("nothing panics while it holds the keyboards")
    }

    /// A command begins that has one.
    pub fn attach(&self, id: &str, keyboard: Keyboard) {
        self.lock().insert(id.to_owned(), Typing { keyboard, typed: BTreeMap::new() });
    }

    /// A command has ended.
    pub fn detach(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Of a command that runs in a terminal.
    pub fn of(&self, id: &str) -> Option<Keyboard> {
        self.lock().get(id).map(|typing| typing.keyboard.clone())
    }

    /// Types. A page that does not know whether a piece arrived sends it again; it is typed once. Pieces with the number
    /// 0 are not counted.
    pub fn press(&self, id: &str, page: &str, seq: u64, keys: String) -> Pressed {
        let mut all = self.lock();
        let Some(typing) = all.get_mut(id) else { return Pressed::Settled };
        if seq > 0 && page.len() <= MAX_PAGE {
            let last = typing.typed.entry(page.to_owned()).or_default();
            if seq <= *last {
                return Pressed::Settled;
            }
            *last = seq;
            if typing.typed.len() > PAGES {
                typing.typed.pop_first();
            }
        }
        if typing.keyboard.press(keys) { Pressed::Settled } else { Pressed::Lost }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;
    use crate::console::terminal::terminal;

    #[tokio::test]
    async fn what_comes_twice_is_typed_once() {
        let (keyboards, (keyboard, terminal)) = (Keyboards::default(), terminal());
        keyboards.attach("c", keyboard);
        for (page, seq, keys) in
            [("p", 1, "a"), ("p", 2, "b"), ("p", 1, "a"), ("p", 2, "b"), ("q", 1, "c"), ("p", 3, "d"), ("", 0, "e")]
        {
            assert_eq!(keyboards.press("c", page, seq, keys.into()), Pressed::Settled);
        }
        keyboards.detach("c");
        assert_eq!(keyboards.press("c", "p", 4, "x".into()), Pressed::Settled, "its command has ended");
        let mut got = String::new();
        terminal.keys().await.read_to_string(&mut got).await.unwrap();
        assert_eq!(got, "abcde");
    }

    #[test]
    fn what_nobody_reads_is_lost_and_says_so() {
        let (keyboards, (keyboard, terminal)) = (Keyboards::default(), terminal());
        keyboards.attach("c", keyboard);
        drop(terminal);
        assert_eq!(keyboards.press("c", "p", 1, "a".into()), Pressed::Lost);
    }
}
