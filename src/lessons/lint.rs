//! What is wrong with a lesson that reads well: files that no one wrote, manifests that are no YAML, keys of ours that
//! nobody knows.

use std::collections::HashSet;

use serde_yaml::Value;

use crate::lessons::check::{Check, Want};
use crate::lessons::commands;
use crate::lessons::front_matter::FrontMatter;
use crate::lessons::model::{Lesson, Work};
use crate::lessons::problem::Problem;
use crate::lessons::spelling::{did_you_mean, nearest};

/// What may stand below `lab:` in front matter.
const LAB_KEYS: [&str; 5] = ["checks", "missing-images", "needs", "steps", "time"];

/// Commands that name a file which neither the lesson nor a command before them makes.
pub fn unwritten_files(file: &str, lesson: &Lesson) -> Vec<Problem> {
    let mut there: HashSet<String> = lesson.files.iter().map(|file| file.name.clone()).collect();
    let mut problems = Vec::new();
    for command in lesson.commands().filter(|command| command.runnable) {
        there.extend(written_by(&command.line));
        let Some(name) = commands::file_named(&command.line).filter(|name| !there.contains(name)) else { continue };
        let near = nearest(&name, there.iter().map(String::as_str));
        let meant = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let message = format!("`{}` names {name}, which no block of the lesson is{meant}", command.line);
        problems.push(Problem::at(file, command.place, 1, message));
    }
    problems
}

/// Steps that only check that something is gone which nothing before them makes: that holds before they have begun.
pub fn gone_before(file: &str, lesson: &Lesson) -> Vec<Problem> {
    let mut made = told(lesson, &lesson.prelude);
    let mut problems = Vec::new();
    for step in &lesson.steps {
        let gone = |check: &Check| check.wants.contains(&Want::Exists(false));
        if step.checks.iter().all(gone) {
            let never = step.checks.iter().filter(|check| {
                let name = check.subject.name.as_deref().unwrap_or_default();
                !made.contains(name.split('*').next().unwrap_or_default())
            });
            problems.extend(never.map(|check| {
                let message =
                    format!("no step before this one makes it, so \"{}\" holds before it has begun", check.text);
                Problem::at(file, check.line, 1, message)
            }));
        }
        made.push_str(&told(lesson, &step.work));
    }
    problems
}

/// Everything that is run and written, with the files that commands name.
fn told(lesson: &Lesson, work: &[Work]) -> String {
    let mut text = String::new();
    for work in work {
        let (said, name) = match work {
            Work::Write(written) => (&written.file.text, None),
            Work::Run(command) => (&command.line, commands::file_named(&command.line)),
        };
        let named = lesson.files.iter().find(|file| name.as_ref() == Some(&file.name));
        for part in [said.as_str(), named.map_or("", |file| file.text.as_str())] {
            text.push_str(part);
            text.push('\n');
        }
    }
    text
}

/// The files that a command redirects its output to.
fn written_by(line: &str) -> impl Iterator<Item = String> {
    let first = line.lines().next().unwrap_or_default();
    let targets = first.split('>').skip(1).filter_map(|rest| rest.split_whitespace().next());
    targets.map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// A manifest that can't be read, with its place; `line` is the line of the file where its first line stands.
pub fn unreadable_manifest(file: &str, line: usize, name: &str, text: &str) -> Option<Problem> {
    let documents = serde_yaml::Deserializer::from_str(text);
    for document in documents {
        let read: Result<Value, _> = serde::Deserialize::deserialize(document);
        if let Err(error) = read {
            let place = error.location();
            let (below, column) = place.map_or((1, 1), |place| (place.line(), place.column()));
            return Some(Problem::at(file, line + below - 1, column, format!("{name} is no YAML: {error}")));
        }
    }
    None
}

/// Keys below `lab:` that nobody knows, at their line.
pub fn unknown_keys(file: &str, matter: &FrontMatter, text: &str) -> Vec<Problem> {
    let Some(lab) = matter.values.get("lab").and_then(Value::as_mapping) else { return Vec::new() };
    let unknown = lab.keys().filter_map(Value::as_str).filter(|key| !LAB_KEYS.contains(key));
    unknown
        .map(|key| {
            let place = text.lines().take(matter.lines).position(|line| line.trim_start().starts_with(key));
            let meant = did_you_mean(key, LAB_KEYS.into_iter());
            Problem::at(file, place.unwrap_or(0) + 1, 1, format!("`{key}` below `lab:` means nothing{meant}"))
        })
        .collect()
}

/// Where a translation does not have its reader do what the original does.
pub fn drift(original: &Lesson, translation: &Lesson) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (wanted, has) = (original.steps.len(), translation.steps.len());
    if wanted != has {
        let message =
            format!("this translation has {has} steps and its original {wanted}; anchors and progress need the same");
        problems.push(Problem::at(&translation.source, 1, 1, message));
    }
    let mut theirs = original.commands();
    for command in translation.commands() {
        match theirs.next() {
            Some(other) if other.line == command.line => {}
            Some(other) => {
                let message = format!("the original has the command `{}` here", other.line);
                problems.push(Problem::at(&translation.source, command.place, 1, message));
                break;
            }
            None => {
                let message = format!("the original does not have this command: `{}`", command.line);
                problems.push(Problem::at(&translation.source, command.place, 1, message));
                break;
            }
        }
    }
    if let Some(missing) = theirs.next().filter(|_| problems.is_empty()) {
        let message = format!("the original's command `{}` (line {}) is missing", missing.line, missing.place);
        problems.push(Problem::at(&translation.source, 1, 1, message));
    }
    problems
}

