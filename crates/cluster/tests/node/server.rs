//! A server that starts a Pod and waits to be killed.

use std::path::PathBuf;

use podyard_cluster::node::runtime::{
    ContainerId, ContainerSpec, Limits, Runtime, SandboxId, SandboxSpec, Security,
    linux::{AgentProgram, Linux, LinuxConfig},
};

use tokio::io::AsyncReadExt;

/// Arguments: the image store's directory, the sandbox's, the layer. Says `ready` when a container runs.
pub fn run(arguments: &[String]) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let config = LinuxConfig {
            agent: AgentProgram { path: std::env::current_exe().unwrap(), arguments: Vec::new() },
            ..LinuxConfig::new(PathBuf::from(&arguments[0]), PathBuf::from(&arguments[1]))
        };
        let runtime = Linux::new(config);
        let sandbox = SandboxId("sandbox".to_owned());
        let spec = SandboxSpec::plain(sandbox.clone(), "pod", [10, 244, 0, 5]);
        runtime.create_sandbox(spec).await.unwrap();
        let script = "sleep 1000 & sleep 1000 & echo up; wait";
        let container = ContainerSpec {
            id: ContainerId("container".to_owned()),
            sandbox,
            layers: vec![PathBuf::from(&arguments[2])],
            argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
            env: Vec::new(),
            working_dir: String::new(),
            tty: false,
            stdin: false,
            mounts: Vec::new(),
            processes_of: None,
            security: Security::default(),
            limits: Limits::default(),
        };
        let mut process = runtime.start_container(container).await.unwrap();
        process.streams.stdout.read_u8().await.unwrap();
        println!("ready");
        std::future::pending::<()>().await;
    });
}
