//! Educates' workshops: Hugo pages whose actions are blocks of YAML.

use serde_yaml::Value;

use super::{Files, Imported, is_page, text_of};

/// Whether a page has such blocks.
pub fn is_educates(text: &str) -> bool {
    ["```terminal:", "```editor:", "```examiner:", "```workshop:", "```section:", "```dashboard:", "```files:"]
        .iter()
        .any(|block| text.contains(block))
}

/// Makes lessons of the workshop's pages.
pub fn import(files: &Files) -> Imported {
    let mut imported = Imported::of("Educates");
    for (path, bytes) in files {
        let name = path.rsplit('/').next().unwrap_or(path);
        if is_page(path) && !name.starts_with("README") {
            let page = page(path, &text_of(bytes), &mut imported);
            imported.page(name, page);
        } else if path.ends_with(".yaml") || path.ends_with(".yml") {
            if path.contains("resources/") {
                imported.note(path, "describes the workshop's own machine, which is not needed here");
            } else {
                imported.files.insert(name.to_owned(), bytes.clone());
            }
        } else if path.ends_with(".sh") {
            imported.note(path, "a script can't run here: write its commands, or a check, into the lesson");
        }
    }
    imported
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
            None => match line.trim().strip_prefix("```").filter(|action| action.contains(':')) {
                Some(action) => block = Some((action.trim().to_owned(), String::new())),
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
        "terminal:execute" | "terminal:execute-all" => fence("bash", &text("command").unwrap_or_default()),
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
