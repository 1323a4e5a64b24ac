//! Who may hold workshops: the accounts that the server was started with, and the cookie of one who has signed in.
//!
//! Passwords are kept as Argon2 digests only. The cookie is a name and a time under a seal (HMAC-SHA-256), so that a
//! restart of the server signs nobody out, and nothing has to be stored.

use std::{collections::BTreeMap, fmt, time::Duration};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use jiff::Timestamp;
use ring::hmac;

/// How long an instructor stays signed in.
const SIGNED_IN_FOR: Duration = Duration::from_hours(12);
/// The most characters of an account's name.
const MAX_NAME: usize = 60;

/// Why an account can't be made from what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// No colon, an empty part, or a name that no cookie and no log can carry.
    #[error("--instructor must be NAME:PASSWORD, the name of letters, digits, '.', '_' and '-'")]
    Shape,
    /// Too easy to guess.
    #[error("--instructor: the password of {0} is too short: 8 characters are the least")]
    Short(String),
    /// It begins like a digest and is none.
    #[error("--instructor: the password digest of {0} can't be read: {1}")]
    Digest(String, String),
    /// The password can't be digested.
    #[error("--instructor: the password of {0} can't be used: {1}")]
    Unusable(String, String),
}

/// The accounts, by name.
#[derive(Clone)]
pub struct Accounts {
    digests: BTreeMap<String, String>,
    seal: hmac::Key,
    /// Where others sign in.
    #[cfg(feature = "oidc")]
    issuer: Option<super::oidc::Issuer>,
}

/// Without the digests.
impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.digests.keys()).finish()
    }
}

impl Accounts {
    /// From `NAME:PASSWORD` each, where a password may also be an Argon2 digest (`$argon2id$…`); `seal` is the secret of
    /// the cookies.
    ///
    /// # Errors
    /// What is wrong with the first one that is.
    pub fn new(given: &[String], seal: hmac::Key) -> Result<Self, AccountError> {
        let digests = given.iter().map(|text| account(text)).collect::<Result<_, _>>()?;
        Ok(Self {
            digests,
            seal,
            #[cfg(feature = "oidc")]
            issuer: None,
        })
    }

    /// Whether nobody has a password.
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// Whether an account of this name has a password here.
    pub fn has_password(&self, name: &str) -> bool {
        self.digests.contains_key(name)
    }

    /// What people know the place as where others sign in, if there is one.
    pub fn issuer_host(&self) -> Option<&str> {
        #[cfg(feature = "oidc")]
        return self.issuer.as_ref().map(super::oidc::Issuer::host);
        #[cfg(not(feature = "oidc"))]
        None
    }

    /// Whether this is an account's password. Takes as long for a name that nobody has.
    pub fn check(&self, name: &str, password: &str) -> bool {
        let nobodys = self.digests.values().next();
        let Some(digest) = self.digests.get(name).or(nobodys) else { return false };
        let right = PasswordHash::new(digest)
            .is_ok_and(|digest| Argon2::default().verify_password(password.as_bytes(), &digest).is_ok());
        right && self.digests.contains_key(name)
    }

    /// What the cookie of one who has signed in with a password says.
    pub fn cookie(&self, name: &str, now: Timestamp) -> String {
        self.sealed(BY_PASSWORD, &until(name, now))
    }

    /// Whose cookie this is, if it holds.
    pub fn signed_in(&self, cookie: &str, now: Timestamp) -> Option<String> {
        let by_password = self.unsealed(BY_PASSWORD, cookie).and_then(|text| holder(text, now));
        let by_issuer = self.unsealed(BY_ISSUER, cookie).and_then(|text| holder(text, now));
        let known = by_password.filter(|name| self.has_password(name));
        let known = known.or_else(|| by_issuer.filter(|_| self.issuer_host().is_some()));
        known.map(str::to_owned)
    }

    /// A text that nobody can change: with a seal before it. Nothing of another purpose has the same.
    fn sealed(&self, purpose: &str, text: &str) -> String {
        let seal = hmac::sign(&self.seal, format!("{purpose} {text}").as_bytes());
        format!("{}.{text}", seal.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    /// The text, if the seal holds.
    fn unsealed<'t>(&self, purpose: &str, text: &'t str) -> Option<&'t str> {
        let (seal, text) = text.split_once('.')?;
        hmac::verify(&self.seal, format!("{purpose} {text}").as_bytes(), &bytes(seal)?).ok()?;
        Some(text)
    }
}

/// Those who sign in elsewhere.
#[cfg(feature = "oidc")]
impl Accounts {
    /// The same, where others sign in at this issuer.
    pub fn with_issuer(self, issuer: super::oidc::Issuer) -> Self {
        Self { issuer: Some(issuer), ..self }
    }

