//! A shell that a lesson has opened in a container, and what the lesson types into it.

use std::{sync::LazyLock, time::Duration};

use regex::Regex;
use tokio::{sync::watch, time::timeout};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::super::desk::Place;
use crate::console::{
    World,
    terminal::{Keyboard, terminal},
};

/// What moves cursors and sets colours (ECMA-48), and what a terminal's lines end with.
static CONTROLS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)|\r").expect("it is one"));

/// Within this a shell that can't be had has ended, though it has said something already.
const SETTLES: Duration = Duration::from_secs(1);

/// A shell that waits for what is typed.
pub(super) struct Shell {
    keyboard: Keyboard,
    /// All that it has printed, and the code it has ended with.
    output: watch::Receiver<(String, Option<i32>)>,
    cancel: CancellationToken,
    _running: AbortOnDropHandle<()>,
}

impl Shell {
    /// Runs a command that opens one, and waits until it has said something. The error is what it ended with instead.
    pub async fn open(place: &Place, line: &str, within: Duration) -> Result<Self, (i32, String)> {
        let (keyboard, terminal) = terminal();
        let world = World { terminal: Some(terminal), ..place.world.clone() };
        let (said, mut output) = watch::channel((String::new(), None));
        let cancel = CancellationToken::new();
        let (line, ending) = (line.to_owned(), cancel.clone());
        let running = AbortOnDropHandle::new(tokio::spawn(async move {
            let heard = |text: &str| said.send_modify(|(all, _)| all.push_str(text));
            let code = super::super::desk::run(&world, &line, ending, heard).await;
            said.send_modify(|(_, ended)| *ended = Some(code));
        }));
        let begun = |(text, ended): &(String, Option<i32>)| ended.is_some() || !text.is_empty();
        let _ = timeout(within, output.wait_for(begun)).await;
        // `attach` says so before it knows whether there is anything to attach to.
        if output.borrow().0.trim_end().ends_with("try pressing enter.") {
            let _ = timeout(SETTLES, output.wait_for(|(_, ended)| ended.is_some())).await;
        }
        let (text, ended) = output.borrow().clone();
        match ended {
            Some(code) => Err((code, text)),
            None => Ok(Self { keyboard, output, cancel, _running: running }),
        }
    }

    /// Types a line; gives what is printed after it until `enough` says so, or until nothing has come for `quiet`.
    pub async fn type_line(
        &mut self,
        line: &str,
        within: Duration,
        quiet: Duration,
        enough: impl Fn(&str) -> bool,
    ) -> String {
        let from = self.output.borrow().0.len();
        self.keyboard.press(format!("{}\r", line.replace('\n', "\r")));
        let printed = |text: &str| CONTROLS.replace_all(text.get(from..).unwrap_or_default(), "").into_owned();
        let waiting = async {
            loop {
                let changed = timeout(quiet, self.output.changed()).await;
                let (text, ended) = self.output.borrow().clone();
                if ended.is_some() || !matches!(changed, Ok(Ok(()))) || enough(&printed(&text)) {
                    return;
                }
            }
        };
        let _ = timeout(within, waiting).await;
        printed(&self.output.borrow().0)
    }

    /// Whether it waits no more.
    pub fn is_over(&self) -> bool {
        self.output.borrow().1.is_some()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// That a shell does not know a program, in its own words.
pub(super) fn complaint(printed: &str) -> Option<&str> {
    let words = [": not found", ": command not found", ": No such file or directory", ": Permission denied"];
    printed.lines().map(str::trim).find(|line| words.iter().any(|words| line.ends_with(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shells_complaints_are_heard() {
        assert_eq!(complaint("sh: vim: not found\n/ # "), Some("sh: vim: not found"));
        assert_eq!(complaint("nothing is not found here\n"), None);
    }

    #[test]
    fn colours_are_no_part_of_what_is_printed() {
        assert_eq!(CONTROLS.replace_all("\u{1b}[1;34mdata\u{1b}[m\r\n\u{1b}[6n# ", ""), "data\n# ");
    }
}
