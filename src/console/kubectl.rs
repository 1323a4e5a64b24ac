//! The kubectl engine as a command of the console.

use std::sync::Arc;

use podyard_kubectl::{Env, env::OnlyCluster};

use super::{
    Engine,
    exec::{Io, Shell},
    terminal,
};

/// kubectl itself.
pub fn engine() -> Engine {
    Arc::new(|arguments, env| Box::pin(async move { podyard_kubectl::run(&arguments, env).await }))
}

/// Runs it; `arguments` begin with `kubectl` or `k`.
pub(super) async fn run(shell: &Shell, arguments: Vec<String>, io: Io) -> i32 {
    let world = &shell.world;
    let terminal = world.terminal.as_ref().filter(|_| io.at_keyboard && terminal::asks(&arguments));
    let stdin = match terminal {
        Some(terminal) => terminal.keys().await,
        None => io.stdin,
    };
    let env = Env {
        client: world.client.clone(),
        namespace: world.namespace.clone(),
        files: world.files.clone(),
        stdin,
        stdout: Box::new(io.out),
        stderr: Box::new(io.err),
        clock: world.clock.clone(),
        cancel: shell.cancel.clone(),
        ports: world.forwards.ports(&forward_target(&arguments).unwrap_or_default()),
        terminal: terminal.map(|terminal| terminal.for_kubectl()),
        editor: world.editor.clone(),
        kubeconfig: Arc::new(OnlyCluster {
            server: "https://kubernetes.default.svc".to_owned(),
            namespace: world.namespace.clone(),
        }),
    };
    (world.engine)(arguments[1..].to_vec(), env).await
}

/// What `kubectl port-forward` forwards to, `pod/pythonapp`: its first argument that is no flag.
fn forward_target(arguments: &[String]) -> Option<String> {
    /// Flags that take the next argument as their value.
    const WITH_VALUE: &[&str] = &["-n", "--namespace", "--address", "--pod-running-timeout", "--context", "-s"];
    let mut rest = arguments.iter().skip(1);
    let mut verb = false;
    while let Some(argument) = rest.next() {
        if WITH_VALUE.contains(&argument.as_str()) {
            rest.next();
        } else if argument.starts_with('-') {
            continue;
        } else if !verb {
            verb = argument == "port-forward";
            if !verb {
                return None;
            }
        } else if argument.contains('/') {
            return Some(argument.clone());
        } else {
            return Some(format!("pod/{argument}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::forward_target;

    fn target(line: &str) -> Option<String> {
        forward_target(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_target_is_the_first_argument_that_is_no_flag() {
        assert_eq!(target("kubectl port-forward pod/pythonapp 5000:5000").as_deref(), Some("pod/pythonapp"));
        assert_eq!(target("k -n x port-forward --address 0.0.0.0 web 80").as_deref(), Some("pod/web"));
        assert_eq!(target("kubectl get pods"), None);
    }
}
