//! The log that a page shows: of the Pod it chose, or of the newest; followed across restarts.

use std::sync::Arc;

use futures::{AsyncReadExt as _, future::pending};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::{Api, api::LogParams};
use tokio::sync::{mpsc, watch};

use super::table::Table;
use crate::{console::utf8::Decoder, sessions::flow::Flow};

/// How many lines of what was written before are shown.
const TAIL: i64 = 1000;
/// The longest piece sent at once.
const PIECE: usize = 16 * 1024;

/// Whose log is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// `None` is the newest Pod.
    pub pod: Option<String>,
    /// `None` is the Pod's first.
    pub container: Option<String>,
    /// Of the run before the present one; it has ended, so nothing comes after it.
    pub previous: bool,
    /// Whether each line begins with its time.
    pub timestamps: bool,
}

/// A piece of what the Logs view shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPiece {
    /// Whose it is; `None` when there is no Pod to show.
    pub source: Option<Source>,
    /// Whether the view is emptied first.
    pub reset: bool,
    /// What is added.
    pub text: String,
}

/// Whose log is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The Pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// All containers of the Pod.
    pub containers: Vec<String>,
}

/// A Pod of the table: another one of the same name is another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    pod: String,
    uid: String,
}

/// Follows logs until the receiver of `out` is gone.
pub async fn follow(
    client: kube::Client,
    namespace: String,
    mut pods: watch::Receiver<Arc<Table>>,
    mut choice: watch::Receiver<Choice>,
    out: mpsc::Sender<LogPiece>,
) {
    let api: Api<Pod> = Api::namespaced(client, &namespace);
    let mut shown = Shown::default();
    loop {
        let wanted = choice.borrow_and_update().clone();
        let target = pick(&pods.borrow_and_update(), &wanted);
        let step = shown.step(&api, target.as_ref(), &wanted, &out);
        let moved = tokio::select! {
            step = step => step,
            () = another(&mut pods, &wanted, target.as_ref()) => Ok(Step::Again),
            changed = choice.changed() => changed.map(|()| Step::Again).map_err(|_| Gone),
        };
        let waited = match moved {
            Err(Gone) => return,
            Ok(Step::Again) => continue,
            Ok(Step::Wait) => tokio::select! {
                changed = pods.changed() => changed,
                changed = choice.changed() => changed,
                () = out.closed() => return,
            },
        };
        if waited.is_err() {
            return;
        }
    }
}

/// Nobody is there to read.
struct Gone;

/// What to do next.
enum Step {
    /// Look again at once.
    Again,
    /// Look again when something has changed.
    Wait,
}

/// What the view shows so far.
#[derive(Default)]
struct Shown {
    begun: bool,
    target: Option<Target>,
    source: Option<Source>,
    /// The container id of the run whose log has been shown.
    run: Option<String>,
    /// How it was wanted.
    form: (bool, bool),
}

impl Shown {
    async fn step(
        &mut self,
        api: &Api<Pod>,
        target: Option<&Target>,
        wanted: &Choice,
        out: &mpsc::Sender<LogPiece>,
    ) -> Result<Step, Gone> {
        let found = match target {
            Some(target) => api.get_opt(&target.pod).await.ok().flatten().map(|pod| (target, pod)),
            None => None,
        };
        let Some((target, pod)) = found else {
            if target.is_none() && (self.target.is_some() || !self.begun) {
                *self = Self { begun: true, ..Self::default() };
                send(out, None, true, String::new()).await?;
            }
            return Ok(Step::Wait);
        };
        let Some(source) = source(&pod, &target.pod, wanted) else { return Ok(Step::Wait) };
        let form = (wanted.previous, wanted.timestamps);
        let same = self.target.as_ref() == Some(target) && self.source.as_ref() == Some(&source) && self.form == form;
        // Of the run before, there is another one as soon as another run has begun.
        let moved_on = wanted.previous && self.run.is_some() && self.run != run_of(&pod, &source.container);
        if !same || moved_on {
            *self = Self { begun: true, target: Some(target.clone()), source: Some(source.clone()), run: None, form };
            send(out, Some(source.clone()), true, String::new()).await?;
        }
        match run_of(&pod, &source.container) {
            Some(run) if self.run.as_ref() != Some(&run) => {
                // Without a source while it copies: if another Pod is wanted meanwhile, the view begins anew.
                self.source = None;
                copy(api, &source, wanted, out).await?;
                (self.source, self.run) = (Some(source), Some(run));
                Ok(Step::Again)
            }
            _ => Ok(Step::Wait),
        }
    }
}

