//! The volumes of a Pod or a Pod template.

use serde_json::Value;

use super::{
    page::{Page, at, entries, list, on, plain},
    sources::{self, Of},
    storage,
};

/// Adds `Volumes:`; `space` indents those of a template.
pub fn add(page: &mut Page, volumes: &[Value], space: &str) {
    if volumes.is_empty() {
        return page.line(0, format!("{space}Volumes:\t<none>"));
    }
    page.line(0, format!("{space}Volumes:"));
    for volume in volumes {
        page.line(1, format!("{}{}:", if space.is_empty() { "" } else { " " }, at(volume, "/name")));
        let source =
            volume.as_object().into_iter().flatten().find(|(name, value)| name.as_str() != "name" && value.is_object());
        match source {
            Some((kind, source)) if kind == "downwardAPI" => downward(page, source),
            Some((kind, source)) if kind == "projected" => projected(page, source),
            Some((kind, source)) if kind == "ephemeral" => ephemeral(page, source),
            Some((kind, source)) if sources::add(page, kind, source, Of::Pod) => {}
            _ => page.line(1, "<unknown>"),
        }
    }
}

fn downward(page: &mut Page, source: &Value) {
    page.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
    page.line(2, "Items:");
    for item in list(source, "/items") {
        let field = [at(item, "/fieldRef/fieldPath"), at(item, "/resourceFieldRef/resource")].concat();
        page.line(3, format!("{field} -> {}", at(item, "/path")));
    }
}

fn projected(page: &mut Page, source: &Value) {
    page.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
    for part in list(source, "/sources") {
        if part["secret"].is_object() {
            page.field(2, "SecretName", at(part, "/secret/name"));
            page.field(2, "Optional", on(part, "/secret/optional"));
        } else if part["downwardAPI"].is_object() {
            page.field(2, "DownwardAPI", true);
        } else if part["configMap"].is_object() {
            page.field(2, "ConfigMapName", at(part, "/configMap/name"));
            page.field(2, "Optional", on(part, "/configMap/optional"));
        } else if part["serviceAccountToken"].is_object() {
            page.field(2, "TokenExpirationSeconds", at(part, "/serviceAccountToken/expirationSeconds"));
        }
    }
}

fn ephemeral(page: &mut Page, source: &Value) {
    let title = "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)";
    page.field(2, "Type", title);
    let Some(claim) = source.get("volumeClaimTemplate").filter(|claim| claim.is_object()) else { return };
    page.field(2, "StorageClass", storage::class_of(claim));
    page.field(2, "Volume", at(claim, "/spec/volumeName"));
    let of = |pointer: &str, between: &str| -> Vec<String> {
        entries(claim.pointer(pointer)).map(|(key, value)| format!("{key}{between}{}", plain(value))).collect()
    };
    nested(page, "Labels", &of("/metadata/labels", "="));
    nested(page, "Annotations", &of("/metadata/annotations", ": "));
    page.field(2, "Capacity", "");
    page.field(2, "Access Modes", "");
    storage::mode_and_source(page, 2, claim);
}

/// Values below each other, each indented by itself as kubectl does within a volume.
fn nested(page: &mut Page, title: &str, lines: &[String]) {
    let none = ["<none>".to_owned()];
    for (at, line) in if lines.is_empty() { &none } else { lines }.iter().enumerate() {
        page.raw(&if at == 0 { format!("    {title}:\t    {line}\n") } else { format!("        \t    {line}\n") });
    }
}
