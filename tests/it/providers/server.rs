//! A server with a data directory of its own, which outlives it.

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
};

use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::program::{PATIENCE, PODYARD};

/// How a server is started: everything but where it listens.
#[derive(Debug, Clone)]
pub struct Setup {
    pub data: Arc<TempDir>,
    pub flags: Vec<String>,
    pub env: Vec<(String, OsString)>,
}

impl Setup {
    /// With a new data directory.
    pub fn new(flags: &[&str]) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let data = tempfile::Builder::new().prefix("podyard-providers-").tempdir().unwrap();
        // Containers run under mapped ids, which must be able to pass through.
        std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Self { data: Arc::new(data), flags, env: Vec::new() }
    }

    /// The same with more flags.
    pub fn and(&self, flags: &[&str]) -> Self {
        let mut setup = self.clone();
        setup.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        setup
    }

    fn command(&self) -> Command {
        let mut command = Command::new(PODYARD);
        command.args(["serve", "--listen", "127.0.0.1:0", "--content"]);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/content")).arg("--data").arg(self.data.path());
        command.args(&self.flags).envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// Starts it and waits until it is ready.
    pub fn start(&self) -> Server {
        let mut child = self.command().spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let address = ready.split("http://").nth(1).unwrap_or_else(|| panic!("it did not start: {ready:?}"));
        let authority = address.split_whitespace().next().unwrap().to_owned();
        Server { child, _data: self.data.clone(), authority }
    }

    /// Starts one that can't be started; gives what it says.
    pub fn refusal(&self) -> String {
        let output = self.command().stderr(Stdio::piped()).output().unwrap();
        assert!(!output.status.success(), "it has started");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

/// A running server, killed when dropped.
pub struct Server {
    child: Child,
    _data: Arc<TempDir>,
    /// `127.0.0.1:PORT`
    pub authority: String,
}

impl Server {
    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Ctrl-C, and waits for the end.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("-INT");
        self.child.wait().unwrap()
    }

    /// `kill -9`, and waits for the end.
    pub fn crash(mut self) {
        self.signal("-KILL");
        self.child.wait().unwrap();
    }

    /// What it serves at this path.
    pub fn get(&self, path: &str, cookie: &str) -> String {
        let url = format!("http://{}{path}", self.authority);
        let output = Command::new("curl").args(["-sS", "-H", &format!("Cookie: {cookie}"), &url]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A learner's own kubeconfig, in a file.
    pub fn kubeconfig(&self, cookie: &str, home: &Path) -> PathBuf {
        let path = home.join("config");
        std::fs::write(&path, self.get("/kubeconfig", cookie)).unwrap();
        path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Changes the database of a server that does not run.
pub async fn in_database(data: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(data.join("podyard.db"));
    let mut database = options.connect().await.unwrap();
    assert_eq!(sqlx::query(sql).execute(&mut database).await.unwrap().rows_affected(), 1, "{sql}");
    database.close().await.unwrap();
}

/// Waits until this holds; an outside condition that nothing announces.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let patience = std::time::Instant::now() + 3 * PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < patience, "waited in vain: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
