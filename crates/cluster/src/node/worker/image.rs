//! Getting a container's image, by its pull policy, with the events a learner sees.

use jiff::SignedDuration;

use super::{RETRY, Worker, ending};
use crate::{
    events::Subject,
    node::{
        images::{Credential, Image, ImageError},
        objects::{Lookup, pull_secrets},
        pod::Definition,
    },
};

/// `ErrImagePull` becomes `ImagePullBackOff` so long after the failure: a kubelet looks no sooner (`TIMING.md`, "Other
/// delays": 12 to 15 s).
const PULL_ERROR_SHOWN: SignedDuration = SignedDuration::from_secs(12);

/// Why there is no image, and when to try again.
#[derive(Clone)]
pub(super) struct NoImage {
    pub reason: &'static str,
    pub message: String,
    pub retry: jiff::Timestamp,
}

/// What getting an image led to.
pub(super) enum Got {
    Image(Box<Image>),
    Failed(NoImage),
    /// The Pod is to be deleted; nobody waits for the image any more.
    Interrupted,
}

impl Worker {
    /// The image of a container.
    pub(super) async fn image(&mut self, definition: &Definition, about: &Subject) -> Got {
        self.image_named(definition.image(), definition.spec.image_pull_policy.as_deref(), about).await
    }

    /// Gets the images that the Pod's volumes show, those that are not there yet. Where there is none, the containers that
    /// mount the volume are told. False when nobody waits for them any more.
    pub(super) async fn image_volumes(&mut self) -> bool {
        let volumes = self.pod.spec.volumes.iter().flatten();
        let missing: Vec<_> = volumes.filter(|volume| !self.volumes.has(&volume.name)).cloned().collect();
        for volume in missing {
            let Some(source) = volume.image else { continue };
            let now = self.context.now();
            if self.no_volume.get(&volume.name).is_some_and(|known| now < known.retry) {
                continue;
            }
            let (name, about) = (source.reference.unwrap_or_default(), self.subject());
            match self.image_named(&name, source.pull_policy.as_deref(), &about).await {
                Got::Image(image) => {
                    self.no_volume.remove(&volume.name);
                    self.volumes.show_image(&volume.name, image.layers);
                }
                Got::Failed(why) => drop(self.no_volume.insert(volume.name, why)),
                Got::Interrupted => return false,
            }
        }
        true
    }

    /// Tells why a container can't have the images that it mounts; false when it has them all.
    pub(super) fn lacks_volumes(&mut self, definition: &Definition, about: &Subject) -> bool {
        let mounts = definition.spec.volume_mounts.iter().flatten();
        let missing: Vec<NoImage> = mounts.filter_map(|mount| self.no_volume.get(&mount.name)).cloned().collect();
        for why in &missing {
            self.context.warning(about, "Failed", &format!("Error: {}", why.reason));
        }
        let Some(why) = missing.into_iter().next_back() else { return false };
        self.waits(definition.name(), why.reason, why.message, why.retry);
        true
    }

    /// The image of this name, which stays on the node as long as the Pod does.
    async fn image_named(&mut self, name: &str, policy: Option<&str>, about: &Subject) -> Got {
        let got = self.local_or_pulled(name, policy, about).await;
        if let Got::Image(image) = &got {
            let hold = || self.context.images.hold(image);
            self.in_use.entry(image.id.clone()).or_insert_with(hold);
        }
        got
    }

