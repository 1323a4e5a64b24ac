//! One recorded scenario: reading it, playing its steps, comparing what came.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Seek, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde::Deserialize;
use similar::TextDiff;

use super::masks::normal;

/// A file of the recordings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    #[serde(rename = "about")]
    _about: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    run: Option<String>,
    edit: Option<BTreeMap<String, String>>,
    until: Option<String>,
    #[serde(rename = "for")]
    seconds: Option<String>,
    stdin: Option<String>,
    #[serde(default)]
    mask: Vec<String>,
    #[serde(default)]
    anyorder: bool,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    out: String,
    #[serde(default)]
    err: String,
}

/// What a command gave; `exit` is `None` when it was ended for having run long enough.
struct Answer {
    out: String,
    err: String,
    exit: Option<i32>,
}

impl Scenario {
    /// Reads one.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("the recordings are in the repository");
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Plays all steps with `kubectl` (a command without arguments yet); gives the differences, none when it holds.
    pub fn play(&self, kubectl: &dyn Fn() -> Command) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        write_files(folder.path(), &self.files);
        let mut differences = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            if let Some(files) = &step.edit {
                write_files(folder.path(), files);
                continue;
            }
            let found = step.differences(folder.path(), kubectl);
            if !found.is_empty() {
                differences.push(format!("step {}: {}", number + 1, step.run.as_deref().unwrap_or_default()));
                differences.extend(found);
            }
        }
        differences
    }
}

impl Step {
    fn differences(&self, folder: &Path, kubectl: &dyn Fn() -> Command) -> Vec<String> {
        let (answer, mut found) = self.run_until(folder, kubectl);
        for (name, recorded, actual) in [("out", &self.out, &answer.out), ("err", &self.err, &answer.err)] {
            let (recorded, actual) = (self.comparable(recorded), self.comparable(actual));
            if recorded != actual {
                let diff = TextDiff::from_lines(&recorded, &actual);
                let names = (format!("recorded {name}"), format!("actual {name}"));
                found.push(diff.unified_diff().header(&names.0, &names.1).to_string());
            }
        }
        if answer.exit.is_some_and(|exit| exit != self.exit) {
            found.push(format!("exit {:?}, recorded {}", answer.exit, self.exit));
        }
        found
    }

    fn comparable(&self, text: &str) -> String {
        let text = normal(text, &self.mask);
        if !self.anyorder {
            return text + "\n";
        }
        let mut lines: Vec<&str> = text.split('\n').collect();
        lines.sort_unstable();
        lines.join("\n") + "\n"
    }

    fn run_until(&self, folder: &Path, kubectl: &dyn Fn() -> Command) -> (Answer, Vec<String>) {
        let patience = Instant::now() + Duration::from_secs(60);
        loop {
            let answer = self.run_once(folder, kubectl());
            match &self.until {
                Some(wanted) if !answer.out.contains(wanted) => {
                    if Instant::now() > patience {
                        return (answer, vec![format!("never saw {wanted:?} in 60 s")]);
                    }
                    thread::sleep(Duration::from_millis(100));
                }
                _ => return (answer, Vec::new()),
            }
        }
    }

    fn run_once(&self, folder: &Path, mut kubectl: Command) -> Answer {
        let words = shlex::split(self.run.as_deref().expect("a step runs or edits")).expect("recorded lines are whole");
        let limit = self
            .seconds
            .as_deref()
            .map(|text| Duration::from_secs_f64(text.trim_end_matches('s').parse().expect("a number of seconds")));
        let (mut out, mut err) = (temporary(), temporary());
        let mut child = kubectl
            .args(&words[1..])
            .current_dir(folder)
            .stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(out.try_clone().expect("a file"))
            .stderr(err.try_clone().expect("a file"))
            .process_group(0)
            .spawn()
            .expect("kubectl can be started");
        if let (Some(text), Some(mut stdin)) = (&self.stdin, child.stdin.take()) {
            // A command that does not read its input may be gone already.
            let _ = stdin.write_all(text.as_bytes());
        }
        let group = Pid::from_raw(i32::try_from(child.id()).expect("process ids are small"));
        let deadline = Instant::now() + limit.unwrap_or(Duration::from_secs(120));
        let exit = loop {
            if let Some(status) = child.try_wait().expect("our own child") {
                break Some(status.code().unwrap_or(-1));
            }
            if Instant::now() > deadline {
                let _ = killpg(group, Signal::SIGTERM);
                thread::sleep(Duration::from_millis(200));
                let _ = killpg(group, Signal::SIGKILL);
                let _ = child.wait();
                break None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        Answer { out: contents(&mut out), err: contents(&mut err), exit }
    }
}

fn write_files(folder: &Path, files: &BTreeMap<String, String>) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it is beneath the folder")).expect("a temporary directory");
        fs::write(path, text).expect("a temporary directory");
    }
}

fn temporary() -> File {
    tempfile::tempfile().expect("a temporary file can be made")
}

fn contents(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().expect("a file");
    file.read_to_end(&mut bytes).expect("a file");
    String::from_utf8_lossy(&bytes).into_owned()
}
