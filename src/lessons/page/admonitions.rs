//! Notes and warnings of both worlds: `:::note` becomes what `> [!NOTE]` is. One that has no title of its own is called by
//! its kind, in the language of the page that shows it.

use comrak::nodes::{AlertType, Node, NodeAlert, NodeValue};

/// Turns block directives into alerts, and gives each a title.
pub fn convert(root: Node<'_>) {
    for node in root.descendants() {
        let mut data = node.data_mut();
        if let NodeValue::BlockDirective(directive) = &data.value {
            let alert = alert(&directive.info);
            data.value = NodeValue::Alert(Box::new(alert));
        }
        if let NodeValue::Alert(alert) = &mut data.value {
            alert.title.get_or_insert_with(|| format!("{{say:alert.{}}}", name(alert.alert_type)));
        }
    }
}

fn alert(info: &str) -> NodeAlert {
    let word = info.trim_start().split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    let title = info.trim_start()[word.len()..].trim().trim_matches(['[', ']']).trim();
    let title = (!title.is_empty()).then(|| title.to_owned());
    NodeAlert { alert_type: kind(word), title, multiline: false, fence_length: 0, fence_offset: 0 }
}

fn name(kind: AlertType) -> &'static str {
    match kind {
        AlertType::Note => "note",
        AlertType::Tip => "tip",
        AlertType::Important => "important",
        AlertType::Warning => "warning",
        AlertType::Caution => "caution",
    }
}

/// The alert that a word of Docusaurus, Hugo or MkDocs means.
fn kind(word: &str) -> AlertType {
    match word.to_lowercase().as_str() {
        "tip" | "success" | "hint" | "check" => AlertType::Tip,
        "important" => AlertType::Important,
        "warning" | "attention" => AlertType::Warning,
        "caution" | "danger" | "error" | "bug" | "failure" => AlertType::Caution,
        _ => AlertType::Note,
    }
}
