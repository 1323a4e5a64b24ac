//! What there must be for kind clusters, looked at before the first one is made.

use std::path::PathBuf;

use podyard_cluster::node::runtime::linux::Finding;

use super::{host::Host, programs::Programs};
use crate::config::KindSettings;

/// The oldest kind whose commands and words are known here.
const OLDEST: (u32, u32) = (0, 20);

/// What was found.
#[derive(Debug)]
pub(super) struct Checked {
    /// One each for the programs and the machine.
    pub findings: Vec<Finding>,
    /// Without what no cluster can be made: a sentence that says what to do.
    pub fatal: Option<String>,
    /// Where the engine keeps its files, if that is on this machine.
    pub engine_files: Option<PathBuf>,
    /// How many clusters the machine carries.
    pub carries: usize,
}

/// Looks at everything.
pub(super) async fn check(settings: &KindSettings) -> Checked {
    let programs = Programs::new(settings);
    let kind = match programs.version().await {
        Ok(said) => version(&said),
        Err(failure) => {
            Err(format!("{failure}: install kind (https://kind.sigs.k8s.io), or name it by --kind-program"))
        }
    };
    let engine = &settings.engine;
    let info = programs.engine_info().await;
    let engine_files = info
        .as_ref()
        .ok()
        .and_then(|info| info["DockerRootDir"].as_str())
        .map(PathBuf::from)
        .filter(|path| path.exists());
    let engine_says = match info {
        Ok(info) => Ok(format!("{engine} {}", info["ServerVersion"].as_str().unwrap_or("answers"))),
        Err(failure) => Err(format!(
            "{failure} ({engine} must run, and this user must be allowed to use it; --kind-engine names another)"
        )),
    };
    let host = Host::look(engine_files.as_deref());
    let carries = host.carries();
    let room = host.shortage().map_or_else(|| Ok(format!("about {carries} clusters at once")), Err);
    let fatal = kind.as_ref().err().or(engine_says.as_ref().err()).cloned();
    let mut findings =
        vec![finding("kind", kind), finding("kind's engine", engine_says), finding("room for kind", room)];
    if fatal.is_none() {
        findings.extend(node_image(&programs, settings).await);
    }
    Checked { findings, fatal, engine_files, carries }
}

/// How many nodes each cluster has, by kind's own configuration file.
pub fn nodes(settings: &KindSettings) -> usize {
    let text = settings.config.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
    text.map_or(1, |text| nodes_in(&text))
}

fn nodes_in(configuration: &str) -> usize {
    let read: serde_yaml::Value = serde_yaml::from_str(configuration).unwrap_or_default();
    read.get("nodes").and_then(serde_yaml::Value::as_sequence).map_or(1, |nodes| nodes.len().max(1))
}

/// An image that is not there is fetched by kind with the first cluster, if there is a network.
async fn node_image(programs: &Programs, settings: &KindSettings) -> Option<Finding> {
    let image = settings.image.as_ref()?;
    let words = if programs.has_image(image).await {
        Ok(format!("{image} is on this machine"))
    } else {
        Err(format!(
            "{image} is not on this machine: kind fetches it with the first cluster, or fails without a network"
        ))
    };
    Some(finding("kind's node image", words))
}

fn finding(about: &'static str, words: Result<String, String>) -> Finding {
    let works = words.is_ok();
    Finding { about, works, words: words.unwrap_or_else(|why| why) }
}

/// `kind v0.33.0 go1.27.2 linux/amd64`, if it is new enough.
fn version(said: &str) -> Result<String, String> {
    let numbers = said.split_whitespace().filter_map(|word| word.strip_prefix('v'));
    let number = numbers.into_iter().find(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(said);
    let mut parts = number.split('.').map_while(|part| part.parse::<u32>().ok());
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if (major, minor) < OLDEST => {
            let (major, minor) = OLDEST;
            Err(format!("kind {number} is too old: {major}.{minor} or newer is needed"))
        }
        _ => Ok(format!("kind {number}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{nodes_in, version};

    #[test]
    fn nodes_are_counted_as_kind_does() {
        let three = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n- role: worker\n- role: worker\n";
        assert_eq!(
            [nodes_in(three), nodes_in("kind: Cluster\n"), nodes_in("nodes: ["), nodes_in("nodes: []")],
            [3, 1, 1, 1]
        );
    }

    #[test]
    fn a_kind_that_is_too_old_is_told() {
        assert_eq!(version("kind v0.33.0 go1.27.2 linux/amd64"), Ok("kind 0.33.0".to_owned()));
        assert_eq!(version("kind v0.11.1 go1.16"), Err("kind 0.11.1 is too old: 0.20 or newer is needed".to_owned()));
        assert_eq!(version("something new"), Ok("kind something new".to_owned()), "what can't be read is let pass");
    }
}
