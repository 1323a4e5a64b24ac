//! Sandboxes for tests: everything real but images and containers.

use std::{path::Path, sync::Arc};

use futures::future::BoxFuture;
use podyard_cluster::{
    clock::SystemClock,
    node::{
        images::{Image, ImageError, Images},
        runtime::{Runtime, scripted::Scripted},
    },
};

use super::{Provider, embedded::Embedded, workplace::Workplace};

struct NoImages;

impl Images for NoImages {
    fn local(&self, _: &str) -> Result<Option<Image>, ImageError> {
        Ok(None)
    }
    fn pull(&self, reference: &str) -> BoxFuture<'static, Result<Image, ImageError>> {
        let why = ImageError::NotFound(reference.to_owned());
        Box::pin(async move { Err(why) })
    }
    fn all(&self) -> Vec<Image> {
        Vec::new()
    }
}

/// A provider without images, whose containers do nothing.
pub fn provider() -> Provider {
    let data = tempfile::tempdir().unwrap();
    let place = Workplace::open(data.path()).unwrap();
    let runtime = |_: &Path| -> Arc<dyn Runtime> { Arc::new(Scripted::new(Arc::new(SystemClock))) };
    Provider::Embedded(Embedded::new(Arc::new(NoImages), Arc::new(runtime), place, None))
}