/// Passes on a run's log until it ends.
async fn copy(api: &Api<Pod>, source: &Source, wanted: &Choice, out: &mpsc::Sender<LogPiece>) -> Result<(), Gone> {
    let container = Some(source.container.clone());
    let Choice { previous, timestamps, .. } = *wanted;
    let params = LogParams {
        container,
        follow: !previous,
        previous,
        timestamps,
        tail_lines: Some(TAIL),
        ..LogParams::default()
    };
    let mut stream = match api.log_stream(&source.pod, &params).await {
        Ok(stream) => stream,
        Err(kube::Error::Api(status)) => {
            return send(out, Some(source.clone()), false, format!("{}\n", status.message)).await;
        }
        Err(_) => return Ok(()),
    };
    let (mut decoder, mut flow) = (Decoder::default(), Flow::new());
    let mut buffer = vec![0; PIECE];
    loop {
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        let text = if read == 0 { decoder.finish() } else { decoder.push(&buffer[..read]) };
        if !text.is_empty() {
            send(out, Some(source.clone()), false, text).await?;
        }
        if read == 0 {
            return Ok(());
        }
        flow.pass(read).await;
    }
}

async fn send(out: &mpsc::Sender<LogPiece>, source: Option<Source>, reset: bool, text: String) -> Result<(), Gone> {
    out.send(LogPiece { source, reset, text }).await.map_err(|_| Gone)
}

/// Waits until another Pod is meant.
async fn another(pods: &mut watch::Receiver<Arc<Table>>, wanted: &Choice, target: Option<&Target>) {
    while pods.changed().await.is_ok() {
        if pick(&pods.borrow_and_update(), wanted).as_ref() != target {
            return;
        }
    }
    pending().await
}

fn pick(pods: &Table, wanted: &Choice) -> Option<Target> {
    let row = match &wanted.pod {
        Some(name) => pods.rows.iter().find(|row| row.name == *name),
        None => pods.newest(),
    };
    row.map(|row| Target { pod: row.name.clone(), uid: row.uid.clone() })
}

fn source(pod: &Pod, name: &str, wanted: &Choice) -> Option<Source> {
    let spec = pod.spec.as_ref()?;
    let main = spec.containers.iter().map(|c| c.name.clone());
    let init = spec.init_containers.iter().flatten().map(|c| c.name.clone());
    let containers: Vec<String> = main.chain(init).collect();
    let annotations = pod.metadata.annotations.as_ref();
    let annotated = annotations.and_then(|a| a.get("kubectl.kubernetes.io/default-container"));
    let chosen = wanted.container.as_ref().filter(|_| wanted.pod.as_deref() == Some(name)).or(annotated);
    let container = chosen.filter(|c| containers.contains(c)).or(containers.first())?.clone();
    Some(Source { pod: name.to_owned(), container, containers })
}

/// The id of a container's present or last run; `None` before the first.
fn run_of(pod: &Pod, container: &str) -> Option<String> {
    let status = pod.status.as_ref()?;
    let all: [&Option<Vec<ContainerStatus>>; 2] = [&status.container_statuses, &status.init_container_statuses];
    let own = all.into_iter().flatten().flatten().find(|s| s.name == container)?;
    own.container_id.clone().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod() -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "web"},
            "spec": {"containers": [{"name": "app"}, {"name": "side"}], "initContainers": [{"name": "first"}]},
            "status": {"containerStatuses": [{"name": "app", "image": "a", "imageID": "", "ready": true,
                "restartCount": 0, "containerID": "containerd://1"}]},
        }))
        .unwrap()
    }

    #[test]
    fn the_container_is_the_chosen_or_the_first() {
        let choice = |container: &str| Choice {
            pod: Some("web".into()),
            container: Some(container.into()),
            ..Choice::default()
        };
        let of = |choice: &Choice| source(&pod(), "web", choice).unwrap().container;
        assert_eq!(of(&Choice::default()), "app");
        assert_eq!(of(&choice("side")), "side");
        assert_eq!(of(&choice("first")), "first");
        assert_eq!(of(&choice("none")), "app");
    }

    #[test]
    fn a_run_is_told_by_its_container_id() {
        assert_eq!(run_of(&pod(), "app").as_deref(), Some("containerd://1"));
        assert_eq!(run_of(&pod(), "side"), None);
    }
}
