//! `podyard doctor`: what this machine can do, and what to do about what it can't.

use super::say;
use crate::{config::DoctorTask, sandbox::embedded};

/// Shows what was found; exits with 1 if containers can't be run.
pub(super) async fn run(task: DoctorTask) -> anyhow::Result<u8> {
    let findings = match embedded::findings(task.data.path()).await {
        Ok(findings) => findings,
        Err(error) => {
            say(&format!("no   data directory: {error}"))?;
            return Ok(1);
        }
    };
    say(&format!("yes  data directory: {}", task.data.path().display()))?;
    let mut code = 0;
    for finding in findings {
        say(&format!("{}  {}: {}", if finding.works { "yes" } else { "no " }, finding.about, finding.words))?;
        if !finding.works && finding.about == "containers" {
            code = 1;
        }
    }
    say("no   kind, kubernetes: these providers are not built yet")?;
    Ok(code)
}
