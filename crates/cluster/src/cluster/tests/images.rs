//! An image store that has every image already, all of them empty.

use futures::{FutureExt, future::BoxFuture};

use crate::node::images::{Credential, Image, ImageConfig, ImageError, Images};

pub(super) struct AnyImage;

fn image(reference: &str) -> Image {
    let digest = format!("sha256:{:064}", reference.len());
    Image {
        id: digest.clone(),
        name: format!("docker.io/library/{reference}"),
        repo_digest: Some(format!("docker.io/library/{reference}@{digest}")),
        size: 1,
        layers: Vec::new(),
        config: ImageConfig { cmd: vec!["sh".into()], ..ImageConfig::default() },
    }
}

impl Images for AnyImage {
    fn local(&self, reference: &str) -> Result<Option<Image>, ImageError> {
        Ok(Some(image(reference)))
    }

    fn pull(&self, reference: &str, _: Vec<Credential>) -> BoxFuture<'static, Result<Image, ImageError>> {
        futures::future::ready(Ok(image(reference))).boxed()
    }

    fn all(&self) -> Vec<Image> {
        Vec::new()
    }
}
