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
    tokio::join!(kubectl::run(&shell, arguments.clone(), io), reading);
    let typed = arguments.last().cloned().unwrap_or_default();
    match options(&String::from_utf8_lossy(&text)) {
        Options::Words(words) => words,
        Options::Files(endings) => {
            let names = world.files.list(".").await.unwrap_or_default();
            files(&names, &endings, &typed)
        }
    }
}

/// The words after `kubectl` of the command in which the line ends, the unfinished one last.
fn words(line: &str) -> Option<Vec<String>> {
    let command = line.rsplit(['|', ';', '&']).next().unwrap_or_default().trim_start();
    let rest = command.strip_prefix("kubectl ").or_else(|| command.strip_prefix("k "))?;
    let (before, last) = rest.rsplit_once(' ').unwrap_or(("", rest));
    Some(before.split_whitespace().chain([last]).map(str::to_owned).collect())
}

/// What kubectl proposes.
#[derive(Debug, PartialEq, Eq)]
enum Options {
    Words(Vec<String>),
    /// Files with one of these endings, or any.
    Files(Vec<String>),
}

/// kubectl's bit for files with the endings that are its candidates (cobra's `ShellCompDirectiveFilterFileExt`).
const ENDINGS: u8 = 8;
/// It has nothing to propose, and files may stand here.
const DEFAULT: u8 = 0;

/// Candidates end with a line like `:4`, which tells a shell how to offer them; words about them come after a tab.
fn options(text: &str) -> Options {
    let candidates = text.lines().take_while(|line| !line.starts_with(':'));
    let words: Vec<String> = candidates
        .filter_map(|line| line.split('\t').next())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let directive = text.lines().find_map(|line| line.strip_prefix(':')?.parse::<u8>().ok());
    match directive {
        Some(bits) if bits & ENDINGS != 0 => Options::Files(words),
        Some(DEFAULT) if words.is_empty() => Options::Files(Vec::new()),
        _ => Options::Words(words),
    }
}

/// The files that fit what is typed: a flag's name and `=` may stand before.
fn files(names: &[String], endings: &[String], typed: &str) -> Vec<String> {
    let (flag, begun) = match typed.split_once('=').filter(|(flag, _)| flag.starts_with("--")) {
        Some((flag, begun)) => (format!("{flag}="), begun),
        None => (String::new(), typed),
    };
    let ends = |name: &str| {
        endings.is_empty()
            || name.rsplit_once('.').is_some_and(|(_, ending)| endings.iter().any(|known| known == ending))
    };
    let fitting = names.iter().filter(|name| name.starts_with(begun) && ends(name));
    fitting.map(|name| format!("{flag}{name}")).collect()
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
        let words = |words: &[&str]| Options::Words(words.iter().map(|&word| word.to_owned()).collect());
        assert_eq!(options("pods\tabout pods\nweb\n:4\nrest"), words(&["pods", "web"]));
        assert_eq!(options(":4\n"), words(&[]));
    }

    #[test]
    fn files_are_proposed_by_their_endings() {
        assert_eq!(options("json\nyaml\n:8\n"), Options::Files(vec!["json".into(), "yaml".into()]));
        assert_eq!(options(":0\n"), Options::Files(Vec::new()));
        let names = ["pod.yaml", "notes.txt", "port.json"].map(str::to_owned);
        let yaml = ["yaml".to_owned(), "json".to_owned()];
        assert_eq!(files(&names, &yaml, "po"), ["pod.yaml", "port.json"]);
        assert_eq!(files(&names, &yaml, "--filename=pod"), ["--filename=pod.yaml"]);
        assert_eq!(files(&names, &[], ""), names);
    }
}
