//! Fetching what is not here yet from a registry.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{ImageStore, Stored, hex, layer, not_found};
use crate::node::images::{
    Credential, Image, ImageConfig, ImageError, Reference,
    registry::{Announced, NotPulled, refused},
};

/// The most bytes of one unpacked layer that is checked.
const MOST_BYTES: u64 = 8 << 30;

impl ImageStore {
    /// The image from a registry, unless one of that name is here that stands for it.
    pub(super) async fn fetch_missing(
        &self,
        reference: &Reference,
        credentials: &[Credential],
    ) -> Result<Image, ImageError> {
        let here = || self.find(reference).filter(|stored| !stored.local && !stored.private).map(|stored| stored.image);
        if let Some(image) = here() {
            return Ok(image);
        }
        let _turn = self.fetching.lock().await;
        if let Some(image) = here() {
            return Ok(image);
        }
        match self.fetch(reference, credentials).await {
            Ok(image) => Ok(image),
            Err(NotPulled::Unreachable) => Err(not_found(reference)),
            Err(NotPulled::Refused(error)) => Err(error),
        }
    }

    async fn fetch(&self, reference: &Reference, credentials: &[Credential]) -> Result<Image, NotPulled> {
        let announced = self.registries.ask(reference, credentials).await?;
        let failed = |why: String| refused(reference, &format!("failed to extract layer: {why}"));
        let (text, config) = &announced.config;
        if config.diff_ids().len() != announced.layers.len() {
            return Err(failed("the image's configuration names other layers than its manifest".to_owned()));
        }
        let mut size = text.len() as u64;
        for (descriptor, diff_id) in announced.layers.iter().zip(config.diff_ids()) {
            size += u64::try_from(descriptor.size).unwrap_or(0);
            if !self.layer_path(diff_id).is_dir() {
                self.fetch_layer(&announced, descriptor, diff_id).await.map_err(failed)?;
            }
        }
        let private = credentials.iter().any(|credential| credential.domain == reference.domain);
        let image = Image {
            id: super::digest(text.as_bytes()),
            name: reference.to_string(),
            repo_digest: Some(format!("{}@{}", reference.repository(), announced.digest)),
            size,
            layers: config.diff_ids().iter().map(|diff_id| self.layer_path(diff_id)).collect(),
            config: ImageConfig::from(&config.config),
        };
        self.put(Stored { image: image.clone(), manifest: announced.digest.clone(), local: false, private });
        Ok(image)
    }

    /// Transfers, checks and unpacks a layer.
    async fn fetch_layer(
        &self,
        announced: &Announced,
        descriptor: &oci_client::manifest::OciDescriptor,
        diff_id: &str,
    ) -> Result<(), String> {
        let partial = self.root.join(format!("{}.partial-{:x}", hex(diff_id), rand::random::<u64>()));
        let file = tokio::fs::File::create(&partial).await.map_err(|error| error.to_string())?;
        let transferred = announced.layer(descriptor, file).await.map_err(|error| error.to_string());
        let (place, wanted) = (self.layer_path(diff_id), diff_id.to_owned());
        let unpacked = match transferred {
            Ok(()) => {
                let archive = partial.clone();
                let work = tokio::task::spawn_blocking(move || unpack(&archive, &wanted, &place));
                work.await.map_err(io::Error::other).flatten().map_err(|error| error.to_string())
            }
            Err(error) => Err(error),
        };
        // It may never have been written.
        let _ = fs::remove_file(&partial);
        unpacked
    }
}

/// Unpacks a layer whose archive has the digest that its image says. Others may use the same layer, so it has to be
/// what its name says.
fn unpack(archive: &Path, diff_id: &str, place: &Path) -> io::Result<()> {
    let mut sum = Sha256::new();
    let plain = flate2::read::MultiGzDecoder::new(File::open(archive)?);
    io::copy(&mut plain.take(MOST_BYTES), &mut Hashing(&mut sum))?;
    let found: String = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if found != hex(diff_id) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("wrong diff id calculated: sha256:{found}")));
    }
    layer::unpack(File::open(archive)?, place)
}

/// Counts what is written into a sum.
struct Hashing<'a>(&'a mut Sha256);

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
