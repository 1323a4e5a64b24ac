//! Pulling images from registries.
//!
//! Only well-known public ones are asked, so that no manifest makes the server reach into its own network. What comes is
//! checked against its digests before anything uses it: layers are shared by all sandboxes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use oci_client::{
    Client,
    client::{ClientConfig, ClientProtocol},
    errors::{OciDistributionError, OciErrorCode},
    manifest::OciDescriptor,
    secrets::RegistryAuth,
};

use super::{ImageError, Reference, manifest::Config};

/// The registries that are asked.
const ASKED: [&str; 8] = [
    "docker.io",
    "registry.k8s.io",
    "quay.io",
    "ghcr.io",
    "gcr.io",
    "public.ecr.aws",
    "mcr.microsoft.com",
    "registry.gitlab.com",
];
/// How long a registry may take to answer at all; on a plane it never does, and a learner waits.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a transfer may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a registry that did not answer is not asked again.
const FORGIVEN: Duration = Duration::from_secs(60);
/// The most bytes of an image, compressed.
const MOST_BYTES: u64 = 2 << 30;

/// A name and a password for a registry, from a pull secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// `docker.io`, `ghcr.io`.
    pub domain: String,
    /// User name.
    pub username: String,
    /// Password or token.
    pub password: String,
}

/// Why a registry did not give an image.
#[derive(Debug)]
pub(super) enum NotPulled {
    /// It did not answer, or is not one that is asked.
    Unreachable,
    /// It said no.
    Refused(ImageError),
}

/// What a registry says an image is; its layers are still to come.
pub(super) struct Announced {
    /// Of the manifest for this machine.
    pub digest: String,
    /// The configuration as it came, and as it is read.
    pub config: (String, Config),
    /// Lowest first.
    pub layers: Vec<OciDescriptor>,
    source: Source,
}

struct Source {
    client: Client,
    image: oci_client::Reference,
}

/// The registries, and which of them did not answer lately.
#[derive(Debug)]
pub(super) struct Registries {
    asked: Vec<String>,
    protocol: ClientProtocol,
    silent: Mutex<BTreeMap<String, Instant>>,
}

impl Default for Registries {
    fn default() -> Self {
        Self::new(ASKED.map(str::to_owned).to_vec(), ClientProtocol::Https)
    }
}

impl Registries {
    /// Those of these domains, spoken to in this way.
    pub(super) fn new(asked: Vec<String>, protocol: ClientProtocol) -> Self {
        Self { asked, protocol, silent: Mutex::default() }
    }

    /// Asks a registry for an image.
    pub(super) async fn ask(&self, reference: &Reference, credentials: &[Credential]) -> Result<Announced, NotPulled> {
        let domain = reference.domain.as_str();
        if !self.asked.iter().any(|asked| asked == domain) || self.is_silent(domain) {
            return Err(NotPulled::Unreachable);
        }
        let image = reference.to_string().parse::<oci_client::Reference>().map_err(|_| NotPulled::Unreachable)?;
        let auth = credentials
            .iter()
            .find(|credential| credential.domain == domain)
            .map_or(RegistryAuth::Anonymous, |credential| {
                RegistryAuth::Basic(credential.username.clone(), credential.password.clone())
            });
        let client = self.client().ok_or(NotPulled::Unreachable)?;
        match client.pull_manifest_and_config(&image, &auth).await {
            Ok((manifest, digest, config)) => {
                let parsed = serde_json::from_str(&config);
                let parsed = parsed.map_err(|error| refused(reference, &format!("unmarshal image config: {error}")))?;
                let size: i64 = manifest.layers.iter().map(|layer| layer.size).sum();
                if u64::try_from(size).is_ok_and(|size| size > MOST_BYTES) {
                    return Err(refused(reference, "no space left on device"));
                }
                Ok(Announced {
                    digest,
                    config: (config, parsed),
                    layers: manifest.layers,
                    source: Source { client, image },
                })
            }
            Err(error) => Err(self.why(reference, &error)),
        }
    }

    fn client(&self) -> Option<Client> {
        // Whoever was first has chosen; then it is no error that the choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig {
            protocol: self.protocol.clone(),
            connect_timeout: Some(CONNECT),
            read_timeout: Some(SILENCE),
            user_agent: concat!("podyard/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        Client::try_from(config).ok()
    }

    fn is_silent(&self, domain: &str) -> bool {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.get(domain).is_some_and(|since| since.elapsed() < FORGIVEN)
    }

    /// What containerd makes of a registry's answer.
    fn why(&self, reference: &Reference, error: &OciDistributionError) -> NotPulled {
        match error {
            OciDistributionError::RequestError(_) => {
                let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
                silent.insert(reference.domain.clone(), Instant::now());
                NotPulled::Unreachable
            }
            OciDistributionError::ImageManifestNotFoundError(_) => NotPulled::Refused(not_found(reference)),
            OciDistributionError::RegistryError { envelope, .. } if is_missing(&envelope.errors) => {
                NotPulled::Refused(not_found(reference))
            }
            OciDistributionError::AuthenticationFailure(_)
            | OciDistributionError::UnauthorizedError { .. }
            | OciDistributionError::RegistryError { .. } => refused(
                reference,
                "failed to resolve image: pull access denied, repository does not exist or may require authorization: \
                 server message: insufficient_scope: authorization failed",
            ),
            OciDistributionError::ServerError { code, url, .. } => refused(
                reference,
                &format!("failed to resolve image: unexpected status from HEAD request to {url}: {code}"),
            ),
            other => refused(reference, &format!("failed to resolve image: {other}")),
        }
    }
}

impl Announced {
    /// Transfers a layer; what comes is what its digest says, or an error.
    pub(super) async fn layer(&self, layer: &OciDescriptor, to: tokio::fs::File) -> Result<(), OciDistributionError> {
        self.source.client.pull_blob(&self.source.image, layer, to).await
    }
}

fn is_missing(errors: &[oci_client::errors::OciError]) -> bool {
    errors.iter().any(|error| {
        matches!(error.code, OciErrorCode::ManifestUnknown | OciErrorCode::NotFound | OciErrorCode::NameUnknown)
    })
}

/// What containerd says when a registry does not know an image.
pub(super) fn not_found(reference: &Reference) -> ImageError {
    ImageError::NotFound(format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{reference}\": failed to resolve image: \
         {reference}: not found"
    ))
}

pub(super) fn refused(reference: &Reference, why: &str) -> NotPulled {
    NotPulled::Refused(ImageError::Pull(format!(
        "rpc error: code = Unknown desc = failed to pull and unpack image \"{reference}\": {why}"
    )))
}
