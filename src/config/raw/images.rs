//! The flags of the image store.

use std::path::PathBuf;

use clap::Args;

use super::{Checker, kind::bytes};
use crate::config::ImageSettings;

#[derive(Debug, Args)]
#[command(next_help_heading = "Images of embedded sandboxes")]
pub(super) struct ImageArgs {
    /// An archive of images to load (docker save, OCI image layout; also packed), or a folder of them; kind loads them into
    /// every cluster; may be said again
    #[arg(long = "images", env = "PODYARD_IMAGES", value_name = "PATH", value_delimiter = ',')]
    archives: Vec<String>,
    /// A registry that is asked besides the well-known public ones; may be said again
    #[arg(long = "registry", env = "PODYARD_REGISTRY", value_name = "HOST[:PORT]", value_delimiter = ',')]
    registries: Vec<String>,
    /// A registry that is asked without TLS; may be said again
    #[arg(long, env = "PODYARD_INSECURE_REGISTRY", value_name = "HOST[:PORT]", value_delimiter = ',')]
    insecure_registry: Vec<String>,
    /// How much of the disk may be used, in percent, before unused images are removed
    #[arg(long, env = "PODYARD_IMAGE_GC_HIGH_THRESHOLD", default_value = "85", value_name = "PERCENT")]
    image_gc_high_threshold: String,
    /// How much of the disk may stay used, in percent, when unused images are removed
    #[arg(long, env = "PODYARD_IMAGE_GC_LOW_THRESHOLD", default_value = "80", value_name = "PERCENT")]
    image_gc_low_threshold: String,
    /// What both are parts of, if images are to have less than the disk: 20GiB
    #[arg(long, env = "PODYARD_IMAGE_STORE_SIZE", value_name = "SIZE")]
    image_store_size: Option<String>,
}

pub(super) fn check(args: ImageArgs, check: &mut Checker) -> Option<ImageSettings> {
    let given = |values: Vec<String>| values.into_iter().filter(|value| !value.is_empty());
    let archives: Option<Vec<PathBuf>> =
        given(args.archives).map(|path| check.take("--images", &path, archive(&path))).collect();
    let registries: Option<Vec<String>> =
        given(args.registries).map(|host| check.take("--registry", &host, registry(&host))).collect();
    let insecure: Option<Vec<String>> =
        given(args.insecure_registry).map(|host| check.take("--insecure-registry", &host, registry(&host))).collect();
    let (high, low) = (&args.image_gc_high_threshold, &args.image_gc_low_threshold);
    let high = check.take("--image-gc-high-threshold", high, percent(high));
    let low = check.take("--image-gc-low-threshold", low, percent(low));
    if let (Some(high), Some(low)) = (high, low)
        && low > high
    {
        let why = format!("must not be above --image-gc-high-threshold, which is {high}");
        check.take::<()>("--image-gc-low-threshold", &args.image_gc_low_threshold, Err(why));
    }
    let size = match args.image_store_size.filter(|size| !size.is_empty()) {
        None => Some(None),
        Some(size) => check.take("--image-store-size", &size, bytes(&size)).map(Some),
    };
    Some(ImageSettings {
        archives: archives?,
        registries: registries?,
        insecure_registries: insecure?,
        gc_high: high?,
        gc_low: low?,
        store_size: size?,
    })
}

fn archive(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    std::fs::metadata(&path).map(|_| path).map_err(|error| {
        format!(
            "can't be read ({error}); it must be an archive of images, such as docker save writes, or a folder of them"
        )
    })
}

fn registry(text: &str) -> Result<String, String> {
    let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
    if !host.is_empty() && !text.contains('/') && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("must be a host with or without a port, such as registry.example.org:5000".to_owned())
    }
}

fn percent(text: &str) -> Result<u8, String> {
    text.parse().ok().filter(|percent| *percent <= 100).ok_or_else(|| "must be a number from 0 to 100".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_hosts() {
        for right in ["localhost:5000", "registry.example.org", "[::1]:5000", "10.0.0.1"] {
            assert_eq!(registry(right), Ok(right.to_owned()));
        }
        for wrong in ["https://registry.example.org", "registry/team", ":5000", "a b"] {
            assert!(registry(wrong).is_err(), "{wrong}");
        }
    }
}
