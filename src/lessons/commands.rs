//! Command blocks: which lines run, which are comments, which are what came back.

pub mod manner;
pub mod shape;
pub mod shell;

/// One piece of a command block, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Something to run; several lines when it is continued or carries a here-document.
    Command(String),
    /// Something to type into a shell that a command before it has opened in a container.
    Typed(String),
    /// A comment between the commands, without its `#`.
    Comment(String),
    /// What the command before it printed.
    Output(String),
}

/// The programs that a learner's console knows.
const RUNNABLE: [&str; 18] = [
    "kubectl", "k", "cat", "ls", "rm", "pwd", "echo", "grep", "head", "tail", "wc", "sort", "watch", "sleep", "curl",
    "clear", "help", "export",
];

/// Prompts that pages put before what one types. The later ones are `❯` read in a wrong encoding (CP1252, Latin-1).
const PROMPTS: [&str; 4] = ["$", "❯", "â¯", "â\u{9d}¯"];

/// A line without the prompt before it, if there is one.
pub fn without_prompt(line: &str) -> Option<&str> {
    let line = line.trim_start();
    PROMPTS.iter().find_map(|prompt| line.strip_prefix(prompt)?.strip_prefix([' ', '\u{a0}']).map(str::trim_start))
}

/// Whether the console can run this line: its first word, after any `NAME=value`, is a program it knows; or it is nothing
/// but such values.
pub fn runs_here(line: &str) -> bool {
    let rest = after_assignments(line);
    match rest.split_whitespace().next() {
        Some(word) => RUNNABLE.contains(&word),
        None => !line.trim().is_empty(),
    }
}

/// Whether a line runs kubectl.
pub fn is_kubectl(line: &str) -> bool {
    matches!(after_assignments(line).split_whitespace().next(), Some("kubectl" | "k"))
}

/// What follows the `NAME=value` at the beginning of a line, whose values may hold blanks in quotes or in `$(…)`.
fn after_assignments(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some((_, value)) = rest.split_once('=').filter(|(name, _)| is_name(name)) {
        rest = value[value_length(value)..].trim_start();
    }
    rest
}

/// How many bytes of a text are the value at its beginning.
fn value_length(text: &str) -> usize {
    let (mut quote, mut depth) = (None, 0_usize);
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some('\''), '\\') => {}
            (_, '\\') => drop(letters.next()),
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, letter) if letter.is_whitespace() && depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// The command in a line that is nothing but `NAME=$(…)`.
fn substituted(line: &str) -> Option<&str> {
    let (name, value) = line.trim().split_once('=')?;
    let inner = value.trim_matches('"').strip_prefix("$(")?.strip_suffix(')')?;
    (is_name(name) && after_assignments(line).is_empty()).then_some(inner)
}

/// Whether a command prints objects as YAML or JSON, and not into a file.
pub fn prints_objects(command: &str) -> bool {
    let words = shlex::split(command).unwrap_or_default();
    let format = |word: &str| matches!(word, "yaml" | "json");
    let mut wanted = words.windows(2).any(|pair| matches!(pair[0].as_str(), "-o" | "--output") && format(&pair[1]));
    wanted |= words
        .iter()
        .any(|word| ["-o=", "--output=", "-o"].iter().any(|flag| word.strip_prefix(flag).is_some_and(format)));
    wanted && !words.iter().any(|word| word.starts_with('>') || word == "|")
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|letter: char| letter.is_ascii_digit())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}

