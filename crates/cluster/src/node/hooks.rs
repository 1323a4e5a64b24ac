//! Lifecycle hooks: postStart and preStop (kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/).

use std::time::Duration;

use k8s_openapi::api::core::v1::LifecycleHandler;

use super::handlers::{Outcome, Target};

/// A hook has no time-out of its own; a preStop hook's is the grace period.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// Runs a hook to its end.
///
/// # Errors
/// What went wrong, in the kubelet's words; `pod` is the Pod's `name_namespace(uid)`.
pub async fn run(target: &Target, handler: &LifecycleHandler, pod: &str) -> Result<(), String> {
    let container = &target.container.name;
    if let Some(exec) = &handler.exec {
        let command = exec.command.as_deref().unwrap_or(&[]);
        let text = command.join(" ");
        let (why, said) = match target.command(command, LONG).await {
            Ok((0, _)) => return Ok(()),
            Ok((code, said)) => (format!("command '{text}' exited with {code}: {}", said.stderr), said.both()),
            Err(Outcome::Unknown(why) | Outcome::Failure(why)) => (why, String::new()),
            Err(Outcome::Success(_) | Outcome::Warning(_)) => return Ok(()),
        };
        return Err(format!(
            "Exec lifecycle hook ([{text}]) for Container {container:?} in Pod {pod:?} failed - error: {why}, message: {said:?}"
        ));
    }
    if let Some(action) = &handler.http_get {
        let why = match target.http(action, "kube-lifecycle/1.36", LONG).await {
            // A hook is content with any answer.
            Outcome::Success(_) | Outcome::Warning(_) => return Ok(()),
            Outcome::Failure(why) if why.starts_with("HTTP probe failed") => return Ok(()),
            Outcome::Failure(why) | Outcome::Unknown(why) => why,
        };
        let path = action.path.as_deref().unwrap_or("");
        return Err(format!(
            "HTTP lifecycle hook ({path}) for Container {container:?} in Pod {pod:?} failed - error: {why}"
        ));
    }
    if let Some(sleep) = &handler.sleep {
        tokio::time::sleep(Duration::from_secs(u64::try_from(sleep.seconds).unwrap_or(0))).await;
    }
    // `tcpSocket` is accepted and does nothing, as documented.
    Ok(())
}
