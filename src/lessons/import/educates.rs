//! Educates' workshops: Hugo pages whose actions are blocks of YAML.

use serde_yaml::Value;

use super::{Files, Imported, images, is_page, text_of};

/// The groups that actions are named by: `terminal:execute`.
const GROUPS: [&str; 8] =
    ["terminal:", "editor:", "examiner:", "workshop:", "section:", "dashboard:", "files:", "request:"];
/// The older short names, whose body is no YAML but the text itself.
const SHORT: [&str; 6] = ["execute", "execute-1", "execute-2", "execute-all", "copy", "copy-and-edit"];

/// Whether a page has such blocks.
pub fn is_educates(text: &str) -> bool {
    text.lines().any(|line| action_of(line).is_some())
}

/// The action that a line begins the block of.
fn action_of(line: &str) -> Option<&str> {
    let action = line.trim().strip_prefix("```").map(str::trim)?;
    (SHORT.contains(&action) || GROUPS.iter().any(|group| action.starts_with(group))).then_some(action)
}

/// Makes lessons of the workshop's pages.
pub fn import(files: &Files) -> Imported {
    let mut imported = Imported::of("Educates");
    for (path, bytes) in files {
        let name = path.rsplit('/').next().unwrap_or(path);
        if is_page(path) && !name.starts_with("README") {
            let page = page(path, &text_of(bytes), &mut imported);
            let page = images(path, &page, files, &mut imported);
            imported.page(name, page);
        } else if path.ends_with(".yaml") || path.ends_with(".yml") {
            manifest(path, name, bytes, &mut imported);
        } else if path.ends_with(".sh") {
            imported.note(path, "a script can't run here: write its commands, or a check, into the lesson");
        }
    }
    imported
}

/// A manifest of the workshop's. Two of one name, of different folders, can't both lie beside the lessons.
fn manifest(path: &str, name: &str, bytes: &[u8], imported: &mut Imported) {
    if path.contains("resources/") || path.split('/').any(|part| part.starts_with('.')) {
        imported.note(path, "describes the workshop's own machine, which is not needed here");
    } else if imported.files.get(name).is_some_and(|other| other != bytes) {
        imported
            .note(path, format!("left out: another file is called {name} too; write it into the lesson that uses it"));
    } else {
        imported.files.insert(name.to_owned(), bytes.to_owned());
    }
}

fn page(path: &str, text: &str, imported: &mut Imported) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut block: Option<(String, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match &mut block {
            Some((action, body)) if line.trim() == "```" => {
                let file = format!("{path}:{}", number + 1);
                lines.extend(converted(action, body, &file, imported));
                block = None;
            }
            Some((_, body)) => {
                body.push_str(line);
                body.push('\n');
            }
            None => match action_of(line) {
                Some(action) => block = Some((action.to_owned(), String::new())),
                None => lines.push(line.to_owned()),
            },
        }
    }
    lines.join("\n") + "\n"
}

/// A block of an action as markdown.
fn converted(action: &str, body: &str, file: &str, imported: &mut Imported) -> Vec<String> {
    let yaml: Value = serde_yaml::from_str(body).unwrap_or_default();
    let text = |key: &str| yaml.get(key).and_then(Value::as_str).map(str::to_owned);
    let fence =
        |language: &str, text: &str| vec![format!("```{language}"), text.trim_end().to_owned(), "```".to_owned()];
    match action {
        "execute" | "execute-1" | "execute-2" | "execute-all" => fence("bash", body),
        "copy" | "copy-and-edit" => fence("bash lab=copy", body),
        "terminal:execute" | "terminal:execute-all" => fence("bash", &text("command").unwrap_or_default()),
        "terminal:input" => fence("bash lab=copy", &text("text").unwrap_or_default()),
        "terminal:interrupt" => vec!["Press **Stop**, or Ctrl-C.".to_owned()],
        "terminal:clear" | "terminal:clear-all" => Vec::new(),
        "dashboard:open-url" => {
            imported.note(file, "a link that the workshop's own machine answered: use kubectl port-forward");
            vec![format!("`{}`", text("url").unwrap_or_default())]
        }
        "workshop:copy" | "workshop:copy-and-edit" => fence("bash lab=copy", &text("text").unwrap_or_default()),
        "editor:append-lines-to-file" | "editor:create-file" => {
            let name = text("file").unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
            fence(&format!("yaml title=\"{name}\""), &text("text").unwrap_or_default())
        }
        "section:begin" => {
            let title = text("title").unwrap_or_else(|| "More".into());
            vec![format!("<details><summary>{title}</summary>"), String::new()]
        }
        "section:end" => vec![String::new(), "</details>".into(), String::new()],
        "examiner:execute-test" => {
            imported.note(file, "a test script: write a check (```yaml lab=check) in its place");
            let title = text("title").or_else(|| text("name")).unwrap_or_default();
            vec![format!("<!-- checked by a script before: {title} -->")]
        }
        other => {
            imported.note(file, format!("the action {other} has no like here; its text is kept"));
            fence("text", body)
        }
    }
}
