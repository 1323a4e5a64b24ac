//! TLS for probes, which take any certificate, as a kubelet does: they ask whether a program answers, not who it is.

use std::{
    net::SocketAddrV4,
    sync::{Arc, LazyLock},
};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio_rustls::TlsConnector;

use crate::node::runtime::Connection;

/// All probes have the same wishes.
static CONNECTOR: LazyLock<TlsConnector> = LazyLock::new(|| {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let config = config.expect("ring knows the versions that are safe").dangerous();
    let config = config.with_custom_certificate_verifier(Arc::new(Anybody(provider))).with_no_client_auth();
    TlsConnector::from(Arc::new(config))
});

/// A connection over TLS, or why there is none, in Go's words.
pub(super) async fn over(connection: Box<dyn Connection>, host: SocketAddrV4) -> Result<Box<dyn Connection>, String> {
    let name = ServerName::IpAddress((*host.ip()).into());
    match CONNECTOR.connect(name, connection).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(words(&error)),
    }
}

fn words(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        // What does not look like TLS is in all likelihood an answer without it.
        Some(Error::InvalidMessage(_)) => "http: server gave HTTP response to HTTPS client".to_owned(),
        Some(Error::AlertReceived(alert)) => format!("remote error: tls: {alert:?}"),
        Some(other) => format!("tls: {other}"),
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        None => error.to_string(),
    }
}

/// Whoever shows a certificate will do, if the handshake is sound.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio_rustls::TlsAcceptor;

    use super::*;

    const HOST: SocketAddrV4 = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 443);

    #[tokio::test]
    async fn a_certificate_that_nobody_signed_is_taken() {
        let own = rcgen::generate_simple_self_signed(["pod".to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key).unwrap();
        let (ours, theirs) = duplex(1024);
        let server = async {
            let mut stream = TlsAcceptor::from(Arc::new(config)).accept(theirs).await.unwrap();
            stream.write_all(b"well").await.unwrap();
            stream.shutdown().await.unwrap();
        };
        let client = async {
            let mut text = String::new();
            over(Box::new(ours), HOST).await.unwrap().read_to_string(&mut text).await.unwrap();
            text
        };
        assert_eq!(tokio::join!(server, client).1, "well");
    }

    #[tokio::test]
    async fn an_answer_without_tls_is_told() {
        let (ours, mut theirs) = duplex(4096);
        theirs.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let why = over(Box::new(ours), HOST).await.err().unwrap();
        assert_eq!(why, "http: server gave HTTP response to HTTPS client");
    }
}
