//! From kubectl's flags and kubeconfig files to a client.

use std::path::{Path, PathBuf};

use kube::config::{KubeConfigOptions, Kubeconfig};

use super::kubeconfig::KubeconfigFiles;
use crate::config::KubectlTask;

/// What kubectl asks when no kubeconfig names a server.
const NOWHERE: &str = "http://localhost:8080";

/// The flags that say which server, as whom. The engine reads all others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub kubeconfig: Option<String>,
    pub context: Option<String>,
    pub cluster: Option<String>,
    pub user: Option<String>,
    pub server: Option<String>,
}

pub(super) struct Connection {
    pub client: kube::Client,
    pub namespace: String,
    pub kubeconfig: KubeconfigFiles,
}

impl Wanted {
    /// Picks them out of kubectl's arguments; what follows `--` is not kubectl's.
    pub fn read(all: &[String]) -> Self {
        let mut wanted = Self::default();
        let mut args = all.iter().take_while(|a| *a != "--");
        while let Some(arg) = args.next() {
            let (flag, value) = match arg.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (arg.as_str(), None),
            };
            let field = match flag {
                "--kubeconfig" => &mut wanted.kubeconfig,
                "--context" => &mut wanted.context,
                "--cluster" => &mut wanted.cluster,
                "--user" => &mut wanted.user,
                "--server" | "-s" => &mut wanted.server,
                _ => continue,
            };
            *field = value.or_else(|| args.next().cloned()).filter(|value| !value.is_empty());
        }
        if names_its_own(all) {
            (wanted.user, wanted.cluster) = (None, None);
        }
        wanted
    }
}

/// Whether `--user` and `--cluster` are what the command is about rather than who asks.
fn names_its_own(args: &[String]) -> bool {
    let said = |word: &str| args.iter().any(|arg| arg == word);
    let binding = said("rolebinding") || said("clusterrolebinding");
    said("set") && said("subject") || said("create") && binding || said("config") && said("set-context")
}

/// Connects as kubectl would. The error is the line that it prints.
pub(super) async fn connect(wanted: &Wanted, task: &KubectlTask) -> Result<Connection, String> {
    let kubeconfig = load(wanted, task).map_err(|why| format!("error: {why}"))?;
    if let Some(kubeconfig) = &kubeconfig {
        checked(kubeconfig, wanted)?;
    }
    reach(kubeconfig, wanted, task).await.map_err(|why| format!("error: {why}"))
}

async fn reach(kubeconfig: Option<Kubeconfig>, wanted: &Wanted, task: &KubectlTask) -> Result<Connection, String> {
    let mut config = match kubeconfig {
        Some(kubeconfig) if kubeconfig.current_context.is_some() || wanted.context.is_some() => {
            let options = KubeConfigOptions {
                context: wanted.context.clone(),
                cluster: wanted.cluster.clone(),
                user: wanted.user.clone(),
            };
            kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|e| e.to_string())?
        }
        _ => kube::Config::new(uri(NOWHERE)?),
    };
    if let Some(server) = &wanted.server {
        config.cluster_url = uri(server)?;
    }
    let namespace = config.default_namespace.clone();
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let kubeconfig = KubeconfigFiles { server, files: files(wanted, task) };
    let client = kube::Client::try_from(config).map_err(|e| e.to_string())?;
    Ok(Connection { client, namespace, kubeconfig })
}

/// No server at all, for commands that only read and change the kubeconfig.
pub(super) fn nowhere(wanted: &Wanted, task: &KubectlTask) -> Result<Connection, String> {
    let config = kube::Config::new(uri(NOWHERE)?);
    let kubeconfig = KubeconfigFiles { server: NOWHERE.to_owned(), files: files(wanted, task) };
    Ok(Connection {
        client: kube::Client::try_from(config).map_err(|e| e.to_string())?,
        namespace: "default".to_owned(),
        kubeconfig,
    })
}

fn uri(text: &str) -> Result<http::Uri, String> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    whole.parse().map_err(|e| format!("{text}: {e}"))
}

/// Context and what it and the flags name must be there; kubectl's words.
fn checked(kubeconfig: &Kubeconfig, wanted: &Wanted) -> Result<(), String> {
    let name = wanted.context.as_ref().or(kubeconfig.current_context.as_ref());
    if let Some(name) = name
        && !kubeconfig.contexts.iter().any(|context| context.name == *name)
    {
        return Err(format!("Error in configuration: context was not found for specified context: {name}"));
    }
    if let Some(cluster) = &wanted.cluster
        && wanted.server.is_none()
        && !kubeconfig.clusters.iter().any(|known| known.name == *cluster)
    {
        return Err(format!("error: no server found for cluster {cluster:?}"));
    }
    if let Some(user) = &wanted.user
        && !kubeconfig.auth_infos.iter().any(|known| known.name == *user)
    {
        return Err(format!("error: auth info {user:?} does not exist"));
    }
    Ok(())
}

/// `--kubeconfig`, else the files of `$KUBECONFIG`, else `~/.kube/config`. Only a file that was named by the flag must
/// exist.
fn load(wanted: &Wanted, task: &KubectlTask) -> Result<Option<Kubeconfig>, String> {
    if let Some(path) = &wanted.kubeconfig {
        if !Path::new(path).exists() {
            return Err(format!("stat {path}: no such file or directory"));
        }
        return read(Path::new(path)).map(Some);
    }
    let mut merged: Option<Kubeconfig> = None;
    for path in files(wanted, task).iter().filter(|path| path.exists()) {
        let next = read(path)?;
        merged = Some(match merged {
            Some(before) => before.merge(next).map_err(|e| e.to_string())?,
            None => next,
        });
    }
    Ok(merged)
}

fn files(wanted: &Wanted, task: &KubectlTask) -> Vec<PathBuf> {
    if let Some(path) = &wanted.kubeconfig {
        return vec![path.into()];
    }
    let listed = task.kubeconfig.as_deref().filter(|list| !list.is_empty());
    match listed {
        Some(list) => std::env::split_paths(list).collect(),
        None => task.home.iter().map(|home| home.join(".kube/config")).collect(),
    }
}

fn read(path: &Path) -> Result<Kubeconfig, String> {
    Kubeconfig::read_from(path).map_err(|e| format!("error loading config file \"{}\": {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(line: &str) -> Wanted {
        Wanted::read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn flags_are_found_anywhere_before_the_dashes() {
        let found = wanted("get pods --kubeconfig=/k --context c -s http://x -- --user ada");
        let expected = Wanted {
            kubeconfig: Some("/k".into()),
            context: Some("c".into()),
            server: Some("http://x".into()),
            ..Wanted::default()
        };
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_as_kubectl_says_it() {
        let task = KubectlTask { args: Vec::new(), kubeconfig: None, home: None, editor: None };
        let task = &task;
        let said = |wanted: Wanted| async move { connect(&wanted, task).await.err().unwrap() };
        let missing = Wanted { kubeconfig: Some("/no/such".into()), ..Wanted::default() };
        assert_eq!(said(missing).await, "error: stat /no/such: no such file or directory");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n").unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let other = Wanted { kubeconfig: Some(path), context: Some("other".into()), ..Wanted::default() };
        let expected = "Error in configuration: context was not found for specified context: other";
        assert_eq!(said(other).await, expected);
    }

    #[test]
    fn the_user_of_a_binding_is_not_who_asks() {
        let user = |line: &str| Wanted::read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()).user;
        assert_eq!(user("set subject rolebinding readers --user=bob"), None);
        assert_eq!(user("get pods --user bob").as_deref(), Some("bob"));
    }
}
