//! Names that can't be guessed.

use std::fmt;

use ring::hmac;
use sha2::{Digest as _, Sha256};

/// Random bytes of a token: as many as a 128-bit key, so that guessing is hopeless.
const BYTES: usize = 16;

/// A random name: 32 hexadecimal digits. Whoever knows it is let in, so it never is logged.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(String);

impl Token {
    /// A new one, from the system's generator.
    pub fn random() -> Self {
        let bytes: [u8; BYTES] = rand::random();
        Self(bytes.iter().map(|b| format!("{b:02x}")).collect())
    }

    /// One that came from outside, if it has the right form.
    pub fn parse(text: &str) -> Option<Self> {
        let right = text.len() == 2 * BYTES && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        right.then(|| Self(text.to_owned()))
    }

    /// The one that belongs to `name` by a server's secret: always the same, and of no use for guessing others.
    pub fn derived(secret: &hmac::Key, name: &str) -> Self {
        Self(hmac::sign(secret, name.as_bytes()).as_ref().iter().take(BYTES).map(|b| format!("{b:02x}")).collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` is this token. Digests are compared, so the time taken says nothing about the digits.
    pub fn matches(&self, text: &str) -> bool {
        Sha256::digest(self.0.as_bytes()) == Sha256::digest(text.as_bytes())
    }

    /// Enough of it to tell sessions apart in a log, and useless for getting in.
    pub fn short(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        digest.iter().take(4).map(|b| format!("{b:02x}")).collect()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}…)", self.short())
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn tokens_differ_are_recognised_and_do_not_show_themselves() {
        let (a, b) = (Token::random(), Token::random());
        assert_ne!(a, b);
        assert_eq!(Token::parse(a.as_str()), Some(a.clone()));
        assert!(a.matches(a.as_str()) && !a.matches(b.as_str()));
        assert!(!format!("{a:?}").contains(a.as_str()));
        for bad in ["", "x", "../../etc", &a.as_str().to_uppercase().replace(|c: char| c.is_ascii_digit(), "A")] {
            assert_eq!(Token::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_derived_token_is_the_same_after_a_restart_and_another_with_another_secret() {
        let secret = |byte: u8| super::hmac::Key::new(super::hmac::HMAC_SHA256, &[byte; 32]);
        assert_eq!(Token::derived(&secret(1), "ada"), Token::derived(&secret(1), "ada"));
        assert_ne!(Token::derived(&secret(1), "ada"), Token::derived(&secret(2), "ada"));
        assert!(Token::parse(Token::derived(&secret(1), "ada").as_str()).is_some());
    }
}