    async fn local_or_pulled(&mut self, name: &str, policy: Option<&str>, about: &Subject) -> Got {
        let retry = self.context.now() + RETRY;
        let credentials = self.credentials();
        let local = match self.context.images.local_for(name, &credentials) {
            Ok(local) => local,
            Err(error @ ImageError::InvalidName { .. }) => {
                let message = format!("Failed to apply default image tag {name:?}: {error}");
                self.context.warning(about, "InspectFailed", &message);
                return Got::Failed(NoImage { reason: "InvalidImageName", message, retry });
            }
            Err(error) => {
                let message = format!("Failed to inspect image {name:?}: {error}");
                self.context.warning(about, "InspectFailed", &message);
                return Got::Failed(NoImage { reason: "ImageInspectError", message, retry });
            }
        };
        match (policy, local) {
            (Some("IfNotPresent" | "Never"), Some(image)) => {
                let message =
                    format!("Container image {name:?} already present on machine and can be accessed by the pod");
                self.context.normal(about, "Pulled", &message);
                Got::Image(Box::new(image))
            }
            (Some("Never"), None) => {
                let message = format!("Container image {name:?} is not present with pull policy of Never");
                self.context.warning(about, "ErrImageNeverPull", &message);
                Got::Failed(NoImage { reason: "ErrImageNeverPull", message, retry })
            }
            _ => self.pull(name, credentials, about).await,
        }
    }

    /// What `imagePullSecrets` say, looked up once in a round of starting.
    fn credentials(&mut self) -> Vec<Credential> {
        if self.credentials.is_none() {
            self.credentials = Some(self.pull_secrets());
        }
        self.credentials.clone().unwrap_or_default()
    }

    /// What `imagePullSecrets` say; a missing one is told, and the registry asked without.
    fn pull_secrets(&self) -> Vec<Credential> {
        let lookup = Lookup { store: &self.context.store, namespace: self.pod.namespace() };
        let names = self.pod.spec.image_pull_secrets.iter().flatten().map(|secret| secret.name.as_str());
        let (credentials, missing) = pull_secrets(&lookup, names);
        if !missing.is_empty() {
            let message = format!(
                "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
                missing.join(", ")
            );
            self.context.warning(&self.subject(), "FailedToRetrieveImagePullSecret", &message);
        }
        credentials
    }

    async fn pull(&mut self, name: &str, credentials: Vec<Credential>, about: &Subject) -> Got {
        if let Some((_, until)) = self.pulls.waits_since_update(name, self.context.now()) {
            let message = format!("Back-off pulling image {name:?}");
            self.context.normal(about, "BackOff", &message);
            let message = match self.pull_errors.get(name) {
                Some(error) => format!("{message}: {error}"),
                None => message,
            };
            return Got::Failed(NoImage { reason: "ImagePullBackOff", message, retry: until });
        }
        self.context.normal(about, "Pulling", &format!("Pulling image {name:?}"));
        let start = tokio::time::Instant::now();
        let pull = self.context.images.pull(name, credentials);
        let result = tokio::select! {
            result = pull => result,
            () = ending(self.news.clone()) => return Got::Interrupted,
        };
        match result {
            Ok(image) => {
                let took = go_duration(start.elapsed().as_millis());
                let size = image.size;
                let message = format!(
                    "Successfully pulled image {name:?} in {took} ({took} including waiting). Image size: {size} bytes."
                );
                self.context.normal(about, "Pulled", &message);
                self.pull_errors.remove(name);
                Got::Image(Box::new(image))
            }
            Err(error) => {
                let message = error.to_string();
                self.context.warning(about, "Failed", &format!("Failed to pull image {name:?}: {message}"));
                let retry = self.context.now() + PULL_ERROR_SHOWN;
                // Counted from the next look, which is to find it backing off.
                self.pulls.next(name, retry, retry);
                self.pull_errors.insert(name.to_owned(), format!("ErrImagePull: {message}"));
                Got::Failed(NoImage { reason: "ErrImagePull", message, retry })
            }
        }
    }
}

/// Milliseconds as Go prints a duration: `55ms`, `1.234s`, `1m2s`.
pub(super) fn go_duration(millis: u128) -> String {
    if millis < 1000 {
        return if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") };
    }
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let fraction = format!(".{rest:03}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, _) => format!("{minutes}m{seconds}{fraction}s"),
        _ => format!("{hours}h{minutes}m{seconds}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_read_as_in_go() {
        let texts = [0, 55, 1000, 1234, 61_500, 3_600_000].map(super::go_duration);
        assert_eq!(texts, ["0s", "55ms", "1s", "1.234s", "1m1.5s", "1h0m0s"]);
    }
}
