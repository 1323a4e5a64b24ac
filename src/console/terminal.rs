//! A learner's keyboard and screen, for a line that asks for a terminal: `kubectl exec -it`, `attach -it`, `run -it`.

use std::{io, sync::Arc};

use bytes::Bytes;
use futures::stream;
use tokio::{
    io::AsyncRead,
    sync::{Mutex, mpsc, watch},
};
use tokio_util::io::StreamReader;

use super::{
    parse,
    syntax::{Command, Part, Word},
};

/// How many pieces of typed text may wait for a program that does not read.
const KEYS: usize = 256;
/// What a terminal is until the page has said its size: that of the DEC VT100, as everywhere.
const SIZE: (u16, u16) = (80, 24);
/// The smallest and the largest that a page may ask for.
const LEAST: u16 = 2;
const MOST: u16 = 1000;

/// The page's end: what is typed, and how large the screen is. Clones share them.
#[derive(Debug, Clone)]
pub struct Keyboard {
    keys: mpsc::Sender<Bytes>,
    size: Arc<watch::Sender<(u16, u16)>>,
}

impl Keyboard {
    /// Types; `false` when nobody reads, or too much waits already.
    pub fn press(&self, keys: String) -> bool {
        self.keys.try_send(keys.into()).is_ok()
    }

    /// The screen has so many columns and rows now.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.size.send_replace((columns.clamp(LEAST, MOST), rows.clamp(LEAST, MOST)));
    }
}

/// The line's end. Clones share it; one command at a time has the keys.
#[derive(Debug, Clone)]
pub struct Terminal {
    keys: Arc<Mutex<mpsc::Receiver<Bytes>>>,
    size: watch::Receiver<(u16, u16)>,
}

/// Both ends of a terminal.
pub fn terminal() -> (Keyboard, Terminal) {
    let (send, receive) = mpsc::channel(KEYS);
    let (resize, size) = watch::channel(SIZE);
    let keyboard = Keyboard { keys: send, size: Arc::new(resize) };
    (keyboard, Terminal { keys: Arc::new(Mutex::new(receive)), size })
}

impl Terminal {
    /// What is typed from now on, until this is dropped: then the next command has the keyboard.
    pub async fn keys(&self) -> Box<dyn AsyncRead + Send + Unpin> {
        let keys = self.keys.clone().lock_owned().await;
        let typed = stream::unfold(keys, |mut keys| async {
            let piece = keys.recv().await?;
            Some((Ok::<_, io::Error>(piece), keys))
        });
        Box::new(StreamReader::new(Box::pin(typed)))
    }

    /// As kubectl knows a terminal. The page neither echoes nor edits, so there is nothing to switch off.
    pub(super) fn for_kubectl(&self) -> podyard_kubectl::env::Terminal {
        podyard_kubectl::env::Terminal { size: self.size.clone(), raw: Arc::new(|| Box::new(())) }
    }
}

/// Whether a line asks for a terminal: some command in it is kubectl with both `-i` and `-t`.
pub fn wants_terminal(line: &str) -> bool {
    let Ok(script) = parse::parse(line) else { return false };
    let mut first = script.0.iter().filter_map(|(_, pipeline)| pipeline.first());
    first.any(|command| asks(&words(command)))
}

fn words(command: &Command) -> Vec<String> {
    command.words.iter().map(text).collect()
}

/// A word's own text; what is filled in later is no flag.
fn text(word: &Word) -> String {
    let texts = word.0.iter().filter_map(|part| match part {
        Part::Text { text, .. } => Some(text.as_str()),
        Part::Variable { .. } | Part::Output { .. } => None,
    });
    texts.collect()
}

/// Whether these arguments, which begin with `kubectl` or `k`, ask for a terminal.
pub(super) fn asks(arguments: &[String]) -> bool {
    let Some((program, rest)) = arguments.split_first() else { return false };
    let own: Vec<&str> = rest.iter().map(String::as_str).take_while(|word| *word != "--").collect();
    let takes = own.iter().any(|word| matches!(*word, "exec" | "attach" | "run" | "debug"));
    let given = |short: char, long: &str| own.iter().any(|word| is_flag(word, short, long));
    matches!(program.as_str(), "kubectl" | "k") && takes && given('i', "--stdin") && given('t', "--tty")
}

/// Whether a word sets a switch: `-i`, `-it`, `--stdin`, `--stdin=true`.
fn is_flag(word: &str, short: char, long: &str) -> bool {
    let cluster = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    let short = cluster.is_some_and(|letters| letters.chars().take_while(|c| "itq".contains(*c)).any(|c| c == short));
    short || word == long || word.strip_prefix(long) == Some("=true")
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[test]
    fn a_terminal_is_asked_for_with_both_switches() {
        for line in [
            "kubectl exec -it web -- sh",
            "k exec -ti web -- vi /tmp/x",
            "kubectl attach web -i -t",
            "kubectl run -it --rm b --image=busybox --restart=Never -- sh",
            "kubectl exec --stdin --tty=true web -- sh -c 'echo -n'",
            "kubectl apply -f a.yaml && kubectl exec -itc app web -- sh",
        ] {
            assert!(wants_terminal(line), "{line}");
        }
        for line in [
            "kubectl exec web -- ls -it",
            "kubectl exec -i web -- cat",
            "kubectl get pods -it",
            "echo kubectl exec -it",
            "kubectl exec -c it web -- sh",
            "'",
        ] {
            assert!(!wants_terminal(line), "{line}");
        }
    }

    #[tokio::test]
    async fn one_command_after_the_other_has_the_keyboard() {
        let (keyboard, terminal) = terminal();
        assert!(keyboard.press("one".into()));
        let mut first = terminal.keys().await;
        let mut got = [0; 3];
        first.read_exact(&mut got).await.unwrap();
        drop(first);
        assert!(keyboard.press("two".into()));
        terminal.keys().await.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"two");
        drop(terminal);
        assert!(!keyboard.press("nobody".into()));
    }

    #[test]
    fn a_size_that_nobody_has_is_bounded() {
        let (keyboard, terminal) = terminal();
        assert_eq!(*terminal.size.borrow(), (80, 24));
        keyboard.resize(0, 60_000);
        assert_eq!(*terminal.size.borrow(), (2, 1000));
    }
}
