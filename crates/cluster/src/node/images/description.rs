//! `content/images/<name>/image.yaml`: an image in a few lines, built by us without any other tool.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{layer::Entry, manifest::Execution};

/// An image as its file describes it. The directory's name is the image's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Description {
    /// Its tags; without any, `latest`.
    pub tags: Vec<String>,
    /// In no registry: it is on the node from the start, and can't be pulled.
    pub local: bool,
    /// The image it is built upon: `busybox`, the only one there is.
    pub base: String,
    /// What is added to it.
    pub files: Vec<FileLine>,
    /// ENTRYPOINT.
    pub entrypoint: Vec<String>,
    /// CMD.
    pub command: Vec<String>,
    /// ENV.
    pub env: BTreeMap<String, String>,
    /// EXPOSE; TCP.
    pub ports: Vec<u16>,
    /// WORKDIR.
    pub working_dir: String,
}

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FileLine {
    /// Where it is in the image.
    pub path: String,
    /// The file beside `image.yaml` that it is a copy of.
    pub from: String,
    /// Whether it is a program.
    #[serde(default)]
    pub executable: bool,
}

/// What is wrong with a description.
#[derive(Debug, thiserror::Error)]
pub enum DescriptionError {
    /// A file can't be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not a description.
    #[error("{path}: {why}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and what is wrong.
        why: String,
    },
}

impl Description {
    /// Reads `directory/image.yaml`.
    pub(super) fn read(directory: &Path) -> Result<Self, DescriptionError> {
        let path = directory.join("image.yaml");
        let text = fs::read_to_string(&path).map_err(|source| DescriptionError::Read { path: path.clone(), source })?;
        let description: Self = serde_yaml::from_str(&text)
            .map_err(|error| DescriptionError::Parse { path: path.clone(), why: error.to_string() })?;
        if description.base != "busybox" {
            return Err(DescriptionError::Parse { path, why: "base: must be busybox".to_owned() });
        }
        Ok(description)
    }

    /// Its tags.
    pub(super) fn tags(&self) -> Vec<String> {
        if self.tags.is_empty() { vec!["latest".to_owned()] } else { self.tags.clone() }
    }

    /// Its layer upon the base, with the directories that its files need.
    pub(super) fn entries(&self, directory: &Path) -> Result<Vec<Entry>, DescriptionError> {
        let mut entries = Vec::new();
        for file in &self.files {
            for parent in Path::new(&file.path).ancestors().skip(1).filter(|parent| parent.parent().is_some()) {
                let made = Entry::Directory { path: parent.display().to_string(), mode: 0o755 };
                if !entries.contains(&made) {
                    entries.push(made);
                }
            }
            let path = directory.join(&file.from);
            let content = fs::read(&path).map_err(|source| DescriptionError::Read { path, source })?;
            let mode = if file.executable { 0o755 } else { 0o644 };
            entries.push(Entry::File { path: file.path.clone(), mode, content });
        }
        // A directory comes before what is in it.
        entries.sort_by(|a, b| path_of(a).cmp(path_of(b)));
        Ok(entries)
    }

    /// What it runs.
    pub(super) fn execution(&self) -> Execution {
        Execution {
            entrypoint: self.entrypoint.clone(),
            cmd: self.command.clone(),
            env: self.env.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            exposed_ports: self.ports.iter().map(|port| (format!("{port}/tcp"), serde_json::json!({}))).collect(),
            working_dir: self.working_dir.clone(),
            ..Execution::default()
        }
    }
}

fn path_of(entry: &Entry) -> &str {
    match entry {
        Entry::Directory { path, .. } | Entry::File { path, .. } | Entry::Link { path, .. } => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_with_their_directories_and_after_them() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("page"), "hello").unwrap();
        fs::write(
            directory.path().join("image.yaml"),
            "base: busybox\nports: [80]\nenv: {A: b}\nfiles:\n- {path: /srv/www/index.html, from: page}\n",
        )
        .unwrap();
        let description = Description::read(directory.path()).unwrap();
        let paths: Vec<_> =
            description.entries(directory.path()).unwrap().iter().map(|e| path_of(e).to_owned()).collect();
        assert_eq!(paths, ["/srv", "/srv/www", "/srv/www/index.html"]);
        assert_eq!(description.execution().env, ["A=b"]);
        assert!(description.execution().exposed_ports.contains_key("80/tcp"));
        assert_eq!(description.tags(), ["latest"]);
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("image.yaml"), "base: busybox\ncomand: [x]\n").unwrap();
        let error = Description::read(directory.path()).unwrap_err().to_string();
        assert!(error.contains("image.yaml: unknown field `comand`"), "{error}");
    }
}
