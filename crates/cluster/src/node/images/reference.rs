//! Image names: the reference grammar (`[domain/]path[:tag][@digest]`), what is filled in, and its words for mistakes.

use std::fmt;

use super::ImageError;

/// The domain of a name that has none.
pub const DEFAULT_DOMAIN: &str = "docker.io";
/// The tag of a name that has neither tag nor digest.
pub const DEFAULT_TAG: &str = "latest";
/// Official images of the default domain are in this repository.
const OFFICIAL: &str = "library";
/// The most characters of a name without tag and digest.
const LONGEST_NAME: usize = 255;
/// The most characters of a tag.
const LONGEST_TAG: usize = 128;

/// A full image name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// `docker.io`, `registry.example:5000`.
    pub domain: String,
    /// `library/busybox`.
    pub path: String,
    /// `latest`; `None` beside a digest that was given alone.
    pub tag: Option<String>,
    /// `sha256:…`.
    pub digest: Option<String>,
}

impl Reference {
    /// Parses a name as people write it.
    ///
    /// # Errors
    /// [`ImageError::InvalidName`].
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        parse(text).map_err(|why| ImageError::InvalidName { reference: text.to_owned(), why: why.to_string() })
    }

    /// Domain and path: `docker.io/library/busybox`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.domain, self.path)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// What is wrong with a name, in the grammar's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Wrong {
    #[error("invalid reference format")]
    Format,
    #[error("invalid reference format: repository name ({0}) must be lowercase")]
    Uppercase(String),
    #[error("repository name must have at least one component")]
    Empty,
    #[error("repository name must not be more than {LONGEST_NAME} characters")]
    TooLong,
    #[error("invalid repository name ({0}), cannot specify 64-byte hexadecimal strings")]
    LooksLikeId(String),
    #[error("unsupported digest algorithm")]
    Algorithm,
    #[error("invalid checksum digest length")]
    DigestLength,
}

fn parse(text: &str) -> Result<Reference, Wrong> {
    if text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(Wrong::LooksLikeId(text.to_owned()));
    }
    if text.is_empty() {
        return Err(Wrong::Format);
    }
    let (domain, remainder) = split_domain(text);
    let remote = remainder.split(':').next().unwrap_or_default();
    if remote.to_lowercase() != remote {
        return Err(Wrong::Uppercase(remote.to_owned()));
    }
    let (named, digest) = match remainder.split_once('@') {
        Some((named, digest)) => (named.to_owned(), Some(checked_digest(digest)?)),
        None => (remainder, None),
    };
    let (path, tag) = match named.split_once(':') {
        Some((path, tag)) if is_tag(tag) => (path.to_owned(), Some(tag.to_owned())),
        Some(_) => return Err(Wrong::Format),
        None => (named, None),
    };
    check_name(&domain, &path)?;
    let tag = if tag.is_none() && digest.is_none() { Some(DEFAULT_TAG.to_owned()) } else { tag };
    Ok(Reference { domain, path, tag, digest })
}

/// The registry's domain and the rest, with what is usually left out filled in.
fn split_domain(text: &str) -> (String, String) {
    let (domain, rest) = match text.split_once('/') {
        Some((first, rest)) if looks_like_domain(first) => (first, rest),
        _ => (DEFAULT_DOMAIN, text),
    };
    let domain = if domain == "index.docker.io" { DEFAULT_DOMAIN } else { domain };
    let official = domain == DEFAULT_DOMAIN && !rest.contains('/');
    (domain.to_owned(), if official { format!("{OFFICIAL}/{rest}") } else { rest.to_owned() })
}

fn looks_like_domain(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.to_lowercase() != first
}

fn check_name(domain: &str, path: &str) -> Result<(), Wrong> {
    if path.is_empty() {
        return Err(Wrong::Empty);
    }
    if !is_domain(domain) || !path.split('/').all(is_component) {
        return Err(Wrong::Format);
    }
    if domain.len() + 1 + path.len() > LONGEST_NAME {
        return Err(Wrong::TooLong);
    }
    Ok(())
}

fn is_domain(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let address = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    let named = address.map_or_else(
        || host.split('.').all(label),
        |inner| !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':'),
    );
    named && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Lower-case letters and digits, joined by one dot, one or two underscores or any number of dashes.
fn is_component(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let ends = bytes.first().is_some_and(|&byte| word(byte)) && bytes.last().is_some_and(|&byte| word(byte));
    let joints = text.split(|letter: char| letter.is_ascii() && word(letter as u8)).filter(|joint| !joint.is_empty());
    ends && joints.into_iter().all(|joint| matches!(joint, "." | "_" | "__") || joint.bytes().all(|byte| byte == b'-'))
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= LONGEST_TAG
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

fn checked_digest(text: &str) -> Result<String, Wrong> {
    let (algorithm, hex) = text.split_once(':').ok_or(Wrong::Format)?;
    if hex.len() < 32 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Wrong::Format);
    }
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err(Wrong::Algorithm),
    };
    if hex.len() == length { Ok(text.to_owned()) } else { Err(Wrong::DigestLength) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(text: &str) -> String {
        match Reference::parse(text) {
            Ok(reference) => reference.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_left_out_is_filled_in() {
        for (text, expected) in [
            ("busybox", "docker.io/library/busybox:latest"),
            ("busybox:1.36", "docker.io/library/busybox:1.36"),
            ("bitnami/redis", "docker.io/bitnami/redis:latest"),
            ("index.docker.io/nginx", "docker.io/library/nginx:latest"),
            ("localhost/app", "localhost/app:latest"),
            ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
            ("localhost:5000/a/b:x", "localhost:5000/a/b:x"),
            ("[::1]:5000/a", "[::1]:5000/a:latest"),
            ("a__b/c-d.e", "docker.io/a__b/c-d.e:latest"),
        ] {
            assert_eq!(full(text), expected);
        }
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(full(&format!("nginx@{digest}")), format!("docker.io/library/nginx@{digest}"));
        assert_eq!(full(&format!("nginx:1@{digest}")), format!("docker.io/library/nginx:1@{digest}"));
    }

    #[test]
    fn mistakes_are_named_in_the_grammars_words() {
        let format = "invalid reference format";
        for (text, why) in [
            ("BusyBox", "invalid reference format: repository name (library/BusyBox) must be lowercase"),
            ("docker.io/Foo/bar:1", "invalid reference format: repository name (Foo/bar) must be lowercase"),
            ("nginx:", format),
            ("nginx:a b", format),
            ("nginx::1", format),
            ("-nginx", format),
            ("a..b", format),
            ("a___b", format),
            ("nginx ", format),
            ("", format),
            ("nginx@sha256:abc", format),
        ] {
            assert_eq!(full(text), format!("couldn't parse image name \"{text}\": {why}"));
        }
        let id = "a".repeat(64);
        let why = "cannot specify 64-byte hexadecimal strings";
        assert_eq!(full(&id), format!("couldn't parse image name \"{id}\": invalid repository name ({id}), {why}"));
    }
}
