//! The real `kind` program on a real Docker engine, for what needs no node image: what it finds, what it can't make, and
//! what it removes. `tools/setup test` brings both where it may; where one is missing, its name is said.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::{
    learner::Learner,
    server::{Setup, until},
};

/// An engine of our own, whose containers have no network.
struct Docker {
    daemon: Child,
    home: TempDir,
}

impl Docker {
    /// `None` where there is none to be had.
    fn start() -> Option<Self> {
        let there = |program: &str| Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success());
        let missing = ["dockerd", "docker"].into_iter().find(|program| !there(program));
        let missing = missing.or_else(|| (!kind().exists()).then_some("target/tools/kind"));
        let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        if let Some(missing) = missing.or_else(|| (!root).then_some("root")) {
            println!("skipped: the real kind on a real Docker; {missing} is missing");
            return None;
        }
        let home = tempfile::Builder::new().prefix("podyard-docker-").tempdir().unwrap();
        let at = |name: &str| home.path().join(name).display().to_string();
        let daemon = Command::new("dockerd")
            .args(["--data-root", &at("data"), "--exec-root", &at("exec"), "-p", &at("pid")])
            .args(["-H", &format!("unix://{}", at("socket")), "--iptables=false", "--ip6tables=false", "--bridge=none"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let docker = Self { daemon, home };
        until("Docker answers", || docker.try_run(&["info"]).0);
        docker.import_busybox();
        Some(docker)
    }

    fn host(&self) -> String {
        format!("unix://{}", self.home.path().join("socket").display())
    }

    fn try_run(&self, args: &[&str]) -> (bool, String) {
        let output = Command::new("docker").args(args).env("DOCKER_HOST", self.host()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn run(&self, args: &[&str]) -> String {
        let (done, said) = self.try_run(args);
        assert!(done, "docker {args:?}");
        said
    }

    /// An image that is no node image.
    fn import_busybox(&self) {
        let files = self.home.path().join("image/bin");
        std::fs::create_dir_all(&files).unwrap();
        std::fs::copy("/bin/busybox", files.join("sleep")).unwrap();
        let archive = self.home.path().join("image.tar");
        let tar = Command::new("tar")
            .arg("-cf")
            .arg(&archive)
            .arg("-C")
            .arg(self.home.path().join("image"))
            .arg("bin")
            .status();
        assert!(tar.unwrap().success());
        self.run(&["import", archive.to_str().unwrap(), "podyard-test/busybox:1"]);
    }

    /// A container that kind takes for a cluster's node.
    fn node_of(&self, cluster: &str) {
        let (label, name) = (format!("io.x-k8s.kind.cluster={cluster}"), format!("{cluster}-control-plane"));
        let role = "io.x-k8s.kind.role=control-plane";
        let run = ["run", "-d", "--network=none", "--label", &label, "--label", role, "--name", &name];
        self.run(&[run.as_slice(), &["podyard-test/busybox:1", "/bin/sleep", "1000"]].concat());
    }

    fn containers(&self) -> Vec<String> {
        let said = self.run(&["ps", "-a", "--format", "{{.Names}}"]);
        let mut names: Vec<String> = said.lines().map(str::to_owned).collect();
        names.sort();
        names
    }

    /// What the real kind says on this engine.
    fn kind(&self, args: &[&str]) -> String {
        let output = Command::new(kind()).args(args).env("DOCKER_HOST", self.host()).output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// A server that finds this engine and the real kind.
    fn setup(&self, flags: &[&str]) -> Setup {
        let program = kind().display().to_string();
        let mut setup = Setup::new(&["--sandbox", "kind", "--kind-max", "2", "--kind-program", &program]).and(flags);
        setup.env.push(("DOCKER_HOST".to_owned(), self.host().into()));
        setup
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let names = self.containers();
        if !names.is_empty() {
            let _ = self
                .try_run(&[&["rm", "-f"], names.iter().map(String::as_str).collect::<Vec<_>>().as_slice()].concat());
        }
        let _ = Command::new("kill").arg(self.daemon.id().to_string()).status();
        let _ = self.daemon.wait();
    }
}

fn kind() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/kind")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_kind_fails_in_words_and_leaves_nothing() {
    let Some(docker) = Docker::start() else { return };

    // What an earlier start left is removed; what is somebody else's is not.
    let setup = docker.setup(&["--kind-image", "podyard-test/absent:v0"]);
    std::fs::create_dir(setup.data.path().join("kind")).unwrap();
    std::fs::write(setup.data.path().join("kind/instance"), "0badc0de").unwrap();
    ["podyard-0badc0de-1234567", "kind", "podyard-11111111-1234567"].iter().for_each(|name| docker.node_of(name));
    let server = setup.start();
    let others = ["kind-control-plane", "podyard-11111111-1234567-control-plane"];
    until("its own is gone", || docker.containers() == others);

    // An image that is nowhere.
    let mut learner = Learner::arrive(&server).await;
    let said = learner.sandbox("failed").await;
    assert!(said.contains("the node image is not on this server and could not be fetched"), "{said}");
    assert!(learner.told.iter().any(|told| told.contains("kind: Ensuring node image (podyard-test/absent:v0)")));
    assert!(server.stop().success());

    // A name that is taken, in the words that the stand-in says and the server knows.
    let said = docker.kind(&["create", "cluster", "--name", "kind", "--image", "podyard-test/busybox:1"]);
    let taken = "node(s) already exist for a cluster with the name \"kind\"";
    assert!(said.contains(taken), "{said}");

    // An image that is no node, ended by force while kind works on it.
    let server = docker.setup(&["--kind-image", "podyard-test/busybox:1", "--kind-timeout", "1s"]).start();
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("failed").await;
    until("nothing is left", || docker.containers() == others);
    drop(server);

    // The server is killed while kind works; whatever kind has made by then, the next start ends it.
    let setup = docker.setup(&["--kind-image", "podyard-test/busybox:1"]);
    let server = setup.start();
    let mut learner = Learner::arrive(&server).await;
    learner.hear(|m| m["state"] == "failed" || m["text"].as_str().is_some_and(|text| text.contains("kind: "))).await;
    server.crash();
    let _next = setup.start();
    until("nothing is left", || docker.containers() == others);
}

#[test]
fn a_docker_that_does_not_run_is_said_at_the_start() {
    if !kind().exists() || Command::new("docker").arg("--version").output().is_err() {
        println!("skipped: the real kind without a Docker; kind or docker is missing");
        return;
    }
    let program = kind().display().to_string();
    let mut setup = Setup::new(&["--sandbox", "kind", "--kind-program", &program]);
    setup.env.push(("DOCKER_HOST".to_owned(), "unix:///no/such/socket".into()));
    let said = setup.refusal();
    assert!(said.contains("Cannot connect to the Docker daemon") && said.contains("--kind-engine"), "{said}");
}