    /// Where others sign in.
    pub fn issuer(&self) -> Option<&super::oidc::Issuer> {
        self.issuer.as_ref()
    }

    /// What the cookie of one who has signed in at the issuer says.
    pub fn cookie_by_issuer(&self, name: &str, now: Timestamp) -> String {
        self.sealed(BY_ISSUER, &until(name, now))
    }

    /// What a browser keeps while somebody signs in elsewhere.
    pub fn seal_attempt(&self, attempt: &super::oidc::Attempt) -> String {
        self.sealed(ATTEMPT, &attempt.text())
    }

    /// What it kept, if nobody has changed it.
    pub fn unseal_attempt<'t>(&self, kept: &'t str) -> Option<&'t str> {
        self.unsealed(ATTEMPT, kept)
    }
}

/// What seals are for.
const BY_PASSWORD: &str = "instructor";
const BY_ISSUER: &str = "instructor by issuer";
#[cfg(feature = "oidc")]
const ATTEMPT: &str = "attempt to sign in";

/// A name and until when it holds.
fn until(name: &str, now: Timestamp) -> String {
    let until = now.as_second().saturating_add(i64::try_from(SIGNED_IN_FOR.as_secs()).unwrap_or(0));
    format!("{until}.{name}")
}

/// The name, if it still holds.
fn holder(text: &str, now: Timestamp) -> Option<&str> {
    let (until, name) = text.split_once('.')?;
    until.parse::<i64>().is_ok_and(|until| now.as_second() < until).then_some(name)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

fn account(text: &str) -> Result<(String, String), AccountError> {
    let (name, password) = text.split_once(':').ok_or(AccountError::Shape)?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(plain) || password.is_empty() {
        return Err(AccountError::Shape);
    }
    let name = name.to_owned();
    if password.starts_with("$argon2") {
        return match PasswordHash::new(password) {
            Ok(_) => Ok((name, password.to_owned())),
            Err(why) => Err(AccountError::Digest(name, why.to_string())),
        };
    }
    if password.chars().count() < 8 {
        return Err(AccountError::Short(name));
    }
    match Argon2::default().hash_password(password.as_bytes()) {
        Ok(digest) => Ok((name, digest.to_string())),
        Err(why) => Err(AccountError::Unusable(name, why.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secret: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
    }

    fn accounts() -> Accounts {
        Accounts::new(&["ada:correct horse".to_owned()], seal("ours")).unwrap()
    }

    #[test]
    fn only_the_right_password_of_a_known_name_signs_in() {
        let accounts = accounts();
        assert!(accounts.check("ada", "correct horse"));
        assert!(!accounts.check("ada", "correct house"));
        assert!(!accounts.check("bob", "correct horse"));
        assert!(!Accounts::new(&[], seal("ours")).unwrap().check("ada", ""));
        assert!(!format!("{accounts:?}").contains("argon2"));
    }

    #[test]
    fn a_digest_is_taken_as_it_is() {
        let digest = Argon2::default().hash_password(b"correct horse").unwrap().to_string();
        assert!(Accounts::new(&[format!("ada:{digest}")], seal("ours")).unwrap().check("ada", "correct horse"));
    }

    #[test]
    fn what_is_no_account_is_refused_in_words() {
        let refused = |text: &str| Accounts::new(&[text.to_owned()], seal("ours")).unwrap_err().to_string();
        let all = ["ada", ":secret12", "a b:secret12", "ada:short", "ada:$argon2id$nonsense"].map(refused);
        assert!(all[..3].iter().all(|text| text.starts_with("--instructor must be NAME:PASSWORD")), "{all:?}");
        assert_eq!(all[3], "--instructor: the password of ada is too short: 8 characters are the least");
        assert!(all[4].starts_with("--instructor: the password digest of ada can't be read"), "{all:?}");
    }

    #[test]
    fn a_cookie_holds_for_its_time_and_only_under_its_seal() {
        let (accounts, now) = (accounts(), Timestamp::from_second(1_000_000).unwrap());
        let cookie = accounts.cookie("ada", now);
        assert_eq!(accounts.signed_in(&cookie, now), Some("ada".to_owned()));
        assert_eq!(accounts.signed_in(&cookie, now + SIGNED_IN_FOR), None);
        assert_eq!(accounts.signed_in(&cookie.replace(".ada", ".bob"), now), None);
        assert_eq!(accounts.signed_in(&accounts.cookie("bob", now), now), None, "not an account any more");
        let other = Accounts::new(&["ada:correct horse".to_owned()], seal("another")).unwrap();
        assert_eq!(other.signed_in(&cookie, now), None);
        assert_eq!(accounts.signed_in("nonsense", now), None);
        let elsewhere = accounts.sealed(BY_ISSUER, &until("ada", now));
        assert_eq!(accounts.signed_in(&elsewhere, now), None, "nobody signs in elsewhere");
    }
}
