//! Killercoda's and Katacoda's scenarios: an `index.json` that names the steps' pages and scripts.

use serde_json::Value;

use super::{Files, Imported, as_step, images, quoted, text_of};

/// Makes a page of each scenario.
pub fn import(files: &Files) -> Imported {
    let mut imported = Imported::of("Killercoda or Katacoda");
    let order = order(files);
    for (path, bytes) in files.iter().filter(|(path, _)| path.rsplit('/').next() == Some("index.json")) {
        let folder = path.strip_suffix("index.json").unwrap_or_default();
        match serde_json::from_slice::<Value>(bytes) {
            Ok(index) if index["details"]["steps"].is_array() => {
                let place = order.iter().position(|path| path == folder.trim_matches('/'));
                scenario(folder, place, &index, files, &mut imported);
            }
            Ok(_) => imported.note(path, "names no steps"),
            Err(error) => imported.note(path, format!("is no JSON: {error}")),
        }
    }
    imported
}

/// The scenarios of a course, in its order: what `structure.json` names.
fn order(files: &Files) -> Vec<String> {
    let structures = files.iter().filter(|(path, _)| path.rsplit('/').next() == Some("structure.json"));
    let paths = structures.flat_map(|(path, bytes)| {
        let folder = path.strip_suffix("structure.json").unwrap_or_default();
        let structure: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let items = structure["items"].as_array().cloned().unwrap_or_default();
        let named = move |item: Value| {
            let path = item["path"].as_str()?;
            Some(format!("{folder}{}", path.trim_matches('/')))
        };
        items.into_iter().filter_map(named).collect::<Vec<_>>()
    });
    paths.collect()
}

fn scenario(folder: &str, place: Option<usize>, index: &Value, files: &Files, imported: &mut Imported) {
    let name = folder.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("scenario");
    let title = index["title"].as_str().unwrap_or(name);
    let description = index["description"].as_str().unwrap_or_default();
    let position = place.map(|place| format!("sidebar_position: {}\n", place + 1)).unwrap_or_default();
    let mut page = format!("---\ntitle: {}\ndescription: {}\n{position}---\n\n", quoted(title), quoted(description));
    let details = &index["details"];
    if let Some(text) = part(folder, &details["intro"], files, imported) {
        page.push_str(&format!("{}\n\n", as_step(&text)));
    }
    page.push_str(&assets(folder, &details["assets"], files, imported));
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

/// The manifests that a scenario puts on its machine, as files of the lesson; other files are noted.
fn assets(folder: &str, assets: &Value, files: &Files, imported: &mut Imported) -> String {
    let mut blocks = String::new();
    let all = assets.as_object().into_iter().flat_map(|hosts| hosts.values()).filter_map(Value::as_array).flatten();
    let mut known = Vec::new();
    for file in all.filter_map(|asset| asset["file"].as_str()) {
        let path = format!("{folder}assets/{file}");
        if known.contains(&path) {
            continue;
        }
        let manifest = [".yaml", ".yml", ".json"].iter().any(|end| file.ends_with(end));
        match files.get(&path).filter(|_| manifest) {
            Some(bytes) => {
                let (name, text) = (file.rsplit('/').next().unwrap_or(file), text_of(bytes));
                let language = name.rsplit('.').next().unwrap_or("yaml");
                blocks.push_str(&format!("````{language} title=\"{name}\"\n{}\n````\n\n", text.trim_end()));
            }
            None => imported.note(&path, "a file of the machine, which is not needed here"),
        }
        known.push(path);
    }
    blocks
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
    if text.contains("{{TRAFFIC") || text.contains("[[HOST") {
        imported.note(&path, "links to ports of the machine: use kubectl port-forward");
    }
    let text = images(&path, &without_ports(&text), files, imported);
    Some(commands(&text))
}

/// Links to ports of the scenario's machine as their words alone.
fn without_ports(text: &str) -> String {
    let link = regex::Regex::new(r"\[([^\]]*)\]\([^()\s]*(?:\{\{TRAFFIC_[A-Z0-9_]+\}\}|\[\[HOST[^()\s]*)[^()\s]*\)")
        .expect("the expression is ours");
    link.replace_all(text, "**$1**").into_owned()
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
    ["{{exec}}", "{{execute}}", "{{copy}}", "{{open}}", "{{exec interrupt}}", "{{execute interrupt}}", "`{{}}"]
        .iter()
        .fold(line.to_owned(), |line, mark| line.replace(mark, if mark.starts_with('`') { "`" } else { "" }))
}
