//! `cp`: files to and from containers, through the container's own `tar`.

use std::io::Read;

use super::{pod, run::pod_path};
use crate::{
    args::Matches,
    channels::{self, Captured, Wanted},
    failure::{Failure, Outcome},
    session::Session,
};

/// At most this much is copied at once: 256 MiB.
const MOST: usize = 256 << 20;

/// `[[namespace/]pod:]path`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    namespace: Option<String>,
    pod: Option<String>,
    path: String,
}

/// Runs `cp`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let [from, to] = matches.args.as_slice() else { return Err(Failure::said("source and destination are required")) };
    let (from, to) = (place(from)?, place(to)?);
    match (&from.pod, &to.pod) {
        (Some(_), Some(_)) => Err(Failure::said("one of src or dest must be a local file specification")),
        (None, Some(_)) => upload(session, matches, &from, &to).await,
        (Some(_), None) => download(session, matches, &from, &to).await,
        (None, None) => Err(Failure::said("one of src or dest must be a remote file specification")),
    }
}

fn place(text: &str) -> Outcome<Place> {
    let Some((pod, path)) = text.split_once(':') else {
        return Ok(Place { namespace: None, pod: None, path: text.to_owned() });
    };
    let words: Vec<&str> = pod.split('/').collect();
    let (namespace, pod) = match words.as_slice() {
        [pod] => (None, *pod),
        [namespace, pod] => (Some((*namespace).to_owned()), *pod),
        _ => (None, ""),
    };
    if pod.is_empty() || path.is_empty() {
        return Err(Failure::said("filespec must match the canonical format: [[namespace/]pod:]file/path"));
    }
    Ok(Place { namespace, pod: Some(pod.to_owned()), path: path.to_owned() })
}

/// Runs a command in the Pod of a place.
async fn exec(
    session: &Session,
    matches: &Matches,
    place: &Place,
    command: &[&str],
    input: Option<&[u8]>,
) -> Outcome<Captured> {
    let namespace = place.namespace.as_deref().unwrap_or(&session.namespace);
    let name = place.pod.as_deref().unwrap_or_default();
    let path = format!("/api/v1/namespaces/{namespace}/pods/{}", crate::server::encode(name));
    let found = session.server.get(&path, crate::server::JSON).await?;
    let (container, note) = pod::choose(&found, matches.text("container"))?;
    if let Some(note) = note {
        // What comes out of a container while it is copied from goes to standard output, kubectl's own words with it.
        if input.is_some() {
            session.err(&note).await?
        } else if command[0] == "tar" {
            session.out(&note).await?
        }
    }
    let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    let wanted = Wanted { stdin: input.is_some(), tty: false };
    channels::capture(session, &format!("{}/exec{}", pod_path(&found), wanted.query(&container, &command)), input, MOST)
        .await
}

async fn upload(session: &Session, matches: &Matches, from: &Place, to: &Place) -> Outcome {
    let source = from.path.trim_end_matches('/');
    let mut files = Vec::new();
    if !collect(session, source, "", &mut files).await? {
        return Err(Failure::Said(format!("{} doesn't exist in local filesystem", from.path)));
    }
    let mut target = to.path.trim_end_matches('/').to_owned();
    if target.is_empty() || exec(session, matches, to, &["test", "-d", &target], None).await?.code == 0 {
        target = format!("{target}/{}", source.rsplit('/').next().unwrap_or(source));
    }
    let (folder, base) = target.rsplit_once('/').unwrap_or((".", &target));
    let archive = pack(base, &files).map_err(|error| Failure::Said(error.to_string()))?;
    let folder = if folder.is_empty() { "/" } else { folder };
    let done = exec(session, matches, to, &["tar", "-xmf", "-", "-C", folder], Some(&archive)).await?;
    session.err_bytes(&done.stderr).await?;
    if done.code == 0 { Ok(()) } else { Err(Failure::Remote(done.code)) }
}

/// A local file beneath what is copied: its path there, and its content.
type Local = (String, Vec<u8>);

async fn collect(session: &Session, root: &str, below: &str, files: &mut Vec<Local>) -> Outcome<bool> {
    let mut open = vec![below.to_owned()];
    let mut found = false;
    while let Some(below) = open.pop() {
        let path = if below.is_empty() { root.to_owned() } else { format!("{root}/{below}") };
        if let Ok(names) = session.files.list(&path).await {
            found = true;
            open.extend(
                names.into_iter().rev().map(|name| if below.is_empty() { name } else { format!("{below}/{name}") }),
            );
        } else if let Ok(content) = session.files.read(&path).await {
            found = true;
            files.push((below, content));
        }
    }
    Ok(found)
}

fn pack(base: &str, files: &[Local]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (below, content) in files {
        let name = if below.is_empty() { base.to_owned() } else { format!("{base}/{below}") };
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content.as_slice())?;
    }
    archive.into_inner()
}

async fn download(session: &Session, matches: &Matches, from: &Place, to: &Place) -> Outcome {
    let got = exec(session, matches, from, &["tar", "cf", "-", &from.path], None).await?;
    session.out_bytes(&got.stderr).await?;
    // What could not be found there has been said by tar; for kubectl it is no failure.
    if got.code != 0 {
        return Ok(());
    }
    let root = from.path.trim_matches('/').to_owned();
    let into_folder = session.files.list(&to.path).await.is_ok();
    let files = unpack(&got.stdout).map_err(|error| Failure::Said(error.to_string()))?;
    for (name, content) in files {
        let Some(below) = name.trim_start_matches('/').strip_prefix(&root) else { continue };
        let below = below.trim_start_matches('/');
        // A name that leads out of the target is not written.
        if below.split('/').any(|part| part == "..") {
            session.err(&format!("warning: file {name:?} is outside target destination, skipping\n")).await?;
            continue;
        }
        let base = if into_folder {
            format!("{}/{}", to.path.trim_end_matches('/'), root.rsplit('/').next().unwrap_or_default())
        } else {
            to.path.clone()
        };
        let target = if below.is_empty() { base } else { format!("{base}/{below}") };
        session.files.write(&target, &content).await?;
    }
    Ok(())
}

/// The plain files of an archive.
fn unpack(bytes: &[u8]) -> std::io::Result<Vec<Local>> {
    let mut files = Vec::new();
    for entry in tar::Archive::new(bytes).entries()? {
        let mut entry = entry?;
        if entry.header().entry_type().is_file() {
            let mut content = Vec::new();
            let name = entry.path()?.to_string_lossy().into_owned();
            entry.read_to_end(&mut content)?;
            files.push((name, content));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert_eq!(place("a.txt").unwrap().pod, None);
        assert_eq!(
            place("ns/web:/tmp/x").unwrap(),
            Place { namespace: Some("ns".into()), pod: Some("web".into()), path: "/tmp/x".into() }
        );
        assert!(place("web:").is_err());
    }

    #[test]
    fn archives_come_back() {
        let files = vec![("a".to_owned(), b"one".to_vec()), ("d/b".to_owned(), b"two".to_vec())];
        let named: Vec<Local> = files.iter().map(|(name, content)| (format!("base/{name}"), content.clone())).collect();
        assert_eq!(unpack(&pack("base", &files).unwrap()).unwrap(), named);
    }
}
