//! Images: references, what an image says about itself, and the store that all sandboxes of a server share.

mod description;
mod layer;
mod manifest;
mod reference;
mod registry;
mod seed;
mod store;

use std::{collections::BTreeMap, path::PathBuf};

use futures::future::BoxFuture;

pub use self::{
    reference::Reference,
    registry::Credential,
    store::{ImageStore, StoreError},
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

/// What the node asks of an image store.
pub trait Images: Send + Sync + 'static {
    /// The image if it is on the node already.
    fn local(&self, reference: &str) -> Result<Option<Image>, ImageError>;
    /// Fetches the image, from a registry or from what stands in for one.
    fn pull(&self, reference: &str, credentials: Vec<Credential>) -> BoxFuture<'static, Result<Image, ImageError>>;
    /// Everything that is on the node, for `status.images`.
    fn all(&self) -> Vec<Image>;
}
