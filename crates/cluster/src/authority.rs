//! Whom clients of a cluster's API trust: its certificate authority, and what that signs. It lives as long as the
//! program, and nothing of it but certificates leaves the program, beside what its owner is given for an administrator.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier,
    crypto::CryptoProvider,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};

use crate::node::{HOST, runtime::network::API_SERVICE};

/// The API's names inside a cluster, as kubeadm has them signed.
const NAMES: [&str; 5] =
    ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];

/// Why certificates can't be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Keys and signatures.
    #[error("a certificate can't be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// What is done with them.
    #[error("the certificates that were just made can't be used: {0}")]
    Tls(#[from] rustls::Error),
    /// How clients' certificates are looked at.
    #[error("clients' certificates can't be checked: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// A certificate and the key that belongs to it.
struct Signed {
    certificate: Certificate,
    key: KeyPair,
}

/// A cluster's certificate authority.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
    within: Arc<ServerConfig>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// A new authority, with what the API shows to Pods.
    ///
    /// # Errors
    /// [`AuthorityError`] when this machine has no random numbers.
    pub fn new() -> Result<Self, AuthorityError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "kubernetes");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);
        let shown = server_certificate(&issuer, IpAddr::V4(HOST))?;
        let within = Arc::new(served(tls()?.with_no_client_auth(), &shown)?);
        Ok(Self { certificate, issuer, within })
    }

    /// The one that clusters have when nobody gives them another. It signs nothing for clients, so that clusters may
    /// share it: no sandbox reaches another's API, and none has to wait for keys.
    pub fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Authority>> = OnceLock::new();
        let make = || Arc::new(Self::new().expect("the kernel gives random bytes, and what is signed has good names"));
        SHARED.get_or_init(make).clone()
    }

    /// Its own certificate, which clients are to trust (PEM).
    pub fn certificate(&self) -> String {
        self.certificate.pem()
    }

    /// How the API speaks TLS with Pods: it asks for no certificate.
    pub(crate) fn within(&self) -> Arc<ServerConfig> {
        self.within.clone()
    }

    /// How the API speaks TLS at this address: who shows a certificate of this authority is its administrator, who
    /// shows none is nobody.
    ///
    /// # Errors
    /// [`AuthorityError`] when certificates can't be made.
    pub fn server(&self, address: IpAddr) -> Result<ServerConfig, AuthorityError> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier = verifier.allow_unauthenticated().build()?;
        served(tls()?.with_client_cert_verifier(verifier), &server_certificate(&self.issuer, address)?)
    }

    /// Certificate and key of an administrator (PEM), as kubeadm makes them.
    ///
    /// # Errors
    /// [`AuthorityError`] when certificates can't be made.
    pub fn administrator(&self) -> Result<(String, String), AuthorityError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationName, "kubeadm:cluster-admins");
        let signed = sign(params, "kubernetes-admin", ExtendedKeyUsagePurpose::ClientAuth, &self.issuer)?;
        Ok((signed.certificate.pem(), signed.key.serialize_pem()))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn tls() -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, rustls::Error> {
    ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()
}

fn served(
    verified: ConfigBuilder<ServerConfig, rustls::server::WantsServerCert>,
    shown: &Signed,
) -> Result<ServerConfig, AuthorityError> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(shown.key.serialize_der()));
    let mut config = verified.with_single_cert(vec![shown.certificate.der().clone()], key)?;
    // Streams into Pods need upgrades, which HTTP/2 does not have.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// What the API shows at an address, and under its names inside the cluster.
fn server_certificate(issuer: &Issuer<'_, KeyPair>, address: IpAddr) -> Result<Signed, AuthorityError> {
    let names = NAMES.iter().map(ToString::to_string).chain([address.to_string(), API_SERVICE.ip().to_string()]);
    let params = CertificateParams::new(names.collect::<Vec<_>>())?;
    sign(params, "kube-apiserver", ExtendedKeyUsagePurpose::ServerAuth, issuer)
}

fn sign(
    mut params: CertificateParams,
    name: &str,
    purpose: ExtendedKeyUsagePurpose,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<Signed, AuthorityError> {
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate()?;
    Ok(Signed { certificate: params.signed_by(&key, issuer)?, key })
}
