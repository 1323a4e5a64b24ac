//! A completion record: what a learner has done, signed by the server, so that anybody can check it without the server.
//!
//! The signature (Ed25519) is over the record's JSON with its keys in order and without spaces; the key is derived from
//! the server's secret and shown at `/record-key`.

use std::fmt::Write as _;

use ring::{
    hmac,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use serde_json::{Value, json};

/// What a seed is derived for.
const PURPOSE: &[u8] = b"podyard completion record";

/// Why a record does not hold, in words for whoever checks it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotValid {
    /// It is none.
    #[error("this is no completion record: {0}")]
    NoRecord(String),
    /// Somebody changed it, or the key is another one's.
    #[error("the signature does not fit: the record was changed, or was signed with another key")]
    Changed,
    /// It was signed, but not by whom it should be.
    #[error("it was signed with the key {0}, which is not the one you named")]
    OtherKey(String),
}

/// A server's key for records.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// The key that belongs to a server's secret.
    pub fn new(secret: &hmac::Key) -> Self {
        let seed = hmac::sign(secret, PURPOSE);
        Self(Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).expect("a SHA-256 digest is as long as a seed"))
    }

    /// The public half, in hexadecimal.
    pub fn public_key(&self) -> String {
        hex(self.0.public_key().as_ref())
    }

    /// The record with its signature and key.
    pub fn sign(&self, record: Value) -> Value {
        let signature = hex(self.0.sign(record.to_string().as_bytes()).as_ref());
        json!({"record": record, "key": self.public_key(), "signature": signature})
    }
}

/// Checks a signed record; `key` is the server's, if it is known. Gives the record and the key it was signed with.
///
/// # Errors
/// [`NotValid`].
pub fn verify(text: &str, key: Option<&str>) -> Result<(Value, String), NotValid> {
    let signed: Value = serde_json::from_str(text).map_err(|error| NotValid::NoRecord(error.to_string()))?;
    let part = |name: &str| signed[name].as_str().and_then(bytes).ok_or_else(|| missing(name));
    let (public, signature) = (part("key")?, part("signature")?);
    let record = signed.get("record").filter(|record| record.is_object()).ok_or_else(|| missing("record"))?;
    let verifier = UnparsedPublicKey::new(&ED25519, &public);
    verifier.verify(record.to_string().as_bytes(), &signature).map_err(|_| NotValid::Changed)?;
    let public = hex(&public);
    match key {
        Some(key) if !key.trim().eq_ignore_ascii_case(&public) => Err(NotValid::OtherKey(public)),
        _ => Ok((record.clone(), public)),
    }
}

fn missing(name: &str) -> NotValid {
    NotValid::NoRecord(format!("it has no \"{name}\""))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| (letter as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(byte: u8) -> Signer {
        Signer::new(&hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]))
    }

    #[test]
    fn what_was_signed_holds_however_it_is_laid_out_and_what_was_changed_does_not() {
        let record = json!({"learner": "Ada", "lessons": [{"id": "one", "steps": 4}]});
        let signed = signer(1).sign(record.clone());
        let key = signer(1).public_key();
        for text in [signed.to_string(), serde_json::to_string_pretty(&signed).unwrap()] {
            assert_eq!(verify(&text, Some(&key)).unwrap(), (record.clone(), key.clone()));
        }
        let forged = signed.to_string().replace("\"steps\":4", "\"steps\":5");
        assert_eq!(verify(&forged, None).unwrap_err(), NotValid::Changed);
        let resigned = signer(2).sign(json!({"learner": "Mallory"})).to_string();
        assert!(verify(&resigned, None).is_ok());
        assert_eq!(verify(&resigned, Some(&key)).unwrap_err(), NotValid::OtherKey(signer(2).public_key()));
    }

    #[test]
    fn what_is_no_record_is_said_to_be_none() {
        let said = |text: &str| verify(text, None).unwrap_err().to_string();
        insta::assert_snapshot!(said("hello"), @"this is no completion record: expected value at line 1 column 1");
        insta::assert_snapshot!(said("{}"), @r#"this is no completion record: it has no "key""#);
        insta::assert_snapshot!(said(r#"{"key":"00","signature":"zz"}"#), @r#"this is no completion record: it has no "signature""#);
        insta::assert_snapshot!(said(r#"{"key":"00","signature":"00"}"#), @r#"this is no completion record: it has no "record""#);
    }
}
