//! `podyard doctor`: what this machine can do, and what to do about what it can't.

use podyard_cluster::node::runtime::linux::Finding;

use super::say;
use crate::{
    config::DoctorTask,
    sandbox::{embedded, kind, kubernetes},
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
    show(&findings)?;
    say("--sandbox kind")?;
    show(&kind::findings(&task.kind).await)?;
    say("--sandbox kubernetes")?;
    show(&kubernetes::findings(&task.kubernetes).await)?;
    Ok(code)
}

fn show(findings: &[Finding]) -> anyhow::Result<()> {
    for Finding { about, works, words } in findings {
        say(&format!("{}  {about}: {words}", if *works { "yes" } else { "no " }))?;
    }
    Ok(())
}
