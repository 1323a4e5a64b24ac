//! Images: references, what an image says about itself, and the store that all sandboxes of a server share.

mod credential;
mod description;
mod layer;
mod manifest;
mod reference;
mod registry;
mod seed;
mod store;

use std::{any::Any, collections::BTreeMap, fmt, path::PathBuf};

use futures::future::BoxFuture;

pub use self::{
    credential::Credential,
    reference::Reference,
    registry::Registries,
    store::{ArchiveError, ImageStore, StoreError, Thresholds},
};

/// The machine's own static busybox (Debian: package busybox-static), which the offline images are made of.
pub const BUSYBOX: &str = "/bin/busybox";

/// An image that is on this node, ready to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Digest of its configuration, `sha256:…`: what `imageID` shows for an image that was never pulled.
    pub id: String,
    /// The full name it was asked for under: `docker.io/library/busybox:latest`.
    pub name: String,
    /// `docker.io/library/busybox@sha256:…` for an image that came from a registry (or stands in for one).
    pub repo_digest: Option<String>,
    /// Bytes, compressed, as the registry would transfer them.
    pub size: u64,
    /// Unpacked layers, lowest first; read-only.
    pub layers: Vec<PathBuf>,
    /// What it runs when the manifest does not say.
    pub config: ImageConfig,
}

/// The part of an OCI image configuration that the node uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageConfig {
    /// ENTRYPOINT.
    pub entrypoint: Vec<String>,
    /// CMD.
    pub cmd: Vec<String>,
    /// ENV, as `NAME`, `value`.
    pub env: Vec<(String, String)>,
    /// WORKDIR; empty is `/`.
    pub working_dir: String,
    /// USER: `uid`, `uid:gid` or names; empty is root.
    pub user: String,
    /// LABEL.
    pub labels: BTreeMap<String, String>,
}

/// Why an image can't be had.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ImageError {
    /// The reference can't be parsed; the wording of the reference grammar's own error.
    #[error("couldn't parse image name \"{reference}\": {why}")]
    InvalidName {
        /// As written.
        reference: String,
        /// `invalid reference format` and its kin.
        why: String,
    },
    /// No such image or tag where it was looked for; containerd's text from `rpc error: code = NotFound desc = ` on.
    #[error("{0}")]
    NotFound(String),
    /// The registry did not answer or refused; containerd's text from `rpc error: code = Unknown desc = ` on.
    #[error("{0}")]
    Pull(String),
}

impl ImageError {
    /// What several tries came to, as Go puts errors together: each once.
    pub fn all(mut errors: Vec<Self>) -> Self {
        let mut texts: Vec<String> = Vec::new();
        for text in errors.iter().map(ToString::to_string) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        match errors.pop() {
            Some(last) if texts.len() == 1 => last,
            _ => Self::Pull(format!("[{}]", texts.join(", "))),
        }
    }
}

/// What the node asks of an image store.
pub trait Images: Send + Sync + 'static {
    /// The image if it is on the node already, and everybody may have it.
    fn local(&self, reference: &str) -> Result<Option<Image>, ImageError>;
    /// The image if it is on the node already, and everybody may have it or who has these credentials.
    fn local_for(&self, reference: &str, _credentials: &[Credential]) -> Result<Option<Image>, ImageError> {
        self.local(reference)
    }
    /// Fetches the image, from a registry or from what stands in for one.
    fn pull(&self, reference: &str, credentials: Vec<Credential>) -> BoxFuture<'static, Result<Image, ImageError>>;
    /// Everything that is on the node, for `status.images`.
    fn all(&self) -> Vec<Image>;
    /// What it came to when images were to make room last, if that was too little.
    fn shortage(&self) -> Option<Shortage> {
        None
    }
    /// Keeps an image on the node as long as what is given back; where nothing is ever removed, there is nothing to keep.
    fn hold(&self, _image: &Image) -> InUse {
        InUse::default()
    }
}

/// The disk is too full, and taking images away did not help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// In the kubelet's words.
    pub message: String,
    /// How often that was so, one time after the other.
    pub times: u32,
}

/// Says that an image is used, until it is dropped.
#[derive(Default)]
pub struct InUse(Option<Box<dyn Any + Send + Sync>>);

impl InUse {
    /// As long as this lives.
    pub fn new(held: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(held)))
    }
}

impl fmt::Debug for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InUse").field(&self.0.is_some()).finish()
    }
}
