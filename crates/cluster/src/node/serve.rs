//! The node's endpoints: what the API server asks for a learner.

use std::net::SocketAddrV4;

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture, stream::BoxStream};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::{broadcast, oneshot},
};

use super::{
    Handle, Node,
    endpoint::{ContainerUsage, EndpointError, LogOptions, NodeEndpoint},
    live::Live,
    lock,
    logs::Output,
    runtime::{Connection, ExecSpec, Exit, Process, RuntimeError, Streams},
    write::PODS,
};
use crate::store::{Key, Object};

/// Bytes between a container and an attached client.
const BUFFER: usize = 32 * 1024;

fn error(code: u16, message: impl Into<String>) -> EndpointError {
    EndpointError { code, message: message.into() }
}

/// Which run's log is meant, by its `containerd://…` id; or why there is none, in the kubelet's words.
fn run_asked_for(pod: &Value, container: &str, previous: bool) -> Result<String, String> {
    let name = pod["metadata"]["name"].as_str().unwrap_or("");
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let all = lists.iter().filter_map(|list| pod["status"][list].as_array()).flatten();
    let Some(status) = all.clone().find(|status| status["name"] == container) else {
        return Err(format!("container {container:?} in pod {name:?} is not available"));
    };
    let id = |value: &Value| value["containerID"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    let last = id(&status["lastState"]["terminated"]);
    if previous {
        return last.ok_or_else(|| format!("previous terminated container {container:?} in pod {name:?} not found"));
    }
    let state = &status["state"];
    if state["running"].is_object() {
        return id(status).ok_or_else(|| format!("container {container:?} in pod {name:?} is not available"));
    }
    if state["terminated"].is_object() || status["lastState"]["terminated"].is_object() {
        let ended = id(&state["terminated"]).or(last);
        return ended.ok_or_else(|| format!("container {container:?} in pod {name:?} is terminated"));
    }
    let why = match state["waiting"]["reason"].as_str() {
        Some("ErrImagePull") => "image can't be pulled",
        Some("ImagePullBackOff") => "trying and failing to pull image",
        Some(reason) => reason,
        None => "no logs yet",
    };
    let separator = if state["waiting"]["reason"].is_string() { ":" } else { " -" };
    Err(format!("container {container:?} in pod {name:?} is waiting to start{separator} {why}"))
}

impl Node {
    fn stored(&self, namespace: &str, pod: &str) -> Result<Object, EndpointError> {
        let stored = self.context.store.get(&Key::new(PODS, namespace, pod));
        stored.ok_or_else(|| error(404, format!("pod {:?} not found", format!("{pod}_{namespace}"))))
    }

    fn log_stream(
        &self,
        namespace: &str,
        pod: &str,
        options: &LogOptions,
    ) -> Result<BoxStream<'static, Bytes>, EndpointError> {
        let stored = self.stored(namespace, pod)?;
        let id = run_asked_for(&stored, &options.container, options.previous).map_err(|text| error(400, text))?;
        let handle = self.handle(namespace, pod);
        let log = handle.and_then(|handle| {
            handle.runs.lock().expect("nothing panics while it holds the runs").log(&options.container, &id)
        });
        // A Pod whose node was started anew still tells of runs whose logs are gone.
        let Some(log) = log else {
            return Err(error(400, format!("unable to retrieve container logs for {id}")));
        };
        log.read(options).map_err(|cause| error(500, format!("failed to open log file: {cause}")))
    }

    fn live(&self, namespace: &str, pod: &str, container: &str) -> Result<Live, EndpointError> {
        let missing = || error(404, format!("container not found ({container:?})"));
        let handle = self.handle(namespace, pod).ok_or_else(missing)?;
        let runs = handle.runs.lock().expect("nothing panics while it holds the runs");
        let live = runs.current.get(container).filter(|live| live.ended.borrow().is_none());
        live.cloned().ok_or_else(missing)
    }
}

fn exec_error(cause: RuntimeError) -> EndpointError {
    error(500, format!("error executing command in container: {cause}"))
}

impl Node {
    /// The running containers, with the names of their Pods.
    fn running(&self) -> Vec<(Key, String, Live)> {
        let pods: Vec<(Key, Handle)> =
            lock(&self.pods).iter().map(|(key, entry)| (key.clone(), entry.handle.clone())).collect();
        let of_pod = |(key, handle): (Key, Handle)| {
            let runs = handle.runs.lock().expect("nothing panics while it holds the runs");
            let running = runs.current.iter().filter(|(_, live)| live.ended.borrow().is_none());
            running.map(|(name, live)| (key.clone(), name.clone(), live.clone())).collect::<Vec<_>>()
        };
        pods.into_iter().flat_map(of_pod).collect()
    }
}

