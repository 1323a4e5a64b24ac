//! Names of what is stored, and digests of what lets somebody in.

use std::fmt;

use sha2::{Digest as _, Sha256};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The one with this text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// A new one, which nobody else has.
            pub fn random() -> Self {
                Self(uuid::Uuid::now_v7().simple().to_string())
            }

            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A learner, on all their devices. No secret: it is in exports and logs.
    LearnerId
}
name! {
    /// A workshop. No secret; its code is what people join with.
    WorkshopId
}

/// The digest of a secret (a cookie, a code to come back with): who reads the database gets in nowhere with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyHash(String);

impl KeyHash {
    /// Of this secret, which must be too random to be guessed.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// In hexadecimal.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
