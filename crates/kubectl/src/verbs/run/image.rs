//! Whether a text can name an image: `[host[:port]/]path[:tag][@digest]`.

/// Whether a text has the form of an image's name.
pub fn is_reference(text: &str) -> bool {
    let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return false;
    }
    let (name, tag) = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (name, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return false;
    }
    match name.split_once('/') {
        Some((host, path)) => (is_host(host) || is_component(host)) && path.split('/').all(is_component),
        None => is_component(name),
    }
}

/// Lower case words, with `.`, `_`, `__` or dashes between them.
fn is_component(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let between: Vec<&str> = text.split(word).filter(|part| !part.is_empty()).collect();
    text.starts_with(word)
        && text.ends_with(word)
        && between.iter().all(|part| matches!(*part, "." | "_" | "__") || part.bytes().all(|b| b == b'-'))
}

fn is_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    host.split('.').all(label) && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

fn is_tag(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(first) && text.len() <= 128 && text.chars().all(|c| first(c) || matches!(c, '.' | '-'))
}

fn is_digest(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(kind, hex)| !kind.is_empty() && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::is_reference;

    #[test]
    fn names() {
        for good in [
            "busybox",
            "busybox:1.36",
            "nginx:1.27-alpine",
            "docker.io/library/busybox",
            "localhost:5000/a/b_c:x",
            "a__b",
        ] {
            assert!(is_reference(good), "{good}");
        }
        for bad in ["BusyBox", "bad image", "", "a:", "a//b", "-a", "a:b:c", "busybox@sha256:xyz"] {
            assert!(!is_reference(bad), "{bad}");
        }
    }
}
