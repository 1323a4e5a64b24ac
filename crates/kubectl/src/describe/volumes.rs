//! The volumes of a Pod or a Pod template.

use serde_json::Value;

use super::page::{Page, at, list, on, plain};

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
            Some((kind, source)) => one(page, kind, source),
            None => page.line(1, "<unknown>"),
        }
    }
}

fn one(page: &mut Page, kind: &str, source: &Value) {
    let mut fields = |title: &str, rows: &[(&str, String)]| {
        page.field(2, "Type", title);
        rows.iter().for_each(|(name, value)| page.field(2, name, value));
    };
    let text = |pointer: &str| at(source, pointer);
    let flag = |pointer: &str| on(source, pointer).to_string();
    match kind {
        "hostPath" => {
            let kind = source.get("type").filter(|kind| !kind.is_null()).map_or_else(|| "<none>".to_owned(), plain);
            fields("HostPath (bare host directory volume)", &[("Path", text("/path")), ("HostPathType", kind)]);
        }
        "emptyDir" => {
            let limit = text("/sizeLimit");
            let limit = if limit.is_empty() || limit == "0" { "<unset>".to_owned() } else { limit };
            fields(
                "EmptyDir (a temporary directory that shares a pod's lifetime)",
                &[("Medium", text("/medium")), ("SizeLimit", limit)],
            );
        }
        "secret" => fields(
            "Secret (a volume populated by a Secret)",
            &[("SecretName", text("/secretName")), ("Optional", flag("/optional"))],
        ),
        "configMap" => fields(
            "ConfigMap (a volume populated by a ConfigMap)",
            &[("Name", text("/name")), ("Optional", flag("/optional"))],
        ),
        "persistentVolumeClaim" => fields(
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
            &[("ClaimName", text("/claimName")), ("ReadOnly", flag("/readOnly"))],
        ),
        "nfs" => fields(
            "NFS (an NFS mount that lasts the lifetime of a pod)",
            &[("Server", text("/server")), ("Path", text("/path")), ("ReadOnly", flag("/readOnly"))],
        ),
        "image" => fields(
            "Image (a container image or OCI artifact)",
            &[("Reference", text("/reference")), ("PullPolicy", text("/pullPolicy"))],
        ),
        "csi" => fields(
            "CSI (a Container Storage Interface (CSI) volume source)",
            &[("Driver", text("/driver")), ("FSType", text("/fsType")), ("ReadOnly", flag("/readOnly"))],
        ),
        "downwardAPI" => downward(page, source),
        "projected" => projected(page, source),
        "ephemeral" => page.field(
            2,
            "Type",
            "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
        ),
        _ => page.line(1, "<unknown>"),
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
