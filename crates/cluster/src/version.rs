//! Which Kubernetes this behaves like.

use serde_json::{Value, json};

/// The release whose behaviour was recorded and is followed.
pub const RELEASE: &str = "v1.36.2";

/// What `/version` says.
pub(crate) fn document() -> Value {
    json!({
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "35",
        "gitVersion": RELEASE, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc",
        "platform": format!("linux/{}", architecture()),
    })
}

/// This machine's processor, as Go names it.
pub(crate) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
