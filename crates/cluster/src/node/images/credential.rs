//! Names and passwords for registries, and which of them are for an image
//! (kubernetes.io/docs/concepts/containers/images/#config-json).

use super::{manifest::digest, reference::DEFAULT_DOMAIN};

/// How Docker's own registry is called where passwords are kept.
const DEFAULT_INDEX: &str = "index.docker.io";

/// A name and a password for a registry, from a pull secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// What it is for: `ghcr.io`, `registry.example:5000/team`, `*.example.com`.
    pub place: String,
    /// User name.
    pub username: String,
    /// Password or token.
    pub password: String,
}

impl Credential {
    /// One for the address that a pull secret gives it: `https://index.docker.io/v1/`, `ghcr.io/team`.
    pub fn at(address: &str, username: &str, password: &str) -> Self {
        let bare = address.trim_start_matches("https://").trim_start_matches("http://");
        let (host, path) = bare.split_at(bare.find('/').unwrap_or(bare.len()));
        // The versions of a registry's interface are no part of an image's name.
        let path = ["/v1/", "/v2/"].iter().find_map(|version| path.strip_prefix(version)).map_or(path, |rest| {
            let cut = path.len() - rest.len() - 1;
            &path[cut..]
        });
        let place = if path == "/" { host.to_owned() } else { format!("{host}{path}") };
        Self { place, username: username.to_owned(), password: password.to_owned() }
    }

    /// Tells it from others without telling it.
    pub fn fingerprint(&self) -> String {
        digest(format!("{}\0{}", self.username, self.password).as_bytes())
    }

    /// Whether it is for a repository: each part of the host by its pattern, the same port, and a path that begins so.
    fn is_for(&self, repository: &str) -> bool {
        let split = |text: &str| {
            let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
            let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
            (name.to_owned(), port.to_owned(), path.to_owned())
        };
        let ((pattern, port, path), (name, own_port, own_path)) = (split(&self.place), split(repository));
        let (patterns, parts): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), name.split('.').collect());
        port == own_port
            && patterns.len() == parts.len()
            && own_path.starts_with(&path)
            && patterns.iter().zip(parts).all(|(pattern, part)| matches(pattern.as_bytes(), part.as_bytes()))
    }
}

/// Whether a text is as a pattern says: `*` stands for anything, `?` for one character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
        ([b'?', rest @ ..], [_, others @ ..]) => matches(rest, others),
        ([wanted, rest @ ..], [found, others @ ..]) => wanted == found && matches(rest, others),
        _ => false,
    }
}

/// Those that are for an image's repository, in the order they are tried: the most particular places first.
pub fn for_image<'a>(credentials: &'a [Credential], repository: &str) -> Vec<&'a Credential> {
    let mut fitting: Vec<_> = credentials.iter().filter(|credential| credential.is_for(repository)).collect();
    if fitting.is_empty() && repository.split('/').next() == Some(DEFAULT_DOMAIN) {
        fitting = credentials.iter().filter(|credential| credential.place == DEFAULT_INDEX).collect();
    }
    fitting.sort_by(|one, other| other.place.cmp(&one.place));
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(addresses: &[&str], repository: &str) -> Vec<String> {
        let all: Vec<Credential> = addresses.iter().map(|address| Credential::at(address, "ann", "p")).collect();
        for_image(&all, repository).into_iter().map(|credential| credential.place.clone()).collect()
    }

    #[test]
    fn places_are_read_from_addresses() {
        let place = |address: &str| Credential::at(address, "", "").place;
        let addresses = [
            "https://index.docker.io/v1/",
            "ghcr.io",
            "http://r.example:5000/",
            "r.example/v2/team",
            "r.example/team/a",
        ];
        assert_eq!(
            addresses.map(place),
            ["index.docker.io", "ghcr.io", "r.example:5000", "r.example/team", "r.example/team/a"]
        );
    }

    #[test]
    fn hosts_match_by_part_ports_wholly_and_paths_by_their_beginning() {
        let none: Vec<String> = Vec::new();
        assert_eq!(tried(&["*.example.com"], "r.example.com/team/app"), ["*.example.com"]);
        assert_eq!(tried(&["*.example.com", "*"], "a.r.example.com/app"), none);
        assert_eq!(tried(&["r?.example.com"], "r1.example.com/app"), ["r?.example.com"]);
        assert_eq!(tried(&["r.example"], "r.example:5000/app"), none);
        assert_eq!(tried(&["r.example/team"], "r.example/other/app"), none);
        assert_eq!(
            tried(&["r.example", "r.example/team/app", "r.example/team"], "r.example/team/app"),
            ["r.example/team/app", "r.example/team", "r.example"]
        );
    }

    #[test]
    fn dockers_own_registry_goes_by_its_old_name_where_nothing_else_fits() {
        let index = "https://index.docker.io/v1/";
        assert_eq!(tried(&[index, "ghcr.io"], "docker.io/library/busybox"), ["index.docker.io"]);
        assert_eq!(tried(&[index, "docker.io"], "docker.io/library/busybox"), ["docker.io"]);
        assert!(tried(&[index], "quay.io/team/app").is_empty());
    }
}
