//! `version`.

use serde_json::{Value, json};

use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    output::{json as text, yaml},
    server::JSON,
    session::Session,
};

/// The version whose behaviour this is.
const VERSION: &str = "v1.36.2";
/// The kustomize that kubectl of that version brings.
const KUSTOMIZE: &str = "v5.8.1";

/// Runs `version`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if !matches.args.is_empty() {
        return Err(Failure::Said(format!("extra arguments: [{}]", matches.args.join(" "))));
    }
    let output = matches.text("output");
    if !matches!(output, "" | "yaml" | "json") {
        return Err(Failure::said("--output must be 'yaml' or 'json'"));
    }
    let mut server = None;
    let mut failed = None;
    if !matches.on("client") {
        match session.server.get("/version", JSON).await {
            Ok(version) => server = Some(version),
            Err(failure) => failed = Some(failure),
        }
    }
    session.out(&show(output, server.as_ref())).await?;
    failed.map_or(Ok(()), Err)
}

fn client() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "", "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "", "compiler": "rustc", "platform": format!("{}/{}", std::env::consts::OS, arch()),
    })
}

/// The processor by the name that Go has for it.
fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn show(output: &str, server: Option<&Value>) -> String {
    let mut all = json!({"clientVersion": client(), "kustomizeVersion": KUSTOMIZE});
    if let Some(server) = server {
        all["serverVersion"] = server.clone();
    }
    match output {
        "json" => text::ordered(&all, "  ") + "\n",
        "yaml" => yaml::text(&all),
        _ => {
            let server = server
                .map(|server| format!("Server Version: {}\n", text_at(server, "/gitVersion")))
                .unwrap_or_default();
            format!("Client Version: {VERSION}\nKustomize Version: {KUSTOMIZE}\n{server}")
        }
    }
}
