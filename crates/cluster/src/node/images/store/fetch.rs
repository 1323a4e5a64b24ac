//! Fetching what is not here yet, or is newer there, from a registry.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use oci_client::manifest::OciDescriptor;
use tokio::sync::{OwnedMutexGuard, Semaphore, SemaphorePermit};
use tokio_util::io::InspectWriter;

use super::{Hold, ImageStore, Origin, Stored, layer, not_found};
use crate::node::images::{
    Credential, Image, ImageConfig, ImageError, Reference, credential,
    registry::{Announced, NotPulled, refused},
};

/// How many images are fetched at the same time, for all sandboxes together.
const AT_ONCE: usize = 4;
/// How often it is told how far a transfer is, in tenths of the whole.
const TENTHS: u64 = 10;

/// Who may fetch what now: each image is fetched by one at a time.
#[derive(Debug)]
pub(super) struct Turns {
    places: Semaphore,
    images: Mutex<BTreeMap<String, Weak<tokio::sync::Mutex<()>>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { places: Semaphore::new(AT_ONCE), images: Mutex::default() }
    }
}

impl Turns {
    async fn take(&self, name: &str) -> (OwnedMutexGuard<()>, Option<SemaphorePermit<'_>>) {
        let turn = {
            let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
            images.retain(|_, turn| turn.strong_count() > 0);
            let known = images.get(name).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let turn = Arc::default();
                images.insert(name.to_owned(), Arc::downgrade(&turn));
                turn
            })
        };
        let own = turn.lock_owned().await;
        (own, self.places.acquire().await.ok())
    }
}

impl ImageStore {
    /// The image as the registry has it now. One that was made here stands for its registry's; one that was pulled or
    /// loaded before does where no registry answers.
    pub(super) async fn fetch_newest(
        &self,
        reference: &Reference,
        credentials: &[Credential],
    ) -> Result<Image, ImageError> {
        if let Some(stored) = self.find(reference).filter(|stored| stored.origin == Origin::Seeded) {
            return Ok(stored.image);
        }
        let _turn = self.turns.take(&reference.to_string()).await;
        let fitting = credential::for_image(credentials, &reference.repository());
        // Whoever has credentials for an image shows them, one after the other, and does not ask as nobody.
        let tries = if fitting.is_empty() { vec![None] } else { fitting.into_iter().map(Some).collect() };
        let mut refusals = Vec::new();
        for who in tries {
            match self.fetch(reference, who).await {
                Ok(image) => return Ok(image),
                Err(NotPulled::Unreachable) => {
                    let here = self.find(reference);
                    let here = here.filter(|stored| stored.origin != Origin::Local && stored.is_for(credentials));
                    return here.map(|stored| stored.image).ok_or_else(|| not_found(reference));
                }
                Err(NotPulled::Refused(error)) => refusals.push(error),
            }
        }
        Err(ImageError::all(refusals))
    }

    async fn fetch(&self, reference: &Reference, who: Option<&Credential>) -> Result<Image, NotPulled> {
        let source = self.registries.source(reference, who).await?;
        let digest = self.registries.digest(reference, &source).await?;
        let here = self.find(reference).filter(|stored| stored.origin != Origin::Local);
        if let Some(same) = here.filter(|stored| stored.manifest == digest) {
            return self
                .read_by(same, who)
                .map_err(|error| refused(reference, &format!("failed to store image: {error}")));
        }
        let announced = self.registries.ask(reference, source).await?;
        let _kept = self.transfer(reference, &announced).await?;
        let (text, config) = &announced.config;
        let config_digest = super::digest(text.as_bytes());
        let failed = |why: &dyn std::fmt::Display| refused(reference, &format!("failed to store image: {why}"));
        self.write_blob(&config_digest, text.as_bytes()).map_err(|error| failed(&error))?;
        let image = Image {
            id: config_digest,
            name: reference.to_string(),
            repo_digest: Some(format!("{}@{}", reference.repository(), announced.digest)),
            size: announced.size(),
            layers: config.diff_ids().iter().map(|diff_id| self.layer_path(diff_id)).collect(),
            config: ImageConfig::from(&config.config),
        };
        let (private, readers) = (who.is_some(), who.map(Credential::fingerprint).into_iter().collect());
        let stored =
            Stored { image: image.clone(), manifest: announced.digest, origin: Origin::Pulled, private, readers };
        self.record(stored).map_err(|error| failed(&error))?;
        Ok(image)
    }