/// Splits a command block. Where any line has a prompt, only prompted lines run and the others are their output.
pub fn split(text: &str) -> Vec<Piece> {
    let prompted = text.lines().any(|line| without_prompt(line).or(shell::without_prompt(line)).is_some());
    let mut pieces = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let typed = shell::without_prompt(line);
        let begins = if prompted { without_prompt(line).or(typed) } else { Some(line.trim()) };
        match begins {
            Some("") => {}
            // Some pages show what comes back in the same block, without any prompt.
            Some(line) if !prompted && comes_back(&pieces, line) => push_output(&mut pieces, line),
            Some(comment) if comment.starts_with('#') => pieces.push(Piece::Comment(comment_text(comment))),
            Some(first) => {
                let mut command = first.to_owned();
                while wants_more(&command) && lines.peek().is_some() {
                    command.push('\n');
                    command.push_str(lines.next().unwrap_or_default());
                }
                pieces.push(if typed.is_some() { Piece::Typed(command) } else { Piece::Command(command) });
            }
            None => push_output(&mut pieces, line),
        }
    }
    trim_outputs(pieces)
}

/// Whether a line is what the piece before it printed.
fn comes_back(pieces: &[Piece], line: &str) -> bool {
    match pieces.last() {
        Some(Piece::Command(_)) => shape::is_printed(line, false),
        Some(Piece::Output(_)) => !line.starts_with('#') && shape::is_printed(line, true),
        _ => false,
    }
}

fn comment_text(line: &str) -> String {
    line.trim_start_matches('#').trim().to_owned()
}

fn push_output(pieces: &mut Vec<Piece>, line: &str) {
    if let Some(Piece::Output(text)) = pieces.last_mut() {
        text.push('\n');
        text.push_str(line);
    } else if !line.trim().is_empty() {
        pieces.push(Piece::Output(line.to_owned()));
    }
}

fn trim_outputs(pieces: Vec<Piece>) -> Vec<Piece> {
    let trim = |piece| match piece {
        Piece::Output(text) => Piece::Output(text.trim_end().to_owned()),
        other => other,
    };
    pieces.into_iter().map(trim).collect()
}

/// Whether a shell would ask for another line: an open quote, a `\` at the end, a here-document without its end.
fn wants_more(command: &str) -> bool {
    if let Some(word) = here_document(command) {
        return !command.lines().skip(1).any(|line| line.trim_start_matches('\t') == word);
    }
    command.ends_with('\\') || open_quote(command) || shape::is_open(command)
}

fn here_document(command: &str) -> Option<String> {
    let (_, rest) = command.lines().next()?.split_once("<<")?;
    let word = rest.trim_start_matches('-').split_whitespace().next()?;
    let word: String = word.chars().filter(|letter| !matches!(letter, '\'' | '"')).collect();
    (!word.is_empty() && !word.starts_with('<')).then_some(word)
}

fn open_quote(command: &str) -> bool {
    let mut open = None;
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (open, letter) {
            (Some('\''), '\\') => {}
            (_, '\\') => drop(letters.next()),
            (None, '\'' | '"') => open = Some(letter),
            (Some(quote), letter) if quote == letter => open = None,
            _ => {}
        }
    }
    open.is_some()
}

/// What is sent to the console: lines joined at `\`, here-documents as they are.
pub fn to_run(command: &str) -> String {
    if here_document(command).is_some() { command.to_owned() } else { command.replace("\\\n", " ") }
}

/// The file that a command names with `-f`, where it is one name of a file beside the lesson.
pub fn file_named(command: &str) -> Option<String> {
    let words = shlex::split(command)?;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = match word.strip_prefix("--filename=").or_else(|| word.strip_prefix("-f=")) {
            Some(name) => Some(name.to_owned()),
            None if word == "-f" || word == "--filename" => words.next().cloned(),
            None => None,
        };
        if let Some(name) = name {
            return is_plain_file(&name).then_some(name);
        }
    }
    None
}

