//! What could stand next in a line: kubectl's own completions, as a shell asks for them.

use tokio::io::AsyncReadExt as _;
use tokio_util::sync::CancellationToken;

use super::{
    World,
    exec::{Io, Shell},
    kubectl,
    pipe::{Writer, pipe, reader},
};

/// How much of the completions is read.
const MOST: u64 = 256 * 1024;

/// The words that could stand where the line ends; empty for what is no kubectl command.
pub async fn complete(line: &str, world: &World) -> Vec<String> {
    let Some(words) = words(line) else { return Vec::new() };
    let mut arguments = vec!["kubectl".to_owned(), "__complete".to_owned()];
    arguments.extend(words);
    let shell = Shell { world: World { terminal: None, ..world.clone() }, cancel: CancellationToken::new() };
    let (out, pieces) = pipe();
    let io = Io { stdin: Box::new(tokio::io::empty()), out, err: Writer::null(), at_keyboard: false };
    let mut text = Vec::new();
    let reading = async {
        let _ = reader(pieces).take(MOST).read_to_end(&mut text).await;
    };
    tokio::join!(kubectl::run(&shell, arguments, io), reading);
    options(&String::from_utf8_lossy(&text))
}

/// The words after `kubectl` of the command in which the line ends, the unfinished one last.
fn words(line: &str) -> Option<Vec<String>> {
    let command = line.rsplit(['|', ';', '&']).next().unwrap_or_default().trim_start();
    let rest = command.strip_prefix("kubectl ").or_else(|| command.strip_prefix("k "))?;
    let (before, last) = rest.rsplit_once(' ').unwrap_or(("", rest));
    Some(before.split_whitespace().chain([last]).map(str::to_owned).collect())
}

/// Candidates end with a line like `:4`, which tells a shell how to offer them; words about them come after a tab.
fn options(text: &str) -> Vec<String> {
    let candidates = text.lines().take_while(|line| !line.starts_with(':'));
    candidates.filter_map(|line| line.split('\t').next()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_in_which_the_line_ends_is_completed() {
        let words = |line| words(line).map(|words| words.join("|"));
        assert_eq!(words("kubectl get po").as_deref(), Some("get|po"));
        assert_eq!(words("echo x; k  get pods ").as_deref(), Some("get|pods|"));
        assert_eq!(words("kubectl get pods | gre"), None);
    }

    #[test]
    fn words_about_a_candidate_are_no_part_of_it() {
        assert_eq!(options("pods\tabout pods\nweb\n:4\nrest"), ["pods", "web"]);
        assert!(options(":4\n").is_empty());
    }
}
