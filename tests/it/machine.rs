//! Machines that forbid what containers need, and the image and the services that the program comes in.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::{program::PODYARD, providers::server::until};

/// The program on a machine that lets nobody make user namespaces: root of one that may have none within.
fn without_namespaces(arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    command.args(["--user", "--map-root-user", "sh", "-c", script, "sh", PODYARD]).args(arguments);
    command
}

/// Whether this machine itself lets one make user namespaces, without which it can't be seen how it is without them.
fn can_forbid() -> bool {
    let can = Command::new("unshare").args(["--user", "--map-root-user", "true"]).output();
    let can = can.is_ok_and(|output| output.status.success());
    if !can {
        println!("skipped: a machine without user namespaces; unshare can't make the one to forbid them in");
    }
    can
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn doctor_says_that_namespaces_are_forbidden_and_what_to_do() {
    if !can_forbid() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let said = said(&mut without_namespaces(&["doctor", "--data", data.path().to_str().unwrap()]));
    let line = said.lines().find(|line| line.contains("containers:")).unwrap_or_default();
    assert!(line.starts_with("no ") && line.contains("raise user.max_user_namespaces with sysctl"), "{said}");
    for about in ["limits", "system call filter", "disk"] {
        assert!(said.lines().any(|line| line[5..].starts_with(&format!("{about}: "))), "{about} in {said}");
    }
}

/// Ended when dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn without_namespaces_a_cluster_refuses_pods_in_words() {
    if !can_forbid() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).display().to_string();
    let arguments = ["cluster", "--listen", "127.0.0.1:0", "--kubeconfig", &at("config"), "--data", &at("data")];
    let mut cluster = Ended(without_namespaces(&arguments).stdout(Stdio::piped()).spawn().unwrap());
    let mut ready = String::new();
    BufReader::new(cluster.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert!(ready.starts_with("The cluster is ready"), "{ready:?}");
    let kubectl =
        |arguments: &[&str]| said(Command::new(PODYARD).arg("kubectl").args(arguments).env("KUBECONFIG", at("config")));
    assert_eq!(kubectl(&["run", "hello", "--image=busybox"]), "pod/hello created\n");
    until("the Pod is refused in words", || {
        let events = kubectl(&["get", "events"]);
        events.contains("FailedCreatePodSandBox") && events.contains("raise user.max_user_namespaces with sysctl")
    });
    assert!(kubectl(&["get", "pods"]).contains("ContainerCreating"));
}

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The instructions of a Dockerfile, with lines that go on joined.
fn instructions() -> Vec<String> {
    let text = file("Dockerfile").replace("\\\n", " ");
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn the_image_is_made_of_files_that_are_there_and_runs_as_an_ordinary_user() {
    let instructions = instructions();
    let ignored = file(".dockerignore");
    let copies =
        instructions.iter().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--"));
    for source in copies.flat_map(|line| line.split_whitespace().rev().skip(1)) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(source).exists(), "{source} is copied, and there is none");
        assert!(!ignored.lines().any(|line| line.trim_start_matches('/') == source), "{source} is ignored");
    }
    let last: Vec<&String> = instructions.iter().rev().take_while(|line| !line.starts_with("FROM ")).collect();
    let has = |start: &str| last.iter().any(|line| line.starts_with(start));
    for start in ["USER podyard", "HEALTHCHECK ", "VOLUME /var/lib/podyard", "ENTRYPOINT [\"podyard\"]"] {
        assert!(has(start), "{start} in {last:?}");
    }
    for label in ["title", "licenses", "version", "revision", "base.name"] {
        assert!(file("Dockerfile").contains(&format!("org.opencontainers.image.{label}=")), "{label}");
    }
}

/// The services of docker-compose.yml.
fn services() -> BTreeMap<String, Value> {
    let compose: Value = serde_yaml::from_str(&file("docker-compose.yml").replace("<<: *server", "")).unwrap();
    serde_json::from_value(compose["services"].clone()).unwrap()
}

#[test]
fn the_embedded_service_needs_no_docker() {
    let services = services();
    let volumes = |name: &str| services[name]["volumes"].to_string();
    assert!(volumes("kind").contains("docker.sock") && !volumes("embedded").contains("docker.sock"));
    assert_eq!(services["embedded"]["profiles"], serde_json::json!(["embedded"]));
    assert!(services["kind"]["profiles"].is_null(), "`docker compose up` starts it");
    assert!(services["kind"]["networks"].to_string().contains("kind"), "where its clusters' nodes are");
}
