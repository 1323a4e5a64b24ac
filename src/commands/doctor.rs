//! `podyard doctor`: what this machine can do, and what to do about what it can't.

use podyard_cluster::node::runtime::linux::Finding;

use super::say;
use crate::{
    config::{DoctorTask, SandboxKind},
    sandbox::{Capabilities, embedded, kind, kubernetes},
};

/// Shows what was found for each provider; exits with 1 if containers can't be run.
pub(super) async fn run(task: DoctorTask) -> anyhow::Result<u8> {
    let findings = match embedded::findings(task.data.path()).await {
        Ok(findings) => findings,
        Err(error) => {
            say(&format!("no   data directory: {error}"))?;
            return Ok(1);
        }
    };
    let code = u8::from(findings.iter().any(|finding| !finding.works && finding.about == "containers"));
    say("--sandbox embedded")?;
    say(&format!("yes  data directory: {}", task.data.path().display()))?;
    show(&findings, &Capabilities::usual(SandboxKind::Embedded))?;
    say("--sandbox kind")?;
    show(&kind::findings(&task.kind).await, &Capabilities::kind(kind::nodes(&task.kind)))?;
    say("--sandbox kubernetes")?;
    let (findings, capabilities) = kubernetes::findings(&task.kubernetes).await;
    show(&findings, &capabilities)?;
    Ok(code)
}

/// What was found of a provider, and what its sandboxes can do for the lessons that need more than Pods.
fn show(findings: &[Finding], capabilities: &Capabilities) -> anyhow::Result<()> {
    for Finding { about, works, words } in findings {
        say(&format!("{}  {about}: {words}", if *works { "yes" } else { "no " }))?;
    }
    say(&format!("can  {capabilities}"))?;
    Ok(())
}
