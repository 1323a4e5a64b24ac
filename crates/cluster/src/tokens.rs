//! Service account tokens: JSON Web Tokens with the claims that the real API server puts in
//! (kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens).

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::json::items;

/// Who a token is for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bearer<'a> {
    /// The service account's namespace.
    pub namespace: &'a str,
    /// The service account's name and uid.
    pub account: (&'a str, &'a str),
    /// Name and uid of the Pod that it ends with.
    pub pod: Option<(&'a str, &'a str)>,
    /// Name and uid of the Secret that it ends with.
    pub secret: Option<(&'a str, &'a str)>,
    /// Name and uid of the node that the Pod is on.
    pub node: Option<(&'a str, &'a str)>,
}

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not one of this cluster's.
    #[error("invalid bearer token")]
    Unknown,
    /// Its time is over, or has not come.
    #[error("service account token has expired")]
    Expired,
    /// It was made for somebody else than who asks.
    #[error("token audiences do not include any of those asked for")]
    Audience,
}

/// Signs the tokens of one cluster.
#[derive(Debug, Clone)]
pub struct Signer {
    key: [u8; 32],
}

/// Who makes the tokens, and whom they are for unless somebody asks for another.
pub const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// The seconds that the token of every Pod is asked for with (the API server's `WarnOnlyBoundTokenExpirationPeriod`): use
/// after that is warned of.
const USUAL: i64 = 3607;
/// HMAC's block size with SHA-256 (RFC 2104).
const BLOCK: usize = 64;

impl Signer {
    /// A signer with this key.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A token that is good for `seconds`, for `audiences` or, when there are none, for the API server.
    pub fn token(&self, bearer: Bearer<'_>, audiences: &[&str], seconds: i64, id: &str, now: Timestamp) -> String {
        let issued = now.as_second();
        let audiences = if audiences.is_empty() { &[ISSUER] } else { audiences };
        let mut own = json!({
            "namespace": bearer.namespace,
            "serviceaccount": {"name": bearer.account.0, "uid": bearer.account.1},
        });
        for (kind, bound) in [("pod", bearer.pod), ("secret", bearer.secret)] {
            if let Some((name, uid)) = bound {
                own[kind] = json!({"name": name, "uid": uid});
            }
        }
        if let Some((name, uid)) = bearer.node {
            own["node"] = json!({"name": name, "uid": uid});
            if seconds == USUAL {
                own["warnafter"] = (issued + seconds).into();
            }
        }
        let claims = json!({
            "aud": audiences,
            "exp": issued + seconds,
            "iat": issued,
            "iss": ISSUER,
            "jti": id,
            "kubernetes.io": own,
            "nbf": issued,
            "sub": format!("system:serviceaccount:{}:{}", bearer.namespace, bearer.account.0),
        });
        let header = json!({"alg": "HS256", "typ": "JWT"});
        let body = format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()));
        let signature = self.sign(body.as_bytes());
        format!("{body}.{}", encoded(&signature))
    }

    /// The claims of a token that this signer made, that is good now and for one of `audiences` (the API server when
    /// there are none).
    ///
    /// # Errors
    /// [`TokenError`] when it is not.
    pub fn verify(&self, token: &str, audiences: &[&str], now: Timestamp) -> Result<Value, TokenError> {
        let (body, signature) = token.rsplit_once('.').ok_or(TokenError::Unknown)?;
        let signature = decoded(signature).ok_or(TokenError::Unknown)?;
        if !same(&self.sign(body.as_bytes()), &signature) {
            return Err(TokenError::Unknown);
        }
        let (_, claims) = body.split_once('.').ok_or(TokenError::Unknown)?;
        let claims = decoded(claims).ok_or(TokenError::Unknown)?;
        let claims: Value = serde_json::from_slice(&claims).map_err(|_| TokenError::Unknown)?;
        let time = |claim: &str| claims[claim].as_i64().unwrap_or(0);
        if !(time("nbf")..time("exp")).contains(&now.as_second()) {
            return Err(TokenError::Expired);
        }
        let audiences = if audiences.is_empty() { &[ISSUER] } else { audiences };
        let meant = items(&claims, "aud").iter().filter_map(Value::as_str).any(|aud| audiences.contains(&aud));
        if meant { Ok(claims) } else { Err(TokenError::Audience) }
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

/// The bytes behind such a text.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let standard = text.replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - standard.len() % 4) % 4);
    let bytes: k8s_openapi::ByteString = serde_json::from_value(Value::from(standard + &padding)).ok()?;
    Some(bytes.0)
}

/// Compares without telling by its time how much is the same.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_time_its_signer_and_its_audience() {
        let signer = Signer::new([1; 32]);
        let now = Timestamp::from_second(1_000).unwrap();
        let bearer = Bearer { namespace: "default", account: ("web", "u-1"), ..Bearer::default() };
        let token = signer.token(bearer, &[], 600, "id", now);
        let claims = signer.verify(&token, &[], now).unwrap();
        assert_eq!(claims["sub"], "system:serviceaccount:default:web");
        let later = Timestamp::from_second(1_600).unwrap();
        assert_eq!(signer.verify(&token, &[], later), Err(TokenError::Expired));
        assert_eq!(signer.verify(&token, &["vault"], now), Err(TokenError::Audience));
        assert_eq!(Signer::new([2; 32]).verify(&token, &[], now), Err(TokenError::Unknown));
        for broken in ["", "a.b", "a.b.c", "a.b.!", &token[1..]] {
            assert_eq!(signer.verify(broken, &[], now), Err(TokenError::Unknown), "{broken}");
        }
    }

    /// RFC 4231, test case 2, with the key filled up as HMAC does.
    #[test]
    fn signatures_are_hmac() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let signature = Signer::new(key).sign(b"what do ya want for nothing?");
        assert_eq!(encoded(&signature), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
    }
}