fn is_plain_file(name: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end))
        && !name.contains("://")
        && !name.contains(['/', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Piece {
        Piece::Command(text.into())
    }

    #[test]
    fn each_line_is_a_command_and_prompts_are_no_part_of_it() {
        assert_eq!(split("$ kubectl get pods\n$ kubectl get nodes\n").len(), 2);
        for prompt in PROMPTS {
            assert_eq!(split(&format!("{prompt} kubectl get pods")), [command("kubectl get pods")]);
        }
    }

    #[test]
    fn without_a_prompt_comments_stand_between_commands() {
        let pieces = split("# look first\nkubectl get pods\n\nkubectl get nodes\n");
        assert_eq!(
            pieces,
            [Piece::Comment("look first".into()), command("kubectl get pods"), command("kubectl get nodes")]
        );
    }

    #[test]
    fn with_prompts_the_other_lines_are_output() {
        let pieces = split("$ kubectl get pods\nNAME   READY\nweb    1/1\n\n$ kubectl delete pod web\n");
        assert_eq!(
            pieces,
            [
                command("kubectl get pods"),
                Piece::Output("NAME   READY\nweb    1/1".into()),
                command("kubectl delete pod web")
            ]
        );
    }

    #[test]
    fn what_comes_back_is_no_command_though_no_prompt_tells_them_apart() {
        let text = "kubectl create -f /dev/stdin <<EOF\nkind: Pod\nEOF\npod/web created\n\nkubectl get pods";
        let document = "kubectl create -f /dev/stdin <<EOF\nkind: Pod\nEOF";
        assert_eq!(
            split(text),
            [command(document), Piece::Output("pod/web created".into()), command("kubectl get pods")]
        );
    }

    #[test]
    fn a_table_and_a_loop_in_a_block_without_prompts_are_what_they_are() {
        let text = "kubectl get pods\nNAME   READY   STATUS\nweb    1/1     Running\nkubectl get nodes";
        let table = Piece::Output("NAME   READY   STATUS\nweb    1/1     Running".into());
        assert_eq!(split(text), [command("kubectl get pods"), table, command("kubectl get nodes")]);
        let said = "kompose convert\nINFO file created\n# then\nkubectl get pods";
        let out = Piece::Output("INFO file created".into());
        let (first, then) = (command("kompose convert"), Piece::Comment("then".into()));
        assert_eq!(split(said), [first, out, then, command("kubectl get pods")]);
        let looped = "for i in 0 1; do\n  kubectl exec web-$i -- hostname\ndone";
        assert_eq!(split(looped), [command(looped)]);
    }

    #[test]
    fn continued_lines_quotes_and_here_documents_are_one_command() {
        let continued = split("kubectl run web \\\n  --image=nginx\nkubectl get pods");
        assert_eq!(continued.len(), 2);
        assert_eq!(to_run("kubectl run web \\\n  --image=nginx"), "kubectl run web    --image=nginx");
        assert_eq!(split("kubectl run web -- sh -c 'echo a\necho b'").len(), 1);
        let document = "cat <<EOF | kubectl apply -f -\nkind: Pod\nEOF";
        assert_eq!(split(document), [command(document)]);
    }

    #[test]
    fn only_what_the_console_knows_runs_here() {
        assert!(runs_here("kubectl get pods") && runs_here("A=1 k get pods"));
        assert!(!runs_here("docker ps") && !runs_here("") && !runs_here("kubectlx"));
        assert!(
            runs_here("POD=$(kubectl get pods -o name)") && runs_here("A='b c' kubectl get pods") && runs_here("A=1")
        );
        assert!(!runs_here("A=$(date +%s) docker ps"));
    }

    #[test]
    fn who_prints_objects_is_known() {
        assert!(prints_objects("kubectl get pod web -o yaml") && prints_objects("kubectl get pod web --output=json"));
        assert!(prints_objects("k run web --image=x --dry-run=client -oyaml"));
        assert!(
            !prints_objects("kubectl get pod web -o yaml > web.yaml") && !prints_objects("kubectl get pods -o wide")
        );
    }

    #[test]
    fn a_command_names_its_file() {
        assert_eq!(file_named("kubectl apply -f 10-pod.yaml").as_deref(), Some("10-pod.yaml"));
        assert_eq!(file_named("kubectl delete --filename=a.yml").as_deref(), Some("a.yml"));
        assert_eq!(file_named("kubectl apply -f https://example.org/a.yaml"), None);
        assert_eq!(file_named("kubectl logs -f web"), None);
    }
}
