//! Certificates of one cluster: its own authority, what the API shows, and what its administrator shows. They live as
//! long as the program; the kubeconfig holds what a client needs of them.

use std::{net::IpAddr, sync::Arc};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};

/// The API's names inside a cluster, as kubeadm has them signed.
const NAMES: [&str; 5] =
    ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];

/// The `kubernetes` Service's address.
const SERVICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 96, 0, 1));

/// A certificate and the key that belongs to it.
struct Signed {
    certificate: Certificate,
    key: KeyPair,
}

/// What the API and its administrator show each other.
pub(super) struct Identity {
    authority: Certificate,
    server: Signed,
    admin: Signed,
}

impl Identity {
    /// Makes all of it for an API at this address.
    pub fn make(address: IpAddr) -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "kubernetes");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let authority = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);

        let names = NAMES.iter().map(ToString::to_string).chain([address.to_string(), SERVICE.to_string()]);
        let server = CertificateParams::new(names.collect::<Vec<_>>())?;
        let server = sign(server, "kube-apiserver", ExtendedKeyUsagePurpose::ServerAuth, &issuer)?;
        let mut admin = CertificateParams::default();
        admin.distinguished_name.push(DnType::OrganizationName, "kubeadm:cluster-admins");
        let admin = sign(admin, "kubernetes-admin", ExtendedKeyUsagePurpose::ClientAuth, &issuer)?;
        Ok(Self { authority, server, admin })
    }

    /// How the API speaks TLS: who shows a certificate of this authority is its administrator, who shows none is nobody.
    pub fn server(&self) -> anyhow::Result<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .allow_unauthenticated()
            .build()?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.server.key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![self.server.certificate.der().clone()], key)
            .context("the certificate that was just made")?;
        // Streams into Pods need upgrades, which HTTP/2 does not have.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// A kubeconfig for the administrator.
    pub fn kubeconfig(&self, server: &str) -> String {
        let server = serde_json::Value::from(server);
        let authority = STANDARD.encode(self.authority.pem());
        let certificate = STANDARD.encode(self.admin.certificate.pem());
        let key = STANDARD.encode(self.admin.key.serialize_pem());
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: podyard\n  cluster:\n    certificate-authority-data: \
             {authority}\n    server: {server}\ncontexts:\n- name: podyard\n  context:\n    cluster: podyard\n    user: \
             podyard\ncurrent-context: podyard\nusers:\n- name: podyard\n  user:\n    client-certificate-data: \
             {certificate}\n    client-key-data: {key}\n"
        )
    }
}

fn sign(
    mut params: CertificateParams,
    name: &str,
    purpose: ExtendedKeyUsagePurpose,
    issuer: &Issuer<'_, KeyPair>,
) -> anyhow::Result<Signed> {
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate()?;
    Ok(Signed { certificate: params.signed_by(&key, issuer)?, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kubeconfig_has_what_a_client_needs() {
        let identity = Identity::make("127.0.0.1".parse().unwrap()).unwrap();
        let config: kube::config::Kubeconfig =
            serde_yaml::from_str(&identity.kubeconfig("https://127.0.0.1:6443")).unwrap();
        let cluster = config.clusters[0].cluster.clone().unwrap();
        assert_eq!(cluster.server.as_deref(), Some("https://127.0.0.1:6443"));
        let authority = STANDARD.decode(cluster.certificate_authority_data.unwrap()).unwrap();
        assert!(authority.starts_with(b"-----BEGIN CERTIFICATE-----"));
        let user = config.auth_infos[0].auth_info.clone().unwrap();
        assert!(user.client_certificate_data.is_some() && user.client_key_data.is_some());
        identity.server().unwrap();
    }
}
