//! Pulling images from registries.
//!
//! Only well-known public ones and those that the operator names are asked, so that no manifest makes the server reach into
//! its own network. What comes is checked against its digests before anything uses it: layers are shared by all sandboxes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use oci_client::{
    Client, RegistryOperation,
    client::{ClientConfig, ClientProtocol},
    errors::{OciDistributionError, OciErrorCode},
    manifest::OciDescriptor,
    secrets::RegistryAuth,
};

use super::{Credential, ImageError, Reference, manifest::Config};

/// The registries that are asked in any case.
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
    /// What the name led to: of the list of manifests, if there is one for each platform.
    pub digest: String,
    /// The configuration as it came, and as it is read.
    pub config: (String, Config),
    /// Lowest first.
    pub layers: Vec<OciDescriptor>,
    source: Source,
}

/// Where an image is asked for, and as whom.
pub(super) struct Source {
    client: Client,
    image: oci_client::Reference,
    auth: RegistryAuth,
}

/// The registries, and which of them did not answer lately.
#[derive(Debug)]
pub struct Registries {
    asked: Vec<String>,
    /// Those that are spoken to without TLS.
    plain: Vec<String>,
    silent: Mutex<BTreeMap<String, Instant>>,
}

impl Default for Registries {
    fn default() -> Self {
        Self { asked: ASKED.map(str::to_owned).to_vec(), plain: Vec::new(), silent: Mutex::default() }
    }
}

impl Registries {
    /// The well-known ones and these: `registry.example:5000`. Those of `plain` are spoken to without TLS.
    pub fn with(secure: Vec<String>, plain: Vec<String>) -> Self {
        let asked = ASKED.iter().map(|&domain| domain.to_owned()).chain(secure).chain(plain.clone()).collect();
        Self { asked, plain, silent: Mutex::default() }
    }

    /// Where this image is, once the registry has let us in, as somebody or as nobody.
    pub(super) async fn source(&self, reference: &Reference, who: Option<&Credential>) -> Result<Source, NotPulled> {
        let domain = reference.domain.as_str();
        if !self.asked.iter().any(|asked| asked == domain) || self.is_silent(domain) {
            return Err(NotPulled::Unreachable);
        }
        let image = reference.to_string().parse::<oci_client::Reference>().map_err(|_| NotPulled::Unreachable)?;
        let auth = who.map_or(RegistryAuth::Anonymous, |credential| {
            RegistryAuth::Basic(credential.username.clone(), credential.password.clone())
        });
        let client = self.client().ok_or(NotPulled::Unreachable)?;
        let entered = client.auth(&image, &auth, RegistryOperation::Pull).await;
        entered.map_err(|error| self.why(reference, &error))?;
        Ok(Source { client, image, auth })
    }

    /// What the name leads to now.
    pub(super) async fn digest(&self, reference: &Reference, source: &Source) -> Result<String, NotPulled> {
        let digest = source.client.fetch_manifest_digest(&source.image, &source.auth).await;
        digest.map_err(|error| self.why(reference, &error))
    }

    /// Asks a registry for an image.
    pub(super) async fn ask(&self, reference: &Reference, source: Source) -> Result<Announced, NotPulled> {
        let answer = source.client.pull_manifest_and_config_and_list_digest(&source.image, &source.auth).await;
        let (manifest, digest, config, list) = answer.map_err(|error| self.why(reference, &error))?;
        let parsed = serde_json::from_str(&config);
        let parsed = parsed.map_err(|error| refused(reference, &format!("unmarshal image config: {error}")))?;
        let announced =
            Announced { digest: list.unwrap_or(digest), config: (config, parsed), layers: manifest.layers, source };
        if announced.size() > MOST_BYTES {
            return Err(refused(reference, "no space left on device"));
        }
        Ok(announced)
    }

    fn client(&self) -> Option<Client> {
        // Whoever was first has chosen; then it is no error that the choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig {
            protocol: ClientProtocol::HttpsExcept(self.plain.clone()),
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
            // The client's word for a list of manifests without one for this machine.
            OciDistributionError::ImageManifestNotFoundError(_) => NotPulled::Refused(no_match(reference)),
            OciDistributionError::RegistryError { envelope, .. } if is_missing(&envelope.errors) => {
                NotPulled::Refused(not_found(reference))
            }
            // The server that gives out tokens did not give one.
            OciDistributionError::AuthenticationFailure(said) => refused(
                reference,
                &format!("failed to resolve image: failed to authorize: failed to fetch oauth token: {}", said.trim()),
            ),
            OciDistributionError::UnauthorizedError { .. } | OciDistributionError::RegistryError { .. } => {
                refused(reference, DENIED)
            }
            OciDistributionError::ServerError { code: 404, .. } => NotPulled::Refused(not_found(reference)),
            OciDistributionError::ServerError { code: 401 | 403, .. } => refused(reference, DENIED),
            OciDistributionError::ServerError { code, url, .. } => refused(
                reference,
                &format!("failed to resolve image: unexpected status from HEAD request to {url}: {}", status(*code)),
            ),
            other => refused(reference, &format!("failed to resolve image: {other}")),
        }
    }
}

impl Announced {
    /// Bytes of its configuration and its layers, as they are transferred.
    pub(super) fn size(&self) -> u64 {
        let layers = self.layers.iter().map(|layer| u64::try_from(layer.size).unwrap_or(u64::MAX));
        layers.fold(self.config.0.len() as u64, u64::saturating_add)
    }

    /// Transfers a layer; what comes is what its digest says, or an error.
    pub(super) async fn layer(
        &self,
        layer: &OciDescriptor,
        to: impl tokio::io::AsyncWrite,
    ) -> Result<(), OciDistributionError> {
        self.source.client.pull_blob(&self.source.image, layer, to).await
    }
}

fn is_missing(errors: &[oci_client::errors::OciError]) -> bool {
    errors.iter().any(|error| {
        matches!(error.code, OciErrorCode::ManifestUnknown | OciErrorCode::NotFound | OciErrorCode::NameUnknown)
    })
}

/// What containerd says when a registry lets nobody see whether it has an image.
const DENIED: &str = "failed to resolve image: pull access denied, repository does not exist or may require \
                      authorization: server message: insufficient_scope: authorization failed";

/// A status as Go prints it: `500 Internal Server Error`.
fn status(code: u16) -> String {
    http::StatusCode::from_u16(code).map_or_else(|_| code.to_string(), |status| status.to_string())
}

/// What containerd says when there is an image, but none for this machine.
fn no_match(reference: &Reference) -> ImageError {
    ImageError::NotFound(format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{reference}\": no match for platform in \
         manifest: not found"
    ))
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
