//! Service account tokens: JSON Web Tokens with the claims that the real API server puts in
//! (kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens).

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Who a token is for.
#[derive(Debug, Clone, Copy)]
pub struct Bearer<'a> {
    /// The Pod's namespace.
    pub namespace: &'a str,
    /// The Pod's name and uid.
    pub pod: (&'a str, &'a str),
    /// The service account's name and uid.
    pub account: (&'a str, &'a str),
    /// The node's name.
    pub node: &'a str,
}

/// Signs the tokens of one cluster.
#[derive(Debug, Clone)]
pub struct Signer {
    key: [u8; 32],
}

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// HMAC's block size with SHA-256 (RFC 2104).
const BLOCK: usize = 64;

impl Signer {
    /// A signer with this key.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A token that is good for `seconds`, for `audience` or, when that is empty, for the API server.
    pub fn token(&self, bearer: Bearer<'_>, audience: &str, seconds: i64, id: &str, now: Timestamp) -> String {
        let issued = now.as_second();
        let audience = if audience.is_empty() { ISSUER } else { audience };
        let claims = json!({
            "aud": [audience],
            "exp": issued + seconds,
            "iat": issued,
            "iss": ISSUER,
            "jti": id,
            "kubernetes.io": {
                "namespace": bearer.namespace,
                "node": {"name": bearer.node},
                "pod": {"name": bearer.pod.0, "uid": bearer.pod.1},
                "serviceaccount": {"name": bearer.account.0, "uid": bearer.account.1},
                "warnafter": issued + seconds,
            },
            "nbf": issued,
            "sub": format!("system:serviceaccount:{}:{}", bearer.namespace, bearer.account.0),
        });
        let header = json!({"alg": "HS256", "typ": "JWT"});
        let body = format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()));
        let signature = self.sign(body.as_bytes());
        format!("{body}.{}", encoded(&signature))
    }

    /// HMAC-SHA-256 (RFC 2104).
    fn sign(&self, text: &[u8]) -> Vec<u8> {
        let pad = |byte: u8| {
            let mut block = [byte; BLOCK];
            self.key.iter().zip(&mut block).for_each(|(key, pad)| *pad ^= key);
            block
        };
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
        Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
    }
}

/// Base64 for URLs, without padding (RFC 4648, section 5).
fn encoded(bytes: &[u8]) -> String {
    let standard = serde_json::to_value(k8s_openapi::ByteString(bytes.to_vec())).unwrap_or(Value::Null);
    standard.as_str().unwrap_or("").trim_end_matches('=').replace('+', "-").replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2, with the key filled up as HMAC does.
    #[test]
    fn signatures_are_hmac() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let signature = Signer::new(key).sign(b"what do ya want for nothing?");
        assert_eq!(encoded(&signature), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
    }
}
