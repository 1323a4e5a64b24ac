//! A cluster in which nothing ever runs: it is asked whether it would take a manifest.

use std::sync::Arc;

use futures::future::BoxFuture;
use podyard_cluster::{
    Cluster, ClusterConfig, StartError,
    clock::SystemClock,
    node::{
        images::{Credential, Image, ImageError, Images},
        runtime::scripted::Scripted,
    },
};

/// A store without images.
pub(super) struct NoImages;

impl Images for NoImages {
    fn local(&self, _: &str) -> Result<Option<Image>, ImageError> {
        Ok(None)
    }
    fn pull(&self, reference: &str, _: Vec<Credential>) -> BoxFuture<'static, Result<Image, ImageError>> {
        let why = ImageError::NotFound(reference.to_owned());
        Box::pin(async move { Err(why) })
    }
    fn all(&self) -> Vec<Image> {
        Vec::new()
    }
}

/// Starts one; it needs no folder and no privileges.
///
/// # Errors
/// Never in fact: its configuration is ours.
pub async fn cluster() -> Result<Cluster, StartError> {
    let runtime = Arc::new(Scripted::new(Arc::new(SystemClock)));
    Cluster::start(ClusterConfig::new(Arc::new(NoImages), runtime)).await
}
