//! Starting `podyard` as a person does, and ending it.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use tempfile::TempDir;

/// The program under test.
pub const PODYARD: &str = env!("CARGO_BIN_EXE_podyard");

/// How long anything here may take before the test gives up; far beyond what it ever needs.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// The real kubectl 1.36, which `tools/setup test` brings.
///
/// # Panics
/// When it is not there: a comparison with the real program that was not made must not look like one that held.
pub fn real_kubectl() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/kubectl");
    assert!(path.exists(), "{} is missing: run tools/setup test", path.display());
    path
}

/// An older kubectl: the one of the machine's own Debian.
///
/// # Panics
/// When it is not there.
pub fn older_kubectl() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/kubectl-older");
    assert!(path.exists(), "{} is missing: run tools/setup test", path.display());
    path
}

/// Images are the same for every run, so all clusters share one store of them.
pub fn data_dir() -> &'static Path {
    static DATA: OnceLock<TempDir> = OnceLock::new();
    DATA.get_or_init(new_data_dir).path()
}

fn new_data_dir() -> TempDir {
    let dir = tempfile::Builder::new().prefix("podyard-it-").tempdir().expect("a temporary directory can be made");
    open_to_all(dir.path());
    dir
}

/// Containers run under mapped ids, which must be able to pass through.
fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("our own directory");
}

/// A running `podyard`, ended when dropped.
pub struct Program {
    child: Child,
    /// The line it printed when it was ready.
    pub ready: String,
    /// A server keeps learners, so each has a data directory of its own.
    _data: Option<TempDir>,
}

impl Program {
    /// Starts `podyard ARGS` and waits for its first line.
    pub fn start(args: &[&str]) -> Self {
        let own = (args.first() == Some(&"serve")).then(new_data_dir);
        let mut child = Command::new(PODYARD)
            .args(args)
            .arg("--data")
            .arg(own.as_ref().map_or_else(|| data_dir(), TempDir::path))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program that cargo built can be started");
        let mut ready = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut ready).expect("its output is text");
        assert!(!ready.is_empty(), "podyard {args:?} ended before it was ready");
        Self { child, ready, _data: own }
    }

    /// The address in the ready line.
    pub fn url(&self) -> String {
        let start = self.ready.find("http").unwrap_or_else(|| panic!("no address in {:?}", self.ready));
        self.ready[start..].split_whitespace().next().expect("it is not empty").trim_end_matches(['/', '.']).to_owned()
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("process ids are small")
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().expect("it is our child")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An embedded cluster on its own port, with its kubeconfig.
pub struct TestCluster {
    /// Ends it when dropped.
    pub program: Program,
    /// Holds the kubeconfig and kubectl's own caches.
    pub home: TempDir,
}

impl TestCluster {
    /// Starts `podyard cluster`.
    pub fn start() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let kubeconfig = home.path().join("config");
        let path = kubeconfig.to_str().expect("temporary paths are ASCII");
        let program = Program::start(&["cluster", "--listen", "127.0.0.1:0", "--kubeconfig", path]);
        Self { program, home }
    }

    /// A command that finds the cluster by `$KUBECONFIG`, and no other.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("KUBECONFIG", self.home.path().join("config")).env("HOME", self.home.path());
        command
    }
}
