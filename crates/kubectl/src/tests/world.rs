//! A cluster, some files, and command lines run on them.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex},
};

use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use podyard_cluster::{
    Cluster, ClusterConfig,
    clock::SystemClock,
    node::{
        images::{Credential, Image, ImageConfig, ImageError, Images},
        runtime::scripted::{Script, Scripted},
    },
};
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio_util::sync::CancellationToken;

use crate::env::{Editor, Env, Files, Listener, OnlyCluster, Ports, Stream};

pub struct World {
    cluster: Cluster,
    files: Arc<Held>,
}

struct Held(BTreeMap<String, String>);

impl Files for Held {
    fn read(&self, path: &str) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        let found = self.0.get(path).map(|text| text.clone().into_bytes()).ok_or(io::ErrorKind::NotFound.into());
        futures::future::ready(found).boxed()
    }

    fn write(&self, _: &str, _: &[u8]) -> BoxFuture<'_, io::Result<()>> {
        futures::future::ready(Err(io::ErrorKind::PermissionDenied.into())).boxed()
    }

    fn list(&self, path: &str) -> BoxFuture<'_, io::Result<Vec<String>>> {
        let kind = if self.0.contains_key(path) { io::ErrorKind::NotADirectory } else { io::ErrorKind::NotFound };
        futures::future::ready(Err(kind.into())).boxed()
    }
}

struct QuietPorts;

impl Ports for QuietPorts {
    fn listen(&self, _: &str, _: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        futures::future::ready(Ok(Box::new(NobodyComes) as Box<dyn Listener>)).boxed()
    }
}

struct NobodyComes;

impl Listener for NobodyComes {
    fn port(&self) -> u16 {
        8080
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        futures::future::pending().boxed()
    }
}

struct AnyImage;

impl AnyImage {
    fn image(reference: &str) -> Image {
        Image {
            id: format!("sha256:{:064}", 1),
            name: format!("docker.io/library/{reference}:latest"),
            repo_digest: None,
            size: 1,
            layers: Vec::new(),
            config: ImageConfig { cmd: vec!["sh".into()], ..ImageConfig::default() },
        }
    }
}

impl Images for AnyImage {
    fn local(&self, reference: &str) -> Result<Option<Image>, ImageError> {
        Ok(Some(Self::image(reference)))
    }

    fn pull(&self, reference: &str, _: Vec<Credential>) -> BoxFuture<'static, Result<Image, ImageError>> {
        futures::future::ready(Ok(Self::image(reference))).boxed()
    }

    fn all(&self) -> Vec<Image> {
        Vec::new()
    }
}

/// What is still to be replaced.
struct Person(Mutex<VecDeque<(String, String)>>);

impl Editor for Person {
    fn edit(&self, _: &str, text: String) -> BoxFuture<'_, io::Result<String>> {
        let change = self.0.lock().unwrap().pop_front();
        futures::future::ready(Ok(change.map_or(text.clone(), |(from, to)| text.replace(&from, &to)))).boxed()
    }
}

impl World {
    pub async fn new(files: &[(&str, &str)]) -> Self {
        let runtime = Scripted::new(Arc::new(SystemClock));
        // What echoes says so and ends; others run.
        runtime.containers(|spec| match spec.argv.first().map(String::as_str) {
            Some("echo") => Script::exits(0).says("from hello\n"),
            _ => Script::runs(),
        });
        let cluster = Cluster::start(ClusterConfig::new(Arc::new(AnyImage), Arc::new(runtime))).await.unwrap();
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Self { cluster, files: Arc::new(Held(files)) }
    }

    /// What the commands run on.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What a command needs, and what it writes.
    pub fn env(&self, client: kube::Client, cancel: &CancellationToken) -> (Env, DuplexStream, DuplexStream) {
        let ((out, read_out), (err, read_err)) = (duplex(1 << 16), duplex(1 << 16));
        let env = Env {
            client,
            namespace: "default".into(),
            files: self.files.clone(),
            stdin: Box::new(tokio::io::empty()),
            stdout: Box::new(out),
            stderr: Box::new(err),
            clock: Arc::new(Timestamp::now),
            cancel: cancel.clone(),
            ports: Arc::new(QuietPorts),
            terminal: None,
            editor: None,
            kubeconfig: Arc::new(OnlyCluster { server: "http://127.0.0.1:1".into(), namespace: "default".into() }),
        };
        (env, read_out, read_err)
    }

    /// The same with a person who replaces something in the text each time it is shown, and leaves it in the end.
    pub async fn edited(&self, line: &str, changes: &[(&str, &str)]) -> String {
        let changes = changes.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        self.run_with(line, Some(Arc::new(Person(Mutex::new(changes))))).await
    }

    /// Standard output, then standard error with `! ` before each line, then the exit code unless it is 0.
    pub async fn run(&self, line: &str) -> String {
        self.run_with(line, None).await
    }

    async fn run_with(&self, line: &str, editor: Option<Arc<dyn Editor>>) -> String {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (env, mut out, mut err) = self.env(self.cluster.client(), &CancellationToken::new());
        let env = Env { editor, ..env };
        let (mut text, mut said) = (String::new(), String::new());
        let (code, read, more) =
            tokio::join!(crate::run(&argv, env), out.read_to_string(&mut text), err.read_to_string(&mut said));
        read.and(more).unwrap();
        said.lines().for_each(|line| text.push_str(&format!("! {line}\n")));
        if code != 0 {
            text.push_str(&format!("[{code}]\n"));
        }
        text
    }

    /// Runs until this was written, then cancels; gives what was written and the exit code.
    pub async fn until(&self, line: &str, wanted: &str) -> (String, i32) {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let cancel = CancellationToken::new();
        let (env, mut out, _err) = self.env(self.cluster.client(), &cancel);
        let mut bytes = vec![0; wanted.len()];
        let read = async {
            out.read_exact(&mut bytes).await.unwrap();
            cancel.cancel();
        };
        let (code, ()) = tokio::join!(crate::run(&argv, env), read);
        (String::from_utf8(bytes).unwrap(), code)
    }
}
