//! A runtime with a busybox image, and what tests say to it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use podyard_cluster::node::{
    images::{Image, ImageStore, Images},
    runtime::{
        ContainerId, ContainerSpec, ExecSpec, Exit, Limits, Process, Runtime, RuntimeError, SandboxId, SandboxSpec,
        Security,
        linux::{AgentProgram, Linux, LinuxConfig},
    },
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A sandbox of a test's own, with its files.
pub struct Sandbox {
    pub runtime: Linux,
    pub directory: tempfile::TempDir,
}

/// What a program printed and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl Sandbox {
    pub fn new() -> Self {
        Self::with_disk(1 << 30)
    }

    /// One whose containers and volumes may hold so many bytes.
    pub fn with_disk(disk: u64) -> Self {
        Self::with(|config| config.disk = disk)
    }

    /// One that has copies of its images, as if mounts could not show them with its own ids.
    pub fn copying() -> Self {
        Self::with(|config| config.always_copies = true)
    }

    fn with(change: impl FnOnce(&mut LinuxConfig)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let agent = AgentProgram { path: PathBuf::from(env!("CARGO_BIN_EXE_test-node-agent")), arguments: Vec::new() };
        let state = directory.path().join("state");
        let mut config = LinuxConfig { agent, ..LinuxConfig::new(images().directory().to_owned(), state) };
        change(&mut config);
        Self { runtime: Linux::new(config), directory }
    }

    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// A Pod with the address 10.244.0.`host`.
    pub async fn pod(&self, name: &str, host: u8) -> SandboxId {
        self.pod_from(name, host, |_| {}).await
    }

    pub async fn pod_from(&self, name: &str, host: u8, change: impl FnOnce(&mut SandboxSpec)) -> SandboxId {
        let mut spec = SandboxSpec {
            hosts: format!("127.0.0.1\tlocalhost\n10.244.0.{host}\t{name}\n"),
            resolv_conf: "nameserver 10.96.0.10\n".to_owned(),
            ..SandboxSpec::plain(SandboxId(format!("{name}-sandbox")), name, [10, 244, 0, host])
        };
        change(&mut spec);
        let id = spec.id.clone();
        self.runtime.create_sandbox(spec).await.unwrap();
        id
    }

    pub fn spec(&self, pod: &SandboxId, name: &str, argv: &[&str]) -> ContainerSpec {
        ContainerSpec {
            id: ContainerId(format!("{}-{name}", pod.0)),
            sandbox: pod.clone(),
            layers: image("busybox").layers,
            argv: argv.iter().map(|&word| word.to_owned()).collect(),
            env: Vec::new(),
            working_dir: String::new(),
            tty: false,
            stdin: false,
            mounts: Vec::new(),
            processes_of: None,
            security: Security::default(),
            limits: Limits::default(),
        }
    }

    /// Runs a shell script in a container of its own, to its end.
    pub async fn sh(&self, pod: &SandboxId, name: &str, script: &str) -> Outcome {
        outcome(self.runtime.start_container(self.spec(pod, name, &["sh", "-c", script])).await.unwrap()).await
    }

    /// A container that runs what its image says.
    pub fn spec_of(&self, pod: &SandboxId, image: &Image) -> ContainerSpec {
        let config = &image.config;
        ContainerSpec {
            layers: image.layers.clone(),
            argv: config.entrypoint.iter().chain(&config.cmd).cloned().collect(),
            env: config.env.clone(),
            working_dir: config.working_dir.clone(),
            ..self.spec(pod, "c", &[])
        }
    }

    /// A container that runs until it is ended.
    pub async fn sleeper(&self, pod: &SandboxId, name: &str) -> (ContainerId, Process) {
        let spec = self.spec(pod, name, &["sleep", "100000"]);
        (spec.id.clone(), self.runtime.start_container(spec).await.unwrap())
    }

    /// Runs a shell script in a running container, to its end.
    pub async fn exec(&self, container: &ContainerId, script: &str) -> Outcome {
        outcome(self.try_exec(container, &["sh", "-c", script]).await.unwrap()).await
    }

    pub async fn try_exec(&self, container: &ContainerId, argv: &[&str]) -> Result<Process, RuntimeError> {
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        self.runtime.exec(container.clone(), ExecSpec { argv, tty: false, stdin: false }).await
    }
}

/// Everything a program prints, and its end.
pub async fn outcome(process: Process) -> Outcome {
    let Process { streams, exit, .. } = process;
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let mut errors = streams.stderr.unwrap();
    let mut output = streams.stdout;
    let (a, b) = tokio::join!(output.read_to_string(&mut stdout), errors.read_to_string(&mut stderr));
    a.unwrap();
    b.unwrap();
    Outcome { stdout, stderr, code: exit.await.unwrap().code }
}

/// What is printed until `end` has been.
pub async fn read_until(stream: &mut (impl AsyncReadExt + Unpin), end: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains(end) {
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the stream ended after {text:?}, before {end:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    text
}

pub async fn write(stream: &mut (impl AsyncWriteExt + Unpin), text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

pub async fn ended(process: Process) -> Exit {
    process.exit.await.unwrap()
}

/// The images of this repository's lessons, made once for all tests.
pub fn images() -> &'static Arc<ImageStore> {
    static IMAGES: OnceLock<Arc<ImageStore>> = OnceLock::new();
    IMAGES.get_or_init(|| {
        let store =
            ImageStore::open(&std::env::temp_dir().join(format!("podyard-test-images-{}", nix::unistd::geteuid())))
                .unwrap();
        store.seed(Some(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/images"))).unwrap();
        Arc::new(store)
    })
}

pub fn image(name: &str) -> Image {
    images().local(name).unwrap().expect("the image is one of ours")
}
