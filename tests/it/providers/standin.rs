//! The stand-in for `kind` and `docker`: two scripts at the process boundary, whose clusters are `podyard cluster`
//! processes and whose words are kind's (`standin/`).

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::server::Setup;
use crate::program::{PODYARD, data_dir};

pub struct Standin(TempDir);

impl Standin {
    pub fn new() -> Self {
        let standin = Self(tempfile::Builder::new().prefix("podyard-standin-").tempdir().unwrap());
        fs::create_dir(standin.path().join("clusters")).unwrap();
        standin
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn scripts() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/providers/standin")
    }

    /// The environment in which `kind` and `docker` are the stand-ins.
    pub fn env(&self) -> Vec<(String, OsString)> {
        let mut path = OsString::from(Self::scripts());
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        vec![
            ("PATH".to_owned(), path),
            ("STANDIN".to_owned(), self.path().into()),
            ("STANDIN_PODYARD".to_owned(), PODYARD.into()),
            ("STANDIN_DATA".to_owned(), data_dir().into()),
        ]
    }

    /// A server on this stand-in. The limits of the machine are not what is tried here.
    pub fn setup(&self, flags: &[&str]) -> Setup {
        let mut setup = Setup::new(&["--sandbox", "kind"]).and(flags);
        setup.env = self.env();
        setup.env.push(("PODYARD_KIND_MAX".to_owned(), "4".into()));
        setup
    }

    /// What the next creates do wrong, one each.
    pub fn fail(&self, how: &[&str]) {
        fs::write(self.path().join("fail"), how.join("\n") + "\n").unwrap();
    }

    /// A switch of the scripts: `gate-nodes`, `gate`, `no-daemon`.
    pub fn set(&self, switch: &str, on: bool) {
        let path = self.path().join(switch);
        if on { fs::write(path, "").unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// The clusters there are.
    pub fn clusters(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path().join("clusters")).unwrap().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A cluster that somebody else has made.
    pub fn foreign(&self, name: &str) {
        fs::create_dir(self.path().join("clusters").join(name)).unwrap();
    }

    /// Every call of the two programs, in order.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path().join("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Whether a cluster's node has started.
    pub fn runs(&self, name: &str) -> bool {
        fs::read(self.path().join("clusters").join(name).join("ready")).is_ok_and(|line| !line.is_empty())
    }

    /// Removes a cluster behind the server's back.
    pub fn remove(&self, name: &str) {
        self.stop_node(name);
        fs::remove_dir_all(self.path().join("clusters").join(name)).unwrap();
    }

    /// Ends a cluster's node, as a restart of Docker does.
    pub fn stop_node(&self, name: &str) {
        let pid = fs::read_to_string(self.path().join("clusters").join(name).join("pid")).unwrap();
        fs::write(self.path().join("clusters").join(name).join("ready"), "").unwrap();
        assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        for name in self.clusters() {
            let pid = fs::read_to_string(self.path().join("clusters").join(name).join("pid")).unwrap_or_default();
            let _ = Command::new("kill").args(["-9", pid.trim()]).stderr(std::process::Stdio::null()).status();
        }
    }
}
