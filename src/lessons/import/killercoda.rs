//! Killercoda's and Katacoda's scenarios: an `index.json` that names the steps' pages and scripts.

use serde_json::Value;

use super::{Files, Imported, as_step, quoted, text_of};

/// Makes a page of each scenario.
pub fn import(files: &Files) -> Imported {
    let mut imported = Imported::of("Killercoda or Katacoda");
    for (path, bytes) in files.iter().filter(|(path, _)| path.rsplit('/').next() == Some("index.json")) {
        let folder = path.strip_suffix("index.json").unwrap_or_default();
        match serde_json::from_slice::<Value>(bytes) {
            Ok(index) if index["details"]["steps"].is_array() => scenario(folder, &index, files, &mut imported),
            Ok(_) => imported.note(path, "names no steps"),
            Err(error) => imported.note(path, format!("is no JSON: {error}")),
        }
    }
    imported
}

fn scenario(folder: &str, index: &Value, files: &Files, imported: &mut Imported) {
    let name = folder.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("scenario");
    let title = index["title"].as_str().unwrap_or(name);
    let description = index["description"].as_str().unwrap_or_default();
    let mut page = format!("---\ntitle: {}\ndescription: {}\n---\n\n", quoted(title), quoted(description));
    let details = &index["details"];
    if let Some(text) = part(folder, &details["intro"], files, imported) {
        page.push_str(&format!("{}\n\n", as_step(&text)));
    }
    for (number, step) in details["steps"].as_array().into_iter().flatten().enumerate() {
        let own = format!("Step {}", number + 1);
        page.push_str(&format!("## {}\n\n", step["title"].as_str().unwrap_or(&own)));
        match part(folder, step, files, imported) {
            Some(text) => page.push_str(&format!("{}\n\n", as_step(&text))),
            None => imported.note(folder, format!("the page of step {} is not there", number + 1)),
        }
    }
    if let Some(text) = part(folder, &details["finish"], files, imported) {
        page.push_str(&format!("## Done\n\n{}\n", as_step(&text)));
    }
    if let Some(image) = index["backend"]["imageid"].as_str().filter(|image| !image.contains("kubernetes")) {
        imported.note(folder, format!("was made for the machine {image}; here is a Kubernetes cluster and no shell"));
    }
    imported.page(format!("{name}.md"), page);
}

/// The text of a step, with its commands as blocks of ours; scripts are noted.
fn part(folder: &str, step: &Value, files: &Files, imported: &mut Imported) -> Option<String> {
    for script in ["verify", "foreground", "background", "courseData", "code"] {
        if let Some(file) = step[script].as_str() {
            let what =
                if script == "verify" { "write a check in its place" } else { "set this up in the lesson itself" };
            imported.note(&format!("{folder}{file}"), format!("a script ({script}) can't run here: {what}"));
        }
    }
    let path = format!("{folder}{}", step["text"].as_str()?);
    let text = text_of(files.get(&path)?);
    if text.contains("TRAFFIC_HOST") || text.contains("[[HOST") {
        imported.note(&path, "links to ports of the machine: use kubectl port-forward");
    }
    Some(commands(&text))
}

/// `` `x`{{exec}} `` and blocks that end with `{{exec}}` or `{{copy}}`, as fences with their wish behind the language.
fn commands(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut opened: Option<usize> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(begun) = opened.filter(|_| trimmed.starts_with("```")) {
            let wish = match trimmed.trim_start_matches('`') {
                mark if mark.contains("exec") || mark.contains("execute") => "run",
                mark if mark.contains("copy") => "copy",
                _ => "",
            };
            if !wish.is_empty() {
                let fence = lines[begun].trim_end().to_owned();
                let language = if fence.trim_start() == "```" { "bash" } else { "" };
                lines[begun] = format!("{fence}{language} lab={wish}");
            }
            lines.push(line[..line.len() - line.trim_start().len()].to_owned() + "```");
            opened = None;
        } else if let Some(command) = alone(trimmed) {
            lines.extend(["```bash".to_owned(), command.to_owned(), "```".to_owned()]);
        } else {
            if trimmed.starts_with("```") {
                opened = Some(lines.len());
            }
            lines.push(without_marks(line));
        }
    }
    lines.join("\n")
}

/// A line that is nothing but one command to click on.
fn alone(line: &str) -> Option<&str> {
    let (code, mark) = line.strip_prefix('`')?.split_once('`')?;
    matches!(mark, "{{exec}}" | "{{execute}}" | "{{execute interrupt}}" | "{{exec interrupt}}").then_some(code)
}

fn without_marks(line: &str) -> String {
    ["{{exec}}", "{{execute}}", "{{copy}}", "{{open}}", "{{exec interrupt}}", "{{execute interrupt}}"]
        .iter()
        .fold(line.to_owned(), |line, mark| line.replace(mark, ""))
}
