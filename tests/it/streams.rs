//! What streams, by the real kubectl of today and by an old one: exec, port-forward, proxy. Before 1.29 they speak SPDY.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use crate::program::{TestCluster, older_kubectl, real_kubectl};

/// An answer that has not come by then never comes.
const PATIENCE: Duration = Duration::from_secs(120);

const POD: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: web
    image: busybox
    command: [sh, -c, "echo hello > /tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
    ports: [{containerPort: 8080}]
    readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
"#;

/// A program that goes on until it is dropped. It must be able to say more, or it would end.
struct Running {
    child: Child,
    _stdout: BufReader<ChildStdout>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts it, and gives the address in its first line.
    fn start(mut command: Command) -> (Self, String) {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let start = line.find("127.0.0.1:").unwrap_or_else(|| panic!("no address in {line:?}"));
        let address = line[start..].split_whitespace().next().unwrap().to_owned();
        (Self { child, _stdout: stdout }, address)
    }
}

fn said(mut command: Command, input: &str) -> (i32, String, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// The body of what answers a plain GET.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").map_or(answer.clone(), |(_, body)| body.to_owned())
}

#[test]
fn todays_kubectl_runs_commands_and_reaches_ports() {
    everything_streams(&real_kubectl());
}

#[test]
fn an_older_kubectl_runs_commands_and_reaches_ports() {
    everything_streams(&older_kubectl());
}

fn everything_streams(kubectl: &Path) {
    let cluster = TestCluster::start();
    let ask = |args: &[&str]| {
        let mut command = cluster.command(kubectl);
        command.args(args);
        command
    };
    let (code, _, error) = said(ask(&["apply", "-f", "-"]), POD);
    assert_eq!(code, 0, "{error}");
    let (code, _, error) = said(ask(&["wait", "--for=condition=Ready", "pod/web", "--timeout=120s"]), "");
    assert_eq!(code, 0, "{error}");

    let (code, out, error) = said(ask(&["exec", "-i", "web", "--", "sh", "-c", "cat; echo oh >&2; exit 4"]), "in\n");
    assert_eq!((code, out.as_str()), (4, "in\n"), "{error}");
    assert!(error.starts_with("oh\n"), "{error:?}");

    let (_forward, address) = Running::start(ask(&["port-forward", "web", ":8080"]));
    assert_eq!(get(&address, "/"), "hello\n");

    for name in ["pods/web:8080", "services/front:http"] {
        let path = format!("/api/v1/namespaces/default/{name}/proxy/");
        assert_eq!(said(ask(&["get", "--raw", &path]), "").1, "hello\n", "{name}");
    }
    let (_proxy, address) = Running::start(ask(&["proxy", "--port=0"]));
    assert_eq!(get(&address, "/api/v1/namespaces/default/pods/web/proxy/index.html"), "hello\n");
    assert!(get(&address, "/version").contains("gitVersion"));
}
