//! No images: nothing here runs.

use futures::{FutureExt, future::BoxFuture};
use podyard_cluster::node::images::{Credential, Image, ImageError, Images};

/// An image store without any.
pub struct NoImages;

impl Images for NoImages {
    fn local(&self, _reference: &str) -> Result<Option<Image>, ImageError> {
        Ok(None)
    }

    fn pull(&self, _reference: &str, _: Vec<Credential>) -> BoxFuture<'static, Result<Image, ImageError>> {
        futures::future::pending().boxed()
    }

    fn all(&self) -> Vec<Image> {
        Vec::new()
    }
}
