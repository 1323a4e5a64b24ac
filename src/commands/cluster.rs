//! `podyard cluster`: one embedded cluster alone, for any Kubernetes client.

mod door;
mod identity;

use std::{fs, io::Write as _, path::Path, sync::Arc};

use anyhow::Context as _;
use podyard_cluster::Authority;
use tokio::net::TcpListener;

use self::door::{Door, Shown};
use super::{say, signals};
use crate::{
    config::ClusterTask,
    sandbox::{Order, Progress, Provider, embedded::Embedded},
};

/// How long ending may take.
const SHUTDOWN: std::time::Duration = std::time::Duration::from_secs(15);

/// Serves one cluster until a signal comes.
pub(super) async fn run(task: ClusterTask) -> anyhow::Result<u8> {
    let closing = signals::closing()?;
    let authority = Arc::new(Authority::new()?);
    let embedded = Embedded::on_this_machine(task.data.path(), task.lesson_images.as_deref(), &task.images).await?;
    let embedded = if task.metrics { embedded.with_metrics() } else { embedded };
    let embedded = embedded.with_room(task.room).with_authority(authority.clone()).passing();
    let provider = Provider::Embedded(embedded);
    let lease = provider.provision(Order::new("cluster", Progress::unheard())).await?;
    let listener = TcpListener::bind(task.listen).await.with_context(|| format!("listening on {}", task.listen))?;
    let address = listener.local_addr()?;
    let server = format!("https://{address}");
    write_private(&task.kubeconfig, &identity::kubeconfig(&authority, &server)?)
        .with_context(|| format!("writing the kubeconfig {}", task.kubeconfig.display()))?;
    say(&format!("The cluster is ready at {server} ; export KUBECONFIG={}", shown(&task.kubeconfig)))?;
    for caveat in provider.caveats() {
        tracing::warn!("{caveat}");
    }
    let door = Door::open(listener, authority.server(address.ip())?)?;
    let api = lease.api().layer(axum::middleware::from_fn(door::introduce));
    let api = api.into_make_service_with_connect_info::<Shown>();
    let serve = axum::serve(door, api).with_graceful_shutdown(closing.clone().cancelled_owned());
    let serving = tokio::spawn(serve.into_future());
    closing.cancelled().await;
    let ending = async {
        lease.release().await;
        provider.shutdown().await;
        let _ = serving.await;
    };
    if tokio::time::timeout(SHUTDOWN, ending).await.is_err() {
        tracing::warn!(after = ?SHUTDOWN, "not everything ended in time: the rest is cut off");
    }
    Ok(0)
}

/// An absolute path, so that the line can be pasted anywhere.
fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let new = Path::new(&name);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)
}
