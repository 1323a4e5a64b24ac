//! `cluster-info dump`: what somebody who looks for a cluster's trouble wants to read.

use serde_json::Value;

use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    output::{
        json,
        printer::{Printer, RESULT_FORMATS},
    },
    server::{JSON, query},
    session::Session,
};

/// What is dumped of each namespace: where it is, and the name of its file.
const PARTS: [(&str, &str); 7] = [
    ("/api/v1", "events"),
    ("/api/v1", "replicationcontrollers"),
    ("/api/v1", "services"),
    ("/apis/apps/v1", "daemonsets"),
    ("/apis/apps/v1", "deployments"),
    ("/apis/apps/v1", "replicasets"),
    ("/api/v1", "pods"),
];

/// Runs `cluster-info dump`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let printer = Printer::of(session, matches, RESULT_FORMATS).await?;
    let Some(printer) = printer.map(|printer| printer.ordered_by(json::API)) else {
        return Err(Failure::Said(format!(
            "unable to match a printer suitable for the output format {:?}, allowed formats are: {RESULT_FORMATS}",
            matches.text("output")
        )));
    };
    let folder = matches.some("output-directory").filter(|folder| *folder != "-");
    let ending = match matches.text("output") {
        "json" => ".json",
        "yaml" => ".yaml",
        _ => ".txt",
    };
    let dump = Dump { session, printer, folder, ending };
    dump.list("/api/v1", None, "nodes").await?;
    for namespace in namespaces(session, matches).await? {
        let mut pods = Value::Null;
        for (root, plural) in PARTS {
            pods = dump.list(root, Some(&namespace), plural).await?;
        }
        for pod in pods["items"].as_array().into_iter().flatten() {
            dump.logs(pod).await?;
        }
    }
    match folder {
        Some(folder) => session.line(format!("Cluster info dumped to {folder}")).await,
        None => Ok(()),
    }
}

async fn namespaces(session: &Session, matches: &Matches) -> Outcome<Vec<String>> {
    if matches.on("all-namespaces") {
        let all = session.server.get("/api/v1/namespaces", JSON).await?;
        let items = all["items"].as_array().into_iter().flatten();
        return Ok(items.map(|namespace| text_at(namespace, "/metadata/name").to_owned()).collect());
    }
    let named = matches.list("namespaces");
    Ok(if named.is_empty() { vec!["kube-system".to_owned(), session.namespace.clone()] } else { named })
}

struct Dump<'a> {
    session: &'a Session,
    printer: Printer,
    folder: Option<&'a str>,
    ending: &'static str,
}

impl Dump<'_> {
    /// Writes a list, and gives it.
    async fn list(&self, root: &str, namespace: Option<&str>, plural: &str) -> Outcome<Value> {
        let path = namespace.map(|namespace| format!("/namespaces/{namespace}")).unwrap_or_default();
        let list = self.session.server.get(&format!("{root}{path}/{plural}"), JSON).await?;
        let folder = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let text = self.printer.clone().print(&list)?;
        self.write(&format!("{folder}{}{}", file(plural), self.ending), text.as_bytes()).await?;
        Ok(list)
    }

    async fn logs(&self, pod: &Value) -> Outcome {
        let (namespace, name) = (text_at(pod, "/metadata/namespace"), text_at(pod, "/metadata/name"));
        let mut text = Vec::new();
        for containers in ["initContainers", "containers"] {
            for container in pod["spec"][containers].as_array().into_iter().flatten() {
                let container = text_at(container, "/name");
                let of = format!("logs for container {container} of pod {namespace}/{name} ====\n");
                text.extend_from_slice(format!("==== START {of}").as_bytes());
                let which = query(&[("container", container.to_owned())]);
                match self.session.server.text(&format!("/api/v1/namespaces/{namespace}/pods/{name}/log{which}")).await
                {
                    Ok(log) => text.extend_from_slice(&log),
                    Err(why) => text.extend_from_slice(format!("Request log error: {}\n", why.message()).as_bytes()),
                }
                text.extend_from_slice(format!("==== END {of}").as_bytes());
                if self.folder.is_none() {
                    self.session.out_bytes(&std::mem::take(&mut text)).await?;
                }
            }
        }
        self.write(&format!("{namespace}/{name}/logs.txt"), &text).await
    }

    async fn write(&self, name: &str, bytes: &[u8]) -> Outcome {
        match self.folder {
            Some(folder) => Ok(self.session.files.write(&format!("{folder}/{name}"), bytes).await?),
            None => self.session.out_bytes(bytes).await,
        }
    }
}

/// What kubectl calls the file of a list.
fn file(plural: &str) -> &str {
    if plural == "replicationcontrollers" { "replication-controllers" } else { plural }
}