impl NodeEndpoint for Node {
    fn usage(&self) -> BoxFuture<'static, Vec<ContainerUsage>> {
        let (context, running) = (self.context.clone(), self.running());
        async move {
            context.rates.keep(|id| running.iter().any(|(_, _, live)| live.id == *id));
            let mut all = Vec::new();
            for (key, container, live) in running {
                // One that has ended meanwhile uses nothing.
                let Ok(usage) = context.runtime.usage(live.id.clone()).await else { continue };
                let cpu_nanos = context.rates.rate(&live.id, live.started_at, usage, context.now());
                let Key { namespace, name: pod, .. } = key;
                all.push(ContainerUsage { namespace, pod, container, cpu_nanos, memory: usage.memory });
            }
            all
        }
        .boxed()
    }

    fn logs(
        &self,
        namespace: &str,
        pod: &str,
        options: LogOptions,
    ) -> BoxFuture<'static, Result<BoxStream<'static, Bytes>, EndpointError>> {
        std::future::ready(self.log_stream(namespace, pod, &options)).boxed()
    }

    fn exec(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        spec: ExecSpec,
    ) -> BoxFuture<'static, Result<Process, EndpointError>> {
        let live = self.live(namespace, pod, container);
        let runtime = self.context.runtime.clone();
        async move { runtime.exec(live?.id, spec).await.map_err(exec_error) }.boxed()
    }

    fn attach(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        stdin: bool,
    ) -> BoxFuture<'static, Result<Process, EndpointError>> {
        let once = self.stored(namespace, pod).is_ok_and(|pod| {
            let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
            containers.into_iter().any(|c| c["name"] == container && c["stdinOnce"] == true)
        });
        let attached = self.live(namespace, pod, container).map(|live| attach(live, stdin, once));
        std::future::ready(attached).boxed()
    }

    fn connect(
        &self,
        namespace: &str,
        pod: &str,
        to: SocketAddrV4,
    ) -> BoxFuture<'static, Result<Box<dyn Connection>, EndpointError>> {
        let handle = self.handle(namespace, pod);
        let sandbox = handle.and_then(|h| h.sandbox.lock().expect("nothing panics while it holds the sandbox").clone());
        let runtime = self.context.runtime.clone();
        let name = format!("{pod}_{namespace}");
        async move {
            let sandbox = sandbox.ok_or_else(|| error(404, format!("unable to find pod {name:?}")))?;
            runtime.connect(sandbox, to).await.map_err(|cause| error(500, cause.to_string()))
        }
        .boxed()
    }
}

/// Joins a container's streams from now on.
fn attach(live: Live, stdin: bool, once: bool) -> Process {
    let output = live.output.subscribe();
    let (to_out, out) = tokio::io::duplex(BUFFER);
    let terminal = live.resize.is_some();
    let (to_err, err) = tokio::io::duplex(BUFFER);
    let (tell, exit) = oneshot::channel();
    let started_at = jiff::Timestamp::now();
    let resize = live.resize.clone();
    let input = stdin.then(|| {
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        tokio::spawn(feed(live.clone(), ours, once));
        Box::new(theirs) as Box<dyn tokio::io::AsyncWrite + Send + Unpin>
    });
    tokio::spawn(show(live, output, to_out, to_err, tell));
    let streams = Streams {
        stdout: Box::new(out),
        stderr: (!terminal).then(|| Box::new(err) as Box<dyn tokio::io::AsyncRead + Send + Unpin>),
        stdin: input,
        resize: resize
            .map(|resize| Box::new(move |columns, rows| resize(columns, rows)) as Box<dyn Fn(u16, u16) + Send + Sync>),
    };
    Process { started_at, streams, exit }
}

/// Copies a container's output to an attached client until either ends.
async fn show(
    mut live: Live,
    mut output: broadcast::Receiver<(Output, Bytes)>,
    mut out: DuplexStream,
    mut err: DuplexStream,
    tell: oneshot::Sender<Exit>,
) {
    loop {
        let piece = tokio::select! {
            biased;
            piece = output.recv() => piece,
            ended = live.ended.wait_for(Option::is_some) => match ended {
                Ok(_) => match output.try_recv() {
                    Ok(piece) => Ok(piece),
                    Err(_) => break,
                },
                Err(_) => break,
            },
        };
        let written = match piece {
            Ok((Output::Stdout, bytes)) => out.write_all(&bytes).await,
            Ok((Output::Stderr, bytes)) => err.write_all(&bytes).await,
            // A client that was too slow misses some, as a terminal would.
            Err(broadcast::error::RecvError::Lagged(_)) => Ok(()),
            Err(broadcast::error::RecvError::Closed) => break,
        };
        if written.is_err() {
            return;
        }
    }
    let ended = live.ended.borrow().clone();
    if let Some(ended) = ended {
        // The client may be gone already.
        let _ = tell.send(Exit { code: ended.code, signal: 0, oom_killed: false, at: ended.finished_at });
    }
}

/// Copies a client's input to a container; with `stdinOnce` the container's input ends with the client's.
async fn feed(live: Live, mut from: DuplexStream, once: bool) {
    let mut stdin = live.stdin.lock().await;
    let Some(into) = stdin.as_mut() else { return };
    let mut buffer = vec![0; 8 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if into.write_all(&buffer[..read]).await.is_err() || into.flush().await.is_err() {
            return;
        }
    }
    if once {
        *stdin = None;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(status: Value, previous: bool) -> Result<String, String> {
        let pod = json!({"metadata": {"name": "web"}, "status": {"containerStatuses": [status]}});
        run_asked_for(&pod, "app", previous)
    }

    #[test]
    fn a_container_without_a_log_is_told_why() {
        let waiting = |reason: &str| json!({"name": "app", "state": {"waiting": {"reason": reason}}, "lastState": {}});
        let why = |reason: &str| asked(waiting(reason), false).unwrap_err();
        insta::assert_snapshot!(
            [why("ContainerCreating"), why("ErrImagePull"), why("ImagePullBackOff")].join("\n"),
            @r#"
container "app" in pod "web" is waiting to start: ContainerCreating
container "app" in pod "web" is waiting to start: image can't be pulled
container "app" in pod "web" is waiting to start: trying and failing to pull image
"#
        );
        insta::assert_snapshot!(asked(waiting("ContainerCreating"), true).unwrap_err(), @r#"previous terminated container "app" in pod "web" not found"#);
    }

    #[test]
    fn a_container_that_backs_off_shows_its_last_run() {
        let last = json!({"terminated": {"containerID": "containerd://a"}});
        let status = json!({"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": last});
        assert_eq!(asked(status.clone(), false), Ok("containerd://a".to_owned()));
        assert_eq!(asked(status, true), Ok("containerd://a".to_owned()));
    }
}