#[cfg(test)]
mod tests {
    use crate::lessons::page::{self, Around, Painter};

    fn problems(text: &str) -> Vec<String> {
        let (_, problems) = page::read(&Around::alone("a.md"), text, &mut Painter::default());
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_command_whose_file_no_one_wrote_is_found() {
        let text = "```yaml title=\"10-pod.yaml\"\napiVersion: v1\nkind: Pod\n```\n\n## S\n\n```\nkubectl apply -f 10-pods.yaml\n```\n";
        insta::assert_snapshot!(problems(text).join("\n"), @"a.md:9:1: `kubectl apply -f 10-pods.yaml` names 10-pods.yaml, which no block of the lesson is; did you mean 10-pod.yaml?");
    }

    #[test]
    fn a_check_that_something_is_gone_which_was_never_there_is_found() {
        let check = "```yaml lab=check\npod: web\nexists: false\n```\n";
        let never = format!("## One\n\n```\nkubectl run other --image=x\n```\n\n## Two\n\n{check}");
        insta::assert_snapshot!(problems(&never).join("\n"), @r#"a.md:10:1: no step before this one makes it, so "Pod web is gone" holds before it has begun"#);
        let same = format!("## One\n\n```\nkubectl run web --image=x\nkubectl delete pod web\n```\n\n{check}");
        assert_eq!(problems(&same).len(), 1);
        let made = format!("## One\n\n```\nkubectl run web --image=x\n```\n\n## Two\n\n{check}");
        assert_eq!(problems(&made), [""; 0]);
        let file = "```yaml title=\"a.yaml\"\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n```\n";
        let written = format!("{file}\n## One\n\n```\nkubectl apply -f a.yaml\n```\n\n## Two\n\n{check}");
        assert_eq!(problems(&written), [""; 0]);
    }

    #[test]
    fn a_file_that_a_command_writes_is_there() {
        let text = "## S\n\n```\nkubectl run web --image=x --dry-run=client -o yaml > web.yaml\nkubectl apply -f web.yaml\n```\n";
        assert_eq!(problems(text), [""; 0]);
    }

    #[test]
    fn a_manifest_that_is_no_yaml_is_found_at_its_line() {
        let text = "```yaml\napiVersion: v1\nkind: Pod\nspec: [\n```\n";
        assert!(problems(text)[0].starts_with("a.md:"), "{:?}", problems(text));
        assert!(problems(text)[0].contains("pod.yaml is no YAML"), "{:?}", problems(text));
    }

    #[test]
    fn keys_of_ours_are_checked_and_those_of_others_are_not() {
        let text = "---\nwhatever: 1\nlab:\n  tim: 5m\n---\n";
        assert_eq!(problems(text), ["a.md:4:1: `tim` below `lab:` means nothing; did you mean `time`?"]);
    }

    #[test]
    fn a_link_to_a_page_that_is_not_there_is_found() {
        assert_eq!(problems("Text, then [more](gone.md#x).\n"), ["a.md:1:12: there is no page gone.md"]);
        assert_eq!(problems("[a](https://example.org/x.md) [b](/x.md)\n"), [""; 0]);
    }
}
