//! Image references as far as the API server looks at them: is there a tag, and is it `latest`.

/// Whether an image without a policy is pulled each time: the reference names `latest`, or names neither tag nor
/// digest. A text that is no reference is not.
pub(crate) fn is_latest(reference: &str) -> bool {
    let (name, digest) = match reference.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    let (repository, tag) = match name[last..].find(':') {
        Some(colon) => (&name[..last + colon], Some(&name[last + colon + 1..])),
        None => (name, None),
    };
    if !is_repository(repository) || tag.is_some_and(|tag| !is_tag(tag)) {
        return false;
    }
    match (tag, digest) {
        (Some(tag), _) => tag == "latest",
        (None, digest) => digest.is_none(),
    }
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// The grammar of the distribution project's `reference` document: an optional host, then lower-case path parts.
fn is_repository(repository: &str) -> bool {
    let mut parts: Vec<&str> = repository.split('/').collect();
    let host_like =
        |part: &str| part.contains(['.', ':']) || part == "localhost" || part.chars().any(char::is_uppercase);
    if parts.len() > 1 && host_like(parts[0]) {
        parts.remove(0);
    }
    parts.iter().all(|part| is_path_part(part))
}

fn is_path_part(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(plain)
        && part.ends_with(plain)
        && part.chars().all(|c| plain(c) || "._-".contains(c))
        && part
            .split(plain)
            .all(|between| matches!(between, "" | "." | "_" | "__") || between.chars().all(|c| c == '-'))
}

#[cfg(test)]
mod tests {
    use super::is_latest;

    #[test]
    fn no_tag_and_latest_mean_always() {
        for name in ["busybox", "busybox:latest", "registry:5000/a/b", "ghcr.io/a/b:latest", "localhost/x"] {
            assert!(is_latest(name), "{name}");
        }
        for name in ["busybox:1.36", "a@sha256:00", "BusyBox", "bad image", "", "a/:x", "a..b", "registry:5000/a:1"] {
            assert!(!is_latest(name), "{name}");
        }
    }
}
