//! Which images an archive holds, and of what they are made.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Wrong,
    contents::{Contents, blob},
};
use crate::node::images::{
    Reference,
    manifest::{Config, architecture},
};

/// The annotation in which containerd and buildx keep an image's full name.
const FULL_NAME: &str = "io.containerd.image.name";
/// The annotation of the OCI image layout for a name (annotations.md); most programs write the tag alone.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// An image with its names.
#[derive(Debug)]
pub(super) struct Named {
    /// At least one.
    pub names: Vec<Reference>,
    pub config: Configuration,
    /// Lowest first.
    pub layers: Vec<LayerFile>,
    /// What its names lead to, in an OCI image layout.
    pub digest: Option<String>,
}

/// A configuration as it came, and as it is read.
#[derive(Debug)]
pub(super) struct Configuration {
    pub text: String,
    pub parsed: Config,
}

/// Where a layer is.
#[derive(Debug)]
pub(super) struct LayerFile {
    /// In the archive.
    pub file: String,
    digest: Option<String>,
}

impl LayerFile {
    /// As people are told of it.
    pub(super) fn shown(&self) -> String {
        self.digest.as_ref().map_or_else(|| self.file.clone(), |digest| format!("blob {digest}"))
    }
}

/// One image of `docker save`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Vec<String>,
}

/// A reference to a document (OCI image-spec, descriptor.md).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    digest: String,
    #[serde(default)]
    platform: Option<Platform>,
    #[serde(default)]
    annotations: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct Platform {
    os: String,
    architecture: String,
}

/// An index or a manifest: one has `manifests`, the other `config` and `layers`.
#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default)]
    manifests: Vec<Descriptor>,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

/// The images of an archive; `stem` names one that has no repository of its own.
pub(super) fn named(contents: &Contents, stem: &str) -> Result<Vec<Named>, Wrong> {
    if let Some(text) = contents.text("manifest.json")? {
        let saved: Vec<Saved> = parse("manifest.json", &text)?;
        let named = saved.iter().filter(|saved| saved.repo_tags.as_ref().is_some_and(|tags| !tags.is_empty()));
        return named.map(|saved| of_saved(contents, saved)).collect();
    }
    let Some(text) = contents.text("index.json")? else { return Err(Wrong::NoIndex) };
    let index: Document = parse("index.json", &text)?;
    let mut by_name: Vec<(Reference, Vec<Descriptor>)> = Vec::new();
    for descriptor in index.manifests.into_iter().filter(|descriptor| !is_attestation(descriptor)) {
        let name = name_of(&descriptor, stem)?;
        match by_name.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.push(descriptor),
            None => by_name.push((name, vec![descriptor])),
        }
    }
    by_name.into_iter().map(|(name, all)| of_layout(contents, name, all)).collect()
}

fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Wrong> {
    serde_json::from_str(text).map_err(|why| Wrong::Json { file: file.to_owned(), why })
}

fn reference(text: &str) -> Result<Reference, Wrong> {
    Reference::parse(text).map_err(|error| Wrong::Name(error.to_string()))
}

fn of_saved(contents: &Contents, saved: &Saved) -> Result<Named, Wrong> {
    let names: Vec<Reference> =
        saved.repo_tags.iter().flatten().map(|name| reference(name)).collect::<Result<_, _>>()?;
    let image = names.first().map(ToString::to_string).unwrap_or_default();
    let missing = || Wrong::Missing { image: image.clone(), file: saved.config.clone() };
    let text = contents.text(&saved.config)?.ok_or_else(missing)?;
    let config = configuration(&image, &saved.config, text)?;
    let layers = saved.layers.iter().map(|file| LayerFile { file: file.clone(), digest: None }).collect();
    Ok(Named { names, config, layers, digest: None })
}

/// What builders add to an image to say how it was made.
fn is_attestation(descriptor: &Descriptor) -> bool {
    let kind = descriptor.annotations.as_ref().map(|annotations| &annotations["vnd.docker.reference.type"]);
    kind.is_some_and(|kind| kind == "attestation-manifest")
}

fn name_of(descriptor: &Descriptor, stem: &str) -> Result<Reference, Wrong> {
    let annotation = |name: &str| descriptor.annotations.as_ref()?[name].as_str().map(str::to_owned);
    match (annotation(FULL_NAME), annotation(REF_NAME)) {
        (Some(full), _) => reference(&full),
        (None, Some(name)) if name.contains(['/', ':']) => reference(&name),
        (None, Some(tag)) => reference(&format!("{stem}:{tag}")),
        (None, None) => reference(stem),
    }
}

/// The image of a name, for this machine.
fn of_layout(contents: &Contents, name: Reference, all: Vec<Descriptor>) -> Result<Named, Wrong> {
    let image = name.to_string();
    let chosen = choose(&image, all)?;
    let mut document: Document = parse(&blob(&chosen.digest), &contents.document(&chosen.digest, &image)?)?;
    // A list of manifests, one for each platform.
    if document.config.is_none() {
        let manifests = document.manifests.into_iter().filter(|descriptor| !is_attestation(descriptor)).collect();
        let inner = choose(&image, manifests)?.digest;
        document = parse(&blob(&inner), &contents.document(&inner, &image)?)?;
    }
    let file = blob(&chosen.digest);
    let config = document
        .config
        .ok_or_else(|| Wrong::Missing { image: image.clone(), file: format!("a manifest in {file}") })?;
    let config = configuration(&image, &blob(&config.digest), contents.document(&config.digest, &image)?)?;
    let layer = |layer: Descriptor| LayerFile { file: blob(&layer.digest), digest: Some(layer.digest) };
    let layers = document.layers.into_iter().map(layer).collect();
    Ok(Named { names: vec![name], config, layers, digest: Some(chosen.digest) })
}

fn wanted() -> String {
    format!("linux/{}", architecture())
}

/// The manifest for this machine.
fn choose(image: &str, all: Vec<Descriptor>) -> Result<Descriptor, Wrong> {
    let shown = |platform: &Platform| format!("{}/{}", platform.os, platform.architecture);
    let fits =
        |descriptor: &&Descriptor| descriptor.platform.as_ref().is_none_or(|platform| shown(platform) == wanted());
    if let Some(fitting) = all.iter().find(fits) {
        return Ok(fitting.clone());
    }
    let found: Vec<String> = all.iter().filter_map(|descriptor| descriptor.platform.as_ref().map(shown)).collect();
    let found = if found.is_empty() { "no platform".to_owned() } else { found.join(" and ") };
    Err(Wrong::Platform { image: image.to_owned(), found, wanted: wanted() })
}

fn configuration(image: &str, file: &str, text: String) -> Result<Configuration, Wrong> {
    let parsed: Config = parse(file, &text)?;
    if parsed.platform() == wanted() {
        Ok(Configuration { text, parsed })
    } else {
        Err(Wrong::Platform { image: image.to_owned(), found: parsed.platform(), wanted: wanted() })
    }
}