    /// Remembers that the registry gives this image to somebody else too, or to everybody.
    fn read_by(&self, mut stored: Stored, who: Option<&Credential>) -> io::Result<Image> {
        let image = stored.image.clone();
        let fingerprint = who.map(Credential::fingerprint);
        match fingerprint {
            Some(known) if stored.readers.contains(&known) => return Ok(image),
            _ if !stored.private => return Ok(image),
            Some(new) => stored.readers.push(new),
            None => stored.private = false,
        }
        self.record(stored).map(|()| image)
    }

    /// Brings the layers here that are missing. They stay as long as what is given back.
    async fn transfer(&self, reference: &Reference, announced: &Announced) -> Result<Hold, NotPulled> {
        let failed = |why: String| refused(reference, &format!("failed to extract layer: {why}"));
        let (text, config) = &announced.config;
        if config.diff_ids().len() != announced.layers.len() {
            return Err(failed("the image's configuration names other layers than its manifest".to_owned()));
        }
        let parts = config.diff_ids().iter().cloned().chain([super::digest(text.as_bytes())]);
        let kept = self.share.hold(parts.collect()).map_err(|error| failed(error.to_string()))?;
        let missing: Vec<(&OciDescriptor, &String)> = announced
            .layers
            .iter()
            .zip(config.diff_ids())
            .filter(|(_, diff_id)| !self.layer_path(diff_id).is_dir())
            .collect();
        let progress = Progress::new(reference, missing.iter().map(|(layer, _)| layer.size).sum());
        for (descriptor, diff_id) in missing {
            self.fetch_layer(announced, descriptor, diff_id, &progress).await.map_err(failed)?;
        }
        Ok(kept)
    }

    /// Transfers, checks and unpacks a layer.
    async fn fetch_layer(
        &self,
        announced: &Announced,
        descriptor: &OciDescriptor,
        diff_id: &str,
        progress: &Progress,
    ) -> Result<(), String> {
        let unfinished = self.share.unfinished();
        let file = tokio::fs::File::create(&unfinished).await.map_err(|error| error.to_string())?;
        let watched = InspectWriter::new(file, |bytes| progress.came(bytes.len()));
        let transferred = announced.layer(descriptor, watched).await.map_err(|error| error.to_string());
        let (place, wanted, partial) = (self.layer_path(diff_id), diff_id.to_owned(), self.share.unfinished());
        let unpacked = match transferred {
            Ok(()) => {
                let archive = unfinished.clone();
                let work = tokio::task::spawn_blocking(move || {
                    layer::check(File::open(&archive)?, &wanted)?;
                    layer::unpack(File::open(&archive)?, &partial, &place)
                });
                work.await.map_err(io::Error::other).flatten().map_err(|error| error.to_string())
            }
            Err(error) => Err(error),
        };
        // It may never have been written.
        let _ = fs::remove_file(&unfinished);
        unpacked
    }
}

/// How far a transfer is, told in the log.
struct Progress {
    image: String,
    total: u64,
    come: AtomicU64,
}

impl Progress {
    fn new(reference: &Reference, total: i64) -> Self {
        Self { image: reference.to_string(), total: u64::try_from(total).unwrap_or(0), come: AtomicU64::new(0) }
    }

    fn came(&self, count: usize) {
        let before = self.come.fetch_add(count as u64, Ordering::Relaxed);
        let after = before + count as u64;
        let tenth = |bytes: u64| (bytes * TENTHS).checked_div(self.total).unwrap_or(0);
        if tenth(before) != tenth(after) {
            tracing::info!(image = self.image, bytes = after, of = self.total, "pulling an image");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_image_is_fetched_by_one_at_a_time_and_others_meanwhile() {
        let turns = Turns::default();
        let first = turns.take("a").await;
        let _other = turns.take("b").await;
        let mut second = std::pin::pin!(turns.take("a"));
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        second.await;
    }
}
