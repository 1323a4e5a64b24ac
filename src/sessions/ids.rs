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

/// Letters and digits that nobody takes for others (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many of them a code has: 80 random bits, so that guessing is hopeless.
const CODE: usize = 16;

/// What a learner copies to go on with on another device. Whoever knows it is let in, so it never is logged.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnCode(String);

impl ReturnCode {
    /// A new one, from the system's generator.
    pub fn random() -> Self {
        let letter = |byte: u8| char::from(LETTERS[usize::from(byte % 32)]);
        Self(rand::random::<[u8; CODE]>().into_iter().map(letter).collect())
    }

    /// One that somebody typed, whatever they put between its letters, and with `O`, `I` and `L` for what they look like.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |letter: char| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        };
        let letters: String = text.chars().filter(char::is_ascii_alphanumeric).map(plain).collect();
        let right = letters.len() == CODE && letters.bytes().all(|letter| LETTERS.contains(&letter));
        right.then_some(Self(letters))
    }

    /// Its letters alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people copy it: `K7QX-…`, in four groups.
    pub fn shown(&self) -> String {
        let groups: Vec<&str> = (0..CODE / 4).map(|at| &self.0[at * 4..at * 4 + 4]).collect();
        groups.join("-")
    }
}

impl fmt::Debug for ReturnCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReturnCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{ReturnCode, Token};

    #[test]
    fn a_code_is_read_as_people_type_it_and_does_not_show_itself() {
        let code = ReturnCode::random();
        assert_eq!(code.shown().len(), 19);
        assert_eq!(ReturnCode::parse(&format!(" {} ", code.shown().to_lowercase())), Some(code.clone()));
        assert_eq!(ReturnCode::parse("oil0-0000-0000-0000").unwrap().as_str(), "0110000000000000");
        assert_eq!(ReturnCode::parse("U000-0000-0000-0000"), None);
        assert_eq!(ReturnCode::parse("short"), None);
        assert!(!format!("{code:?}").contains(code.as_str()));
    }

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
